"""Steps along the crop's edge: what moves inside it, laid into a picture that stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.benchmarks.field.head import face_height
from livecam.frames import RGB
from livecam.persona.types import PersonaData

RIM: Final = 0.05
"""Sides of the crop between the two lines that are compared, one outside and one inside: a little more than
its soft rim (`FEATHER` of `livecam.render.canvas`), over which a step is spread."""
LENGTH: Final = 0.1
"""Face heights along the edge over which a step is averaged: shorter ones are texture."""


class CropEdge:
    """Compares whole pictures with the resting one along those edges of the crop that the picture holds."""

    def __init__(self, persona: PersonaData, resting: RGB) -> None:
        """resting: the persona's whole picture at rest, on its own pixel grid (canvas "source")."""
        self._crop = persona.crop
        self._window = max(1, round(LENGTH * face_height(persona.landmarks) * persona.crop.side))
        self._resting = [self._smooth(jump) for jump in self._jumps(resting)]

    def __call__(self, picture: RGB) -> float | None:
        """By how many 8-bit levels the largest step across an edge is larger than at rest; None where the
        crop has no edge inside the picture."""
        jumps = [self._smooth(jump) for jump in self._jumps(picture)]
        larger = [float((now - then).max()) for now, then in zip(jumps, self._resting, strict=True)]
        return max(larger, default=None)

    def _jumps(self, picture: RGB) -> Iterator[NDArray[np.float32]]:
        """Along each edge the mean difference of colours across it, in levels."""
        rows, columns = picture.shape[:2]
        x, y, side = (round(value) for value in (self._crop.x, self._crop.y, self._crop.side))
        rim = max(2, round(RIM * side))
        across = (slice(max(x, 0), min(x + side, columns)), slice(max(y, 0), min(y + side, rows)))
        pixels = picture.astype(np.float32)
        for turned, low, length, along in (
            (pixels.transpose(1, 0, 2), x, columns, across[1]),
            (pixels, y, rows, across[0]),
        ):
            for outside, inside in ((low - 1, low + rim), (low + side, low + side - 1 - rim)):
                if 0 <= outside < length and 0 <= inside < length:
                    yield np.abs(turned[outside, along] - turned[inside, along]).mean(-1)

    def _smooth(self, jump: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(jump[None], (self._window, 1)), np.float32)[0]
