"""From one picture to another within a few frames, where a portrait or its background changes."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.frames import RGB
from livecam.geometry import smoothstep

SECONDS: Final = 0.3
"""How long one picture takes to become the other. By eye."""


class Fade:
    """Between the last picture of what was shown and the pictures of what is. Of one thread."""

    def __init__(self) -> None:
        self._last: RGB | None = None
        self._from: RGB | None = None
        self._begun = 0.0

    def begin(self, time_s: float) -> None:
        """The pictures from now on are other ones; what was shown last is faded from."""
        self._from, self._begun = self._last, time_s

    def __call__(self, picture: RGB, time_s: float) -> RGB:
        """The picture to be shown, (H, W, C) uint8: `picture` itself but for the time of a fade."""
        if self._from is not None:
            share = float(smoothstep(0.0, SECONDS, time_s - self._begun))
            if share >= 1.0 or self._from.shape != picture.shape:
                self._from = None
            else:
                mixed = cv2.addWeighted(self._from, 1 - share, picture, share, 0.0)
                picture = np.asarray(mixed, np.uint8)
        self._last = picture
        return picture
