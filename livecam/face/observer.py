"""A driver's frame in, its landmarks out: found, doubted, steadied, mirrored. The picture goes no further."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from livecam.face.doubt import PartDoubt
from livecam.face.filter import OneEuroFilter
from livecam.face.frame_unit import FrameUnit
from livecam.face.measures import mouth_width, on_a_line
from livecam.face.mirror import mirrored
from livecam.frames import RGB, DriverFrame, Landmarks

Find = Callable[[RGB, int], "Landmarks | None"]
"""A picture and its capture time in ns to the face's landmarks in it, None without one."""
Recorder = Callable[[int, "Landmarks | None", int, int], None]
"""Told of every frame: capture time in ns, its landmarks, None without a face that can be used, width and
height of the frame."""
FILTERED_HEIGHT: Final = 250
"""Height of a face, in the unit that the One-Euro filter's defaults are meant for."""
MOST_SMOOTHED: Final = 0.85
"""Share of the filter's cutoff that the most smoothing takes: a face at rest then follows within half a
second. By eye."""
FARTHEST: Final = 1e6
"""Pixels from the frame's corner within which a face lies, where nobody knows how large the frame is."""


class Observer:
    """Called with one frame after the other. find: asked where a frame has a picture. mirror: as in a mirror.
    record: told of every frame."""

    def __init__(
        self, find: Find, mirror: bool = False, record: Recorder | None = None, smoothing: float = 0.0
    ) -> None:
        self.find, self._record = find, record
        self.mirror = mirror
        """Whether landmarks are as in a mirror; may be changed between two frames."""
        self._frame_unit = FrameUnit()
        self._filter = OneEuroFilter()
        self.smooth(smoothing)
        self._doubt = PartDoubt()
        self._unit = 0.0
        self.seen = False
        """Whether any frame so far had a face."""

    def smooth(self, smoothing: float) -> None:
        """How much steadier landmarks are made from now on: 0 as always, 1 the most."""
        self._filter.pace = 1 - MOST_SMOOTHED * smoothing

    def __call__(self, frame: DriverFrame) -> Landmarks | None:
        """(478, 3) float32, pixels of `frame_size`, filtered and mirrored as asked; None without a face."""
        points = frame.landmarks
        if frame.pixels is not None:
            points = self.find(frame.pixels, frame.capture_ns)
        if points is not None and not usable(points, frame.width, frame.height):
            points = None
        if self._record is not None:
            self._record(frame.capture_ns, points, frame.width, frame.height)
        if points is None:
            self._filter.reset()
            self._doubt.reset()
            self._unit = 0.0
            return None
        self.seen = True
        points = self._frame_unit(points, frame.width, frame.height, frame.capture_ns / 1e9)
        if frame.pixels is None:  # the tracker does so itself, and sees more
            points = self._doubt(None, points, frame.capture_ns / 1e9)
        points = self._smooth(points, frame.capture_ns / 1e9)
        return mirrored(points, self.frame_size[0] or frame.width) if self.mirror else points

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the frame in whose pixels landmarks are: the first one with a face, however
        large later ones are. Zeros before."""
        return self._frame_unit.size

    def another_camera(self) -> None:
        """The next frame's pixels are the unit from now on."""
        self._frame_unit = FrameUnit()

    def _smooth(self, points: Landmarks, time_s: float) -> Landmarks:
        """The filter's settings are for faces of one height; a face near or far is scaled to it."""
        if self._unit == 0.0:
            self._unit = max(float(np.ptp(points[:, 1])) / FILTERED_HEIGHT, 1e-6)
        return (self._filter(points / self._unit, time_s) * self._unit).astype(np.float32)


def usable(points: Landmarks, width: int = 0, height: int = 0) -> bool:
    """Whether the points can be a face at all, and in or near the frame, where its size is known (not 0)."""
    reach = 4 * max(width, height) or FARTHEST
    if not np.isfinite(points).all() or np.abs(points).max() >= reach or on_a_line(points):
        return False
    return mouth_width(points) > 0
