"""Clips of what people do in calls, tracked once for all portraits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from livecam.animator import Tracker
from livecam.benchmarks.fidelity.cross_reenactment import track_clip
from livecam.benchmarks.field.head import away, largest_steps
from livecam.errors import UserError
from livecam.frames import RGB, DriverFrame, Landmarks, evenly_spread
from livecam.sources import read_frames

LAST: Final = 25
"""Frames at a clip's end that say where things have come to: a second, so that a nod does not count."""
SHOWN: Final = 8
"""Frames of a clip on its sheet."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A clip that was tracked once. pictures: of the frames that a sheet shows, by frame number."""

    name: str
    fps: float
    frames: list[DriverFrame]
    pictures: dict[int, RGB]

    @property
    def landmarks(self) -> list[Landmarks | None]:
        """Of every frame, in the clip's pixels; None without a face."""
        return [frame.landmarks for frame in self.frames]

    @property
    def last(self) -> range:
        """Positions of the last `LAST` frames."""
        return range(max(len(self.frames) - LAST, 0), len(self.frames))

    def judged(self, every: int) -> list[int]:
        """Positions of every so many-th frame, of the last ones, and of those a sheet shows."""
        return sorted({*range(0, len(self.frames), every), *self.last, *self.pictures})

    def away(self) -> tuple[float, float]:
        """How far the driver's head is at the end from where it was in the first second with a face, and its
        size: `head.away`, medians of `LAST` frames. NaN where nobody is there at the end."""
        seen = [points for points in self.landmarks if points is not None]
        last = [points for points in self.landmarks[-LAST:] if points is not None]
        if not last:
            return float("nan"), float("nan")
        first = np.median(seen[:LAST], axis=0)
        offset, size = np.median([away(points, first) for points in last], axis=0)
        return float(offset), float(size)

    def steps(self) -> tuple[float, float]:
        """`head.largest_steps` of the driver itself."""
        return largest_steps(self.landmarks)


def track_driver(clip: Path, tracker: Tracker) -> Driver:
    """Track the whole clip.

    Raises:
        UserError: it cannot be read, or the tracker finds no face in it.
    """
    frames, fps = track_clip(clip, tracker)
    if all(frame.landmarks is None for frame in frames):
        raise UserError(clip.name, "no face was found in it", "Give a clip of one person facing the camera.")
    chosen = evenly_spread(len(frames), SHOWN)
    pictures = {
        position: frame.pixels
        for position, frame in enumerate(read_frames(clip))
        if position in chosen and frame.pixels is not None
    }
    return Driver(clip.stem, fps, frames, pictures)
