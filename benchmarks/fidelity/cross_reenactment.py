"""Cross-reenactment: portraits driven by other people's clips.

No true picture exists, so the judge looks at the output and is asked whether it does what the driver does:
opens the mouth, shuts it, blinks, turns, looks. Each side is read against its own neutral face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.animator import Tracker
from livecam.benchmarks.fidelity import metrics
from livecam.benchmarks.fidelity.features import GAZE, LIDS, MOUTH, NAMES, STILL, features
from livecam.benchmarks.fidelity.methods import WARPER, Method, drive
from livecam.benchmarks.fidelity.self_reenactment import Judging
from livecam.benchmarks.output import rounded
from livecam.errors import UserError
from livecam.frames import RGB, DriverFrame, Landmarks, evenly_spread
from livecam.motion.lips import SHUT_LIPS
from livecam.persona.types import PersonaData
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources import open_source, read_frames
from livecam.sources.memory import MemorySource

BLINK = 0.5
"""The driver blinks where its lids are open less than this share of neutral. Where it looks then nobody sees:
the judge's irises are a guess."""
SHUT_LIDS = 0.25
"""And shuts them where it is less than this; the portrait's should be open no further then."""
MOST_BLINKS, BLINK_FRAMES = 6, 15
"""Blinks of a clip that are judged besides, and how far apart they are."""
WRONG_LIDS, WRONG_GAP = 0.25, 0.15
"""Differences from the driver that a viewer sees: of the lids' opening in shares of neutral, of the lips' gap
in mouth widths."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A clip that was tracked once. judged: what the judge saw in the chosen frames, by frame number; extra:
    those of them that were chosen because the driver blinks."""

    name: str
    fps: float
    frames: list[DriverFrame]
    judged: dict[int, Landmarks]
    pictures: dict[int, RGB]
    extra: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """One portrait moved by one clip. driver, output: (N, 5) features of the frames; NaN where no face.

    outputs: the pictures, by frame number; points: what the judge found in them; lost: how many of them show
    no face.
    """

    portrait: str
    driver_name: str
    frames: list[int]
    driver: NDArray[np.float64]
    output: NDArray[np.float64]
    neutral: NDArray[np.float64]
    """(2, 5): features of the driver's neutral frame and of the portrait."""
    lost: int
    outputs: dict[int, RGB]
    points: dict[int, Landmarks] = field(default_factory=dict)
    extra: frozenset[int] = frozenset()
    """Frames that were judged for their blinks alone: no part of the correlations and the medians."""

    def lids(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(N,) of the driver and of the output: opening as a share of the own neutral face's."""
        rest = np.maximum(self.neutral[:, LIDS], 1e-9)
        return self.driver[:, LIDS] / rest[0], self.output[:, LIDS] / rest[1]

    def errors(self) -> NDArray[np.float64]:
        """(N,): how wrong lids or lips are, whichever is worse; 1 is seen. Infinite where no face is."""
        theirs, ours = self.lids()
        lids = np.abs(ours - theirs) / WRONG_LIDS
        lips = np.abs(self.output[:, MOUTH] - self.driver[:, MOUTH]) / WRONG_GAP
        return np.nan_to_num(np.maximum(lids, lips), nan=np.inf)

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON; None where the clip never shows what is asked for."""
        even = self._even()
        shut = even & (self.driver[:, MOUTH] < SHUT_LIPS)
        blink = even & (self.driver[:, LIDS] < BLINK * self.neutral[0, LIDS])
        driver_lids, lids = self.lids()
        shut_lids = driver_lids < SHUT_LIDS
        return {
            "correlation": {name: self._correlation(k) for k, name in enumerate(NAMES)},
            "shut_frames": int(shut.sum()),
            "gap_when_shut": _median(self.output[shut, MOUTH]),
            "blink_frames": int(blink.sum()),
            "lids_in_blink": _median(lids[blink]),
            "driver_lids_in_blink": _median(driver_lids[blink]),
            "shut_lids_frames": int(shut_lids.sum()),
            "lids_when_shut": _median(lids[shut_lids]),
            "frames": int(even.sum()),
            "lost": self.lost,
        }

    def _correlation(self, column: int) -> float | None:
        """With the driver's feature; None where the driver hardly moves it. Gaze: while its eyes are open."""
        even = self._even()
        if column == GAZE:
            even &= self.driver[:, LIDS] >= BLINK * self.neutral[0, LIDS]
        if not even.any():
            return None
        if np.nanstd(self.driver[even, column]) < STILL[column]:
            return None
        return rounded(metrics.correlation(self.driver[even, column], self.output[even, column]))

    def _even(self) -> NDArray[np.bool_]:
        """(N,): the frames that were chosen evenly."""
        return np.array([frame not in self.extra for frame in self.frames], bool)


def track_clip(clip: Path, tracker: Tracker, limit: int | None = None) -> tuple[list[DriverFrame], float]:
    """The clip's first `limit` frames with their landmarks and without their pixels, and its frame rate.

    Raises:
        UserError: the clip cannot be read.
    """
    with open_source(str(clip)) as source:
        fps = source.info.fps
    tracked = []
    for frame in read_frames(clip, limit):
        points = frame.landmarks
        if frame.pixels is not None:
            points = tracker.track(frame.pixels, frame.capture_ns)
        tracked.append(
            DriverFrame(frame.index, frame.capture_ns, frame.width, frame.height, landmarks=points)
        )
    return tracked, fps


def track_driver(clip: Path, tracker: Tracker, frames: int, limit: int, judge: Judging) -> Driver:
    """Track the clip's first `limit` frames and judge `frames` of them, and those about its deepest blinks.

    Raises:
        UserError: the clip cannot be read.
    """
    tracked, fps = track_clip(clip, tracker, limit)
    chosen = set(evenly_spread(len(tracked), frames))
    extra = blinks([frame.landmarks for frame in tracked]) - chosen
    judged, pictures = {}, {}
    for frame in read_frames(clip, limit):
        if frame.index in chosen | extra and frame.pixels is not None:
            pictures[frame.index] = frame.pixels
            points = judge(frame.pixels)
            if points is not None:
                judged[frame.index] = points
    if not judged:
        raise UserError(clip.name, "no face was found in it", "Give a clip of one person facing the camera.")
    return Driver(clip.stem, fps, tracked, judged, pictures, frozenset(extra))


def blinks(tracked: Sequence[Landmarks | None]) -> set[int]:
    """Positions of the deepest blinks and of their neighbours; the tracker lags by up to a frame."""
    known = [k for k, points in enumerate(tracked) if points is not None]
    seen = [points for points in tracked if points is not None]
    if not seen:
        return set()
    lids = np.array([features(points, seen[0])[LIDS] for points in seen])
    deepest: list[int] = []
    for k in np.argsort(lids, kind="stable"):
        if lids[k] > BLINK * np.median(lids) or len(deepest) == MOST_BLINKS:
            break
        if all(abs(known[k] - other) >= BLINK_FRAMES for other in deepest):
            deepest.append(known[k])
    last = len(tracked) - 1
    return {k for middle in deepest for k in range(max(middle - 1, 0), min(middle + 1, last) + 1)}


def compare(
    persona: PersonaData, driver: Driver, judge: Judging, methods: Mapping[str, Method] | None = None
) -> dict[str, Likeness]:
    """Move the portrait with the tracked clip and judge the output of the warper, and of every further
    method, where the driver was judged."""
    moved, neutral = drive(MemorySource(driver.frames, driver.fps), persona, None)
    if neutral is None:
        raise UserError(driver.name, "the tracker found no face in it", "Give another clip.")
    motions = dict(moved)
    warper = CpuRenderer(persona)
    warped = {k: warper.render(motions[k]) for k in sorted(driver.judged)}
    found = {WARPER: _likeness(persona, driver, judge, warped, neutral)}
    for name, method in (methods or {}).items():
        outputs = {k: method(picture, motions[k]) for k, picture in warped.items()}
        found[name] = _likeness(persona, driver, judge, outputs, neutral)
    return found


def _likeness(
    persona: PersonaData, driver: Driver, judge: Judging, outputs: dict[int, RGB], neutral: Landmarks
) -> Likeness:
    portrait = persona.landmarks * np.float32(persona.size)
    unknown = np.full(len(NAMES), np.nan)
    theirs, ours, seen = [], [], {}
    for index, points in driver.judged.items():
        found = judge(outputs[index])
        if found is not None:
            seen[index] = found
        theirs.append(features(points, neutral))
        ours.append(unknown if found is None else features(found, portrait))
    return Likeness(
        portrait=persona.name,
        driver_name=driver.name,
        frames=list(driver.judged),
        driver=np.array(theirs),
        output=np.array(ours),
        neutral=np.stack([features(neutral, neutral), features(portrait, portrait)]),
        lost=len(driver.judged) - len(seen),
        outputs=outputs,
        points=seen,
        extra=driver.extra,
    )


def worst(likenesses: Sequence[Likeness], count: int = 10) -> list[dict[str, Any]]:
    """The frames where lids or lips differ most from the driver's, as plain values; one of every second of
    a pair's at most, so that one bad blink is not all of them."""
    found = []
    for one in likenesses:
        theirs, ours = one.lids()
        taken: list[int] = []
        errors = one.errors()
        for k in np.argsort(-errors, kind="stable"):
            if any(abs(one.frames[k] - frame) < 30 for frame in taken):
                continue
            taken.append(one.frames[k])
            found.append(
                {
                    "portrait": one.portrait,
                    "driver": one.driver_name,
                    "frame": one.frames[k],
                    "error": rounded(errors[k], 2),
                    "lids": rounded(ours[k], 2),
                    "driver_lids": rounded(theirs[k], 2),
                    "gap": rounded(one.output[k, MOUTH], 3),
                    "driver_gap": rounded(one.driver[k, MOUTH], 3),
                }
            )
    return sorted(found, key=goodness)[:count]


def goodness(row: Mapping[str, Any]) -> float:
    """Sorts rows of `worst`: those without a face first."""
    return -np.inf if row["error"] is None else -float(row["error"])


def overall(likenesses: Sequence[Likeness]) -> dict[str, Any]:
    """Mean over the pairs that know the value."""
    rows = [likeness.summary() for likeness in likenesses]
    means: dict[str, Any] = {
        "correlation": {name: _mean([row["correlation"][name] for row in rows]) for name in NAMES}
    }
    for name in ("gap_when_shut", "lids_in_blink", "driver_lids_in_blink", "lids_when_shut"):
        means[name] = _mean([row[name] for row in rows])
    for name in ("shut_frames", "blink_frames", "shut_lids_frames", "frames", "lost"):
        means[name] = sum(row[name] for row in rows)
    return means


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return rounded(float(np.median(known))) if known.size else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return rounded(float(np.mean(known))) if known else None
