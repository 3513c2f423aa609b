"""Folds of the skin: the twin of `livecam.model.creases`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.compiled import compiled
from livecam.generator.inputs import CREASE_HUE

_HUE = np.array(CREASE_HUE, np.float32)


def crease(person: NDArray[np.uint8], creases: F32) -> None:
    """Changes the light of S x S x 4, in place. creases: (1, 1, G, G), what each place gains."""
    change = creases[0, 0]
    rows, columns = np.flatnonzero(change.any(1)), np.flatnonzero(change.any(0))
    if not len(rows):
        return
    size, cells = person.shape[0], change.shape[0]
    # A cell's value reaches to the middles of its neighbours; where a cell is no whole pixels, all are drawn.
    all_of_them = size % cells > 0
    top, left = (0 if all_of_them else max(int(found[0]) - 1, 0) for found in (rows, columns))
    bottom, right = (cells if all_of_them else min(int(found[-1]) + 2, cells) for found in (rows, columns))
    y0, x0, y1, x1 = (edge * size // cells for edge in (top, left, bottom, right))
    large = cv2.resize(change[top:bottom, left:right], (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    _apply(person[y0:y1, x0:x1], large, _HUE)


@compiled(fastmath=True)
def _apply(box: NDArray[np.uint8], change: F32, hue: F32) -> None:
    for y in range(box.shape[0]):
        for x in range(box.shape[1]):
            gain = change[y, x]
            if gain != 0:
                for c in range(3):
                    lit = box[y, x, c] * (1 + gain * hue[c]) + np.float32(0.5)
                    box[y, x, c] = np.uint8(min(max(lit, np.float32(0)), np.float32(255)))
