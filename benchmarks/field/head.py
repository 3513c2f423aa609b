"""Where a head is, how large, how far it goes from one frame to the next: read off landmarks.

Lengths are in face heights, forehead to chin, so that a driver and a portrait can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.frames import Landmarks

_STABLE, _LIPS = list(lm.STABLE), list(lm.LIPS)


def face_height(points: NDArray[Any]) -> float:
    """Forehead to chin in the picture, in the unit of `points`, above 0."""
    return max(float(np.linalg.norm(points[lm.CHIN, :2] - points[lm.FOREHEAD, :2])), 1e-9)


def away(points: NDArray[Any], rest: NDArray[Any]) -> tuple[float, float]:
    """How far a head is from where it rests, in its resting face heights, and its size as a multiple of that.

    points and rest: (478, 3) of the same face in the same picture. Points that expressions hardly move are
    read, and the size in three dimensions: a head that turns or speaks is no smaller.
    """
    now, then = (part[_STABLE].astype(np.float64) for part in (points, rest))
    offset = np.linalg.norm(now[:, :2].mean(0) - then[:, :2].mean(0)) / face_height(rest)
    return float(offset), geo.similarity(then, now)[0]


def largest_steps(frames: Sequence[Landmarks | None], unit: float | None = None) -> tuple[float, float]:
    """The largest step between two successive frames: of the whole face, and of the lips against the head.

    frames: (478, 3) each, or None without a face, which ends a step. unit: the face's height; the earlier
    frame's own unless given. NaN where no two successive frames have a face.
    """
    steps = []
    for before, after in pairwise(frames):
        if before is None or after is None:
            continue
        moved = (after[:, :2] - before[:, :2]).astype(np.float64) / (unit or face_height(before))
        lips = moved[_LIPS] - moved[_STABLE].mean(0)
        steps.append((np.linalg.norm(moved.mean(0)), np.linalg.norm(lips, axis=1).mean()))
    if not steps:
        return float("nan"), float("nan")
    whole, lips_alone = np.max(steps, axis=0)
    return float(whole), float(lips_alone)
