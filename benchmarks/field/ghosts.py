"""Ghosts: copies of the resting person that stay where the person has moved away from.

A place of the picture can be one if it still shows what it shows at rest, and yet the moved person's matte
says background, or the map shows the same place of the portrait somewhere else, too. It is one if

- there is something there to be told apart (a plain wall or a plain coat looks the same everywhere, and so
  does an outline along which the person has moved: what the map brings there is no copy), or
- the map itself has left that place where it was, and the person is told from the background there.

The first finds whatever a picture shows, the second also slivers of it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import Mask
from livecam.benchmarks.field.head import face_height
from livecam.benchmarks.field.maps import Places, centres, shown_elsewhere
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.persona.types import PersonaData

PATCH: Final = 0.06
"""Side of the patch that is compared, in face heights: about the height of an iris."""
TEXTURE: Final = 5.0
"""Standard deviation within a patch, in 8-bit levels, from which it is more than a shade. Noise of pictures
is 1 to 3."""
SAME: Final = 0.25
"""Mean difference of a patch from the resting one, as a share of that deviation, up to which it is the same.
Two different places of one texture differ by about as much as it deviates."""
LEVELS: Final = 3.0
"""8-bit levels up to which a single pixel is the resting one, ..."""
SEEN: Final = 12.0
"""... and from which it is told from the background. By eye."""
STAYS: Final = 0.5
"""Cells up to which a place has not moved."""
APART: Final = 0.10
"""Face heights that a place must have gone for its old one to be a copy: nearer, the two overlap, as in skin
that stretches."""
PERSON: Final = 230
"""Matte from which a pixel is surely the person."""
BACKGROUND: Final = 25
"""Matte up to which it is surely not."""
LEAST: Final = 0.001
"""Share of the face's area from which a copy counts: a scratch a tenth of the face long and a hundredth
wide."""


class GhostFinder:
    """Looks for ghosts in pictures of one persona."""

    def __init__(self, persona: PersonaData, resting: RGB) -> None:
        """resting: (size, size, 3) uint8 RGB, the persona's picture at rest."""
        height = face_height(persona.landmarks)
        self._side = max(3, round(PATCH * height * persona.size) | 1)
        self._apart = APART * height
        self._resting = resting.astype(np.float32)
        grey = cv2.cvtColor(resting, cv2.COLOR_RGB2GRAY).astype(np.float32)
        variance = self._mean(grey**2) - self._mean(grey) ** 2
        self._deviation = np.sqrt(np.maximum(variance, 0))
        self._person = persona.foreground[..., 3] >= PERSON
        seen = np.abs(self._resting - persona.background).mean(-1) >= SEEN
        self._half = (persona.foreground[..., 3] >= 128) & seen
        oval = persona.landmarks[list(lm.FACE_OVAL), :2] * np.float32(persona.size)
        self._face = max(float(cv2.contourArea(oval)), 1.0)

    def copies(self, picture: RGB, matte: NDArray[np.uint8], shown: Places) -> Mask:
        """(size, size): where the picture shows the resting person beside the moved one.

        picture: (size, size, 3) uint8 RGB. matte: (size, size) uint8, where the moved person is
        (`CutOut.alpha`). shown: as `shown_places` gives it for the same motion.
        """
        size = len(shown)
        places = centres(size)
        stays = np.abs(shown - places).max(-1) * size <= STAYS
        gone = shown_elsewhere(shown) > self._apart
        stays, gone = (self._enlarged(values.astype(np.float32)) > 0 for values in (stays, gone))
        brought = cv2.remap(
            self._resting,
            self._enlarged(shown.astype(np.float32), cv2.INTER_LINEAR) * np.float32(len(picture)) - 0.5,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        difference = self._difference(picture, self._resting)
        same = self._alike(difference) & (stays | ~self._alike(self._difference(picture, brought)))
        patches = self._person & same & (gone | (matte <= BACKGROUND))
        return np.asarray(patches | (self._half & stays & gone & (difference <= LEVELS)), bool)

    def __call__(self, copies: Mask) -> list[float]:
        """The ghosts among `copies`: areas of connected ones as shares of the face's, those of `LEAST` and
        more, the largest first."""
        count, _, stats, _ = cv2.connectedComponentsWithStats(copies.astype(np.uint8), connectivity=8)
        areas = [float(stats[k, cv2.CC_STAT_AREA]) / self._face for k in range(1, count)]
        return sorted((area for area in areas if area >= LEAST), reverse=True)

    @staticmethod
    def _difference(one: NDArray[np.generic], other: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.abs(one.astype(np.float32) - other).mean(-1), np.float32)

    def _alike(self, difference: NDArray[np.float32]) -> Mask:
        """Where a patch with a texture differs by next to nothing."""
        alike = self._mean(difference) <= SAME * self._deviation
        return np.asarray(alike & (self._deviation >= TEXTURE), bool)

    def _enlarged(self, cells: NDArray[np.float32], how: int = cv2.INTER_NEAREST) -> NDArray[np.float32]:
        side = len(self._resting)
        return np.asarray(cv2.resize(cells, (side, side), interpolation=how), np.float32)

    def _mean(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(values, (self._side, self._side)), np.float32)
