"""Closing and opening a face's lids, whoever asks for it."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.geometry import Array

UPPER_LID_SHARE: Final = 0.85
"""The upper lid's part of a blink. By eye."""
MAX_LIDS: Final = 1.5
"""Times as far open as the portrait's own eyes they may get: there is no more sclera to show. By eye."""


def move_lids(points: Array, own: Array, eye: int, ratio: float) -> None:
    """Bring the lids of one eye so near to each other that their gap is that at rest times `ratio`; they keep
    the shape they have. points: (478, 3) in face coordinates, in place. own: the same at rest. eye: 0 the
    left, 1 the right one."""
    upper, lower, _ = lm.EYES[eye]
    above, below = list(upper[1:-1]), list(lower[1:-1])
    rest = np.linalg.norm(own[below, :2] - own[above, :2], axis=1).mean()
    gap = points[below] - points[above]
    now = np.linalg.norm(gap[:, :2], axis=1).mean()
    closer = gap * (1 - min(ratio * rest / max(now, 1e-9), MAX_LIDS))
    points[above] += closer * UPPER_LID_SHARE
    points[below] -= closer * (1 - UPPER_LID_SHARE)
