"""The part of the picture in which a face is followed: it moves along with the face.

MediaPipe looks for a face where it last was. When the head moves that is beside it, and what it sees off the
middle it places a little wrong. In a window that has gone ahead to where the face will be, the face stands
still, and MediaPipe looks in the right place.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB, Landmarks
from livecam.geometry import smoothstep

SIDE: Final = 2.5
"""Side of the window in face sizes. MediaPipe looks at 1.5; twice `OFF_CENTRE` may be lost at the sides. By
eye."""

OFF_CENTRE: Final = 0.15
"""How far off the middle, and how much larger or smaller than at first (as a logarithm), a face may get
before the window follows it by `PULL` of what is more, a frame. Each step of it is one that MediaPipe does
not know of, so it has to be small. By eye."""
PULL: Final = 0.1

MOVES: Final = (0.003, 0.01)
"""Speed in face sizes a frame from which the window goes ahead, and from which it does so in full. What is
slower may be noise, and a window that follows it makes more. By eye."""

LONGEST_STEP: Final = 0.25
"""Face sizes. Nobody moves so far between two frames of a camera; after a pause the speed means nothing. By
eye."""


LARGEST: Final = 3
"""Sides of the picture: no window is larger, whatever is taken for a face."""


class FollowingWindow:
    """Cuts squares out of pictures in which a face stays in its place and keeps its size.

    For every frame: `start` if nobody is followed yet, `cut`, and `seen` with what was found.
    """

    def __init__(self) -> None:
        self._middle = np.zeros(2)
        self._log_side = 0.0
        self._speed = np.zeros(2)
        self._last: tuple[Landmarks, int] | None = None
        self._cut_ms = 0

    def start(self, points: Landmarks) -> None:
        """Begin round a face that was found in the next picture. points: (n, 2 or more) in its pixels."""
        self._middle = centre(points).astype(np.float64)
        self._log_side = float(np.log(SIDE * face_size(points)))
        self._speed = np.zeros(2)
        self._last = None

    def cut(self, image: RGB, time_ms: int) -> tuple[RGB, NDArray[np.float32]]:
        """The window, side x side x 3, black where it leaves the picture; and (2,) the place of its corner in
        the picture, in whole pixels. image: H x W x 3. time_ms: the picture's time, as for `seen`."""
        if self._last is not None:
            points, last_ms = self._last
            self._go_on(points, max(last_ms, self._cut_ms), time_ms)  # frames in between may be left out
        self._cut_ms = time_ms
        height, width = image.shape[:2]
        self._middle = np.clip(self._middle, 0, (width, height))
        side = min(max(round(float(np.exp(self._log_side))), 2), LARGEST * max(height, width))
        left, top = (int(v) for v in np.round(self._middle - side / 2))
        part = image[max(top, 0) : min(top + side, height), max(left, 0) : min(left + side, width)]
        window = np.zeros((side, side, 3), np.uint8)
        rows, columns = part.shape[:2]
        window[max(-top, 0) : max(-top, 0) + rows, max(-left, 0) : max(-left, 0) + columns] = part
        return window, np.array([left, top], np.float32)

    def seen(self, points: Landmarks, time_ms: int) -> None:
        """Where the face was in the last picture. points: (n, 2 or more) in its pixels."""
        if self._last is not None and time_ms > self._last[1]:
            moved = (centre(points) - centre(self._last[0])).astype(np.float64)
            self._speed = moved / (time_ms - self._last[1])
        self._last = (points, time_ms)

    def _go_on(self, points: Landmarks, last_ms: int, time_ms: int) -> None:
        """Move the window as the face is expected to have moved since the last cut. points: last seen."""
        size = face_size(points)
        step = self._speed * max(time_ms - last_ms, 0)
        length = float(np.hypot(*step)) / size
        step = step * float(smoothstep(*MOVES, length)) * min(1.0, LONGEST_STEP / max(length, 1e-9))
        self._middle = self._middle + step + PULL * size * _beyond((centre(points) - self._middle) / size)
        self._log_side += PULL * float(_beyond(np.log(SIDE * size) - self._log_side))


def centre(points: Landmarks) -> Landmarks:
    """(2,) middle of the box round the landmarks."""
    middle: Landmarks = (points[:, :2].min(0) + points[:, :2].max(0)) / 2
    return middle


def face_size(points: Landmarks) -> float:
    """The longer side of the box round the landmarks, in pixels, at least one."""
    return max(float(np.ptp(points[:, :2], axis=0).max()), 1.0)


def _beyond(off: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """What is left of each number after `OFF_CENTRE` of it."""
    return np.asarray(np.sign(off) * np.maximum(np.abs(off) - OFF_CENTRE, 0.0), np.float64)
