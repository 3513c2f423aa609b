"""How the picture follows the driver as a camera would, for `follow` "frame": a little, smoothly."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.geometry import Array, soft_limit

GAINS: Final = np.array([0.2, 0.2, 1.0])
"""Canvas heights that the picture goes right and down for each face height of the driver's, and how its size
follows the driver's. In a call a face is .4 high, so the picture goes half of the driver's way. By eye."""
LIMITS: Final = np.array([0.035, 0.035, 0.04])
"""How far it goes at most, in heights of the canvas, and how much its size changes, as a logarithm: the
canvas has room for no more (`livecam.render.pan`)."""
SECONDS: Final = 0.3
"""Time constant, taken twice, with which it follows: the tracker's noise would shake the whole picture. Nor
does it jump: both limits apart takes half a second. By eye."""


class View:
    """Follows where the driver is, counted from where the driver was first."""

    def __init__(self) -> None:
        self._first: tuple[Array, float] | None = None
        self._way = np.zeros((2, 3))

    def follow(self, place: Array, size: float, seconds: float) -> None:
        """place: (2,) in pixels. size: logarithm of the face's height in pixels. seconds: since the last."""
        if self._first is None:
            self._first = place, size
        first, first_size = self._first
        goal = np.array([*(place - first) / math.exp(first_size), size - first_size]) * GAINS
        goal = soft_limit(goal, LIMITS)
        # Both first-order laws solved together, for any step of time.
        times = seconds / SECONDS
        left = math.exp(-times)
        half, whole = self._way - goal
        self._way = goal + np.stack([half * left, (whole + half * times) * left])

    @property
    def motion(self) -> F32:
        """(3,) float32: right, down and the logarithm of the size, as `livecam.motion.types` has them."""
        return self._way[1].astype(np.float32)
