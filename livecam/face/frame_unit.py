"""Landmarks in one unit, whatever size a camera's frames have: a phone is turned, another program asks the
camera for another size, and pixels are others in the middle of a call.

The unit is the first size's pixels. How a new size lies to the former ones nobody says: it may show less at
the sides, or the same in fewer pixels. A face goes no way between two frames, so it tells.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.frames import Landmarks

RECENT_SECONDS: Final = 1.0
"""How long after it was seen last a face still tells: a camera that changes its size gives no frame for some
tenths of a second, and in a second heads sway by little more than landmarks err."""
MOST_TOLD: Final = 4.0
"""How many times larger or smaller than by the frames' diagonals a face may say that the unit is: sensors are
cropped by less, and what is beyond it is another face."""
MOST_SIZES: Final = 16
"""Remembered; more are begun anew, for no camera changes between so many."""

Size = tuple[int, int]
_STABLE = list(lm.STABLE)


class FrameUnit:
    """Called with every frame's landmarks in turn."""

    def __init__(self) -> None:
        self.size: Size = (0, 0)
        """Width and height of the frame in whose pixels landmarks are given; zeros before there is one."""
        self._known: dict[Size, tuple[float, Landmarks]] = {}
        self._last: Landmarks | None = None
        self._last_s = 0.0

    def __call__(self, points: Landmarks, width: int, height: int, time_s: float) -> Landmarks:
        """(478, 3) float32 in pixels of a frame of that size -> in those of `size`. Where nobody knows the
        frame's size, 0, they stay."""
        here = (width, height)
        if min(here) <= 0:
            return points
        if self.size == (0, 0):
            self.size = here
        if here != self.size:
            if here not in self._known:
                if len(self._known) >= MOST_SIZES:
                    self._known.clear()
                self._known[here] = self._lies(points, here, time_s)
            scale, shift = self._known[here]
            points = (points * np.float32(scale) + shift).astype(np.float32)
        self._last, self._last_s = points, time_s
        return points

    def _lies(self, points: Landmarks, here: Size, time_s: float) -> tuple[float, Landmarks]:
        """Scale, and shift (3,), from a new size's pixels to the unit."""
        whole = float(np.hypot(*self.size) / np.hypot(*here))
        middle = (np.array(self.size) - whole * np.array(here)) / 2
        if self._last is not None and 0 <= time_s - self._last_s <= RECENT_SECONDS:
            now, before = points[_STABLE, :2].astype(np.float64), self._last[_STABLE, :2].astype(np.float64)
            scale = float(before.std(0).mean() / max(now.std(0).mean(), 1e-6))
            if whole / MOST_TOLD <= scale <= whole * MOST_TOLD:
                whole, middle = scale, before.mean(0) - scale * now.mean(0)
        return whole, np.array([*middle, 0.0], np.float32)
