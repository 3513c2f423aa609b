"""A reaction: a short recorded performance, a nod say, that any portrait can play.

It is a file as `livecam run --record-performance` writes it (`livecam.sources.recording`): landmarks over
time, no picture. Its first frame is its neutral face; what differs from that is the reaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.mirror import mirrored
from livecam.face.observer import usable
from livecam.geometry import Array, similarity, smoothstep
from livecam.motion.seat import LEAST_HEIGHT
from livecam.sources.recording import PerformanceSource

LONGEST: Final = 5.0
"""Seconds."""
SHORTEST: Final = 0.3
"""Seconds: what is shorter is over before it is seen."""
MOST_BYTES: Final = 8_000_000
"""Of a file that is read at all: five seconds at 240 frames a second are half as much."""
ACTS: Final = (0.03, 0.08)
"""Distances of the outer eye corners by which a part of the face moves in itself: up to the first it does
nothing, from the second on the reaction has it. A smile moves the corners of a mouth by .1, raised brows go
up by .07; a tracker sees a turned head's points some .02 off. By eye."""
LIDS_ACT: Final = (0.05, 0.11)
"""The same of the lids' opening in widths of the eye. Shut they are .3 nearer, squinting .14. By eye."""

_STABLE = list(lm.STABLE)
_BROWS = [list(one) for one in lm.BROWS]
_MOUTH = [list(one) for one in (lm.MOUTH_CORNERS, lm.INNER_LIP_LOWER, lm.INNER_LIP_UPPER)]


class Reaction:
    """times: (N,) float64, seconds, growing from 0. points: (N, 478, 3) float32, pixels of a frame; None in
    their place where no face was found, but for the first. Between two frames it goes smoothly.

    seconds: how long it lasts. neutral: (478, 3), its first frame. eyes, mouth: 0 to 1, how much of that part
    of the face it takes over: nothing where it does nothing there.
    """

    def __init__(self, name: str, times: Array, points: list[F32 | None]) -> None:
        """Raises `UserError` for times or landmarks that are no reaction."""
        todo = f"Record another one of {SHORTEST:g} to {LONGEST:g} seconds that begins with a neutral face."
        first = points[0] if points else None
        if first is None:
            raise UserError(name, "its first frame shows no face", todo)
        seconds = float(times[-1] - times[0])
        if not SHORTEST <= seconds <= LONGEST:
            raise UserError(name, f"it lasts {seconds:.2g} seconds", todo)
        if any(one is not None and not (usable(one) and _has_pose(one)) for one in points):
            raise UserError(name, "its landmarks are no face", todo)
        self.name, self.seconds, self.neutral = name, seconds, first
        self._times, self._points = times - times[0], points
        self.eyes, self.mouth = self._acting()

    @classmethod
    def load(cls, path: Path) -> Reaction:
        """Raises `UserError` for a file that is missing, damaged or no reaction."""
        try:
            if path.stat().st_size > MOST_BYTES:
                todo = f"A reaction lasts {LONGEST:g} seconds at most."
                raise UserError(path.name, "it is too large for a reaction", todo)
            with PerformanceSource(path) as source:
                frames = list(iter(source.read, None))
                as_in_a_mirror = source.info.mirror
        except OSError as error:
            raise UserError(
                path.name, error.strerror or "it cannot be read", "Record the reaction again."
            ) from None
        times = np.array([frame.capture_ns for frame in frames]) / 1e9
        points = [
            mirrored(frame.landmarks, frame.width)
            if as_in_a_mirror and frame.landmarks is not None
            else frame.landmarks
            for frame in frames
        ]
        return cls(path.name, times, points)

    def at(self, time_s: float) -> F32 | None:
        """(478, 3) at a time from its start; None where no face was found. Before and after: as its ends."""
        time_s = min(max(time_s, 0.0), self.seconds)
        last = len(self._times) - 1
        k = min(max(int(np.searchsorted(self._times, time_s, "right")) - 1, 0), last - 1)
        before, after = self._points[k], self._points[k + 1]
        if before is None or after is None:
            return before if time_s < self._times[k + 1] else after
        step = float(self._times[k + 1] - self._times[k])
        u = (time_s - float(self._times[k])) / step
        rise = (after - before) / step
        start = self._slope(k, rise) if k > 0 else np.zeros_like(rise)
        end = self._slope(k + 1, rise) if k + 1 < last else np.zeros_like(rise)
        # Cubic Hermite.
        out = before + (after - before) * (u * u * (3 - 2 * u))
        out += step * u * (1 - u) * ((1 - u) * start - u * end)
        return np.asarray(out, np.float32)

    def _slope(self, k: int, otherwise: F32) -> F32:
        """(478, 3), units a second at frame k, so that nothing overshoots: 0 where a coordinate turns, else
        the harmonic mean of both sides (Fritsch and Butland, 1984)."""
        before, here, after = self._points[k - 1], self._points[k], self._points[k + 1]
        if before is None or here is None or after is None:
            return otherwise
        left = (here - before) / np.float32(self._times[k] - self._times[k - 1])
        right = (after - here) / np.float32(self._times[k + 1] - self._times[k])
        same = left * right > 0
        both = np.where(same, left + right, 1)
        return np.asarray(np.where(same, 2 * left * right / both, 0), np.float32)

    def _acting(self) -> tuple[float, float]:
        """How much the eyes with their brows, and the mouth, do in themselves: 0 to 1 each."""
        base = self.neutral.astype(np.float64)
        unit, lids = max(measures.between_eyes(base), 1e-9), _lids(base)
        eyes = mouth = 0.0
        for points in self._points:
            if points is None:
                continue
            scale, turn, shift = similarity(base[_STABLE], points[_STABLE].astype(np.float64))
            face = (points - shift) @ turn / max(scale, 1e-9)
            away = np.linalg.norm((face - base)[:, :2], axis=1) / unit
            brows = max(float(away[one].mean()) for one in _BROWS)
            opened = float(np.abs(_lids(face) - lids).max())
            eyes = max(eyes, float(smoothstep(*ACTS, brows)), float(smoothstep(*LIDS_ACT, opened)))
            mouth = max(mouth, *(float(smoothstep(*ACTS, away[one].mean())) for one in _MOUTH))
        return eyes, mouth


def _has_pose(points: F32) -> bool:
    """Whether there is room between the points that a pose is read off."""
    return bool(np.ptp(points[_STABLE, :2], axis=0).max() >= LEAST_HEIGHT)


def _lids(face: Array) -> Array:
    """(2,): opening of both eyes."""
    return np.array([measures.lid_opening(face, upper, lower) for upper, lower, _ in lm.EYES])
