"""Steps along the crop's edge: what is drawn within it does not go on beyond."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
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
ASLANT: Final = 2
"""Lengths along the edge within which an outline that crosses it aslant meets the lines beside it."""


class CropEdge:
    """Looks at whole pictures along those edges of the crop that the picture holds.

    An outline that crosses the edge, as a shoulder does, is a step across it, too, but as much of one right
    beside it. So a step counts by how much it is larger than those on both sides, and than that at rest.
    """

    def __init__(self, persona: PersonaData, resting: RGB) -> None:
        """resting: the persona's whole picture at rest, on its own pixel grid (canvas "source")."""
        self._crop = persona.crop
        self._window = max(1, round(LENGTH * face_height(persona.landmarks) * persona.crop.side))
        self._resting = [np.maximum(step, 0) for step in self._steps(resting)]

    def __call__(self, picture: RGB) -> float | None:
        """By how many 8-bit levels the largest step across an edge is larger than it should be; None where
        the crop has no edge inside the picture."""
        steps = self._steps(picture)
        larger = [float((now - then).max()) for now, then in zip(steps, self._resting, strict=True)]
        return max(larger, default=None)

    def _steps(self, picture: RGB) -> Iterator[NDArray[np.float32]]:
        """Along each edge by how much the colours differ more across it than beside it, in levels."""
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
                if not (0 <= outside < length and 0 <= inside < length):
                    continue
                way = inside - outside
                lines = [outside - way, outside, inside, inside + way]
                jumps = [
                    self._jump(turned, a, b, along) if 0 <= a < length and 0 <= b < length else None
                    for a, b in pairwise(lines)
                ]
                beside = [self._widened(jump) for jump in (jumps[0], jumps[2]) if jump is not None]
                assert jumps[1] is not None
                yield jumps[1] - np.max(beside, 0) if beside else jumps[1]

    def _jump(self, turned: NDArray[np.float32], a: int, b: int, along: slice) -> NDArray[np.float32]:
        """Mean difference of colours between two lines, in levels."""
        jump = np.abs(turned[a, along] - turned[b, along]).mean(-1)
        return np.asarray(cv2.blur(jump[None], (self._window, 1)), np.float32)[0]

    def _widened(self, jump: NDArray[np.float32]) -> NDArray[np.float32]:
        reach = np.ones((1, 2 * ASLANT * self._window + 1), np.uint8)
        return np.asarray(cv2.dilate(jump[None], reach), np.float32)[0]
