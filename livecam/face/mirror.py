"""Landmarks as in a mirror."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.frames import Landmarks


def mirrored(points: Landmarks, width: int) -> Landmarks:
    """Landmarks (478, 3) of the mirrored frame: x flipped, left and right points swapped.

    width: of the frame, in the points' unit.
    """
    out = points[_mirror_index()].copy()
    out[:, 0] = width - out[:, 0]
    return out


@cache
def _mirror_index() -> NDArray[np.intp]:
    return lm.mirror_index()
