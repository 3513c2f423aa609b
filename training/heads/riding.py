"""How clothes follow the head: as the skin below them does, so that none comes through when it leans."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from training.heads.data import Floats
from training.heads.shape import neck_weight

REACH: Final = 4.0
"""cm from the skin beyond which only the height counts, as it does on the average head."""


def ride(points: Floats, skin: Floats, share: Floats) -> Floats:
    """points (n, 3) of cloth, skin (m, 3) with its share (m,) of the head's rotation -> (n,) shares.

    The mean of the eight nearest, weighed by distance.
    """
    distance, nearest = cKDTree(skin).query(points, k=8, distance_upper_bound=REACH)
    closeness = np.where(np.isfinite(distance), 1.0 / (distance**2 + 0.05), 0.0)
    found = (np.append(share, 0.0)[nearest] * closeness).sum(1) / np.maximum(closeness.sum(1), 1e-9)
    sure = np.clip((REACH - distance[:, 0]) / 2.0, 0.0, 1.0)
    return np.asarray(found * sure + neck_weight(points) * (1.0 - sure), np.float32)
