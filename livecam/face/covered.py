"""Parts of a portrait that something hides, a mask or dark glasses, go with the head and do nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.geometry import Array, smoothstep

MOUTH: Final = "mouth"
EYES: Final = "eyes"
PARTS: Final = (MOUTH, EYES)

AROUND_EYES: Final = (1.0, 1.8)
"""Widths of the eye from its middle: up to the first nothing moves by itself, from the second on all does. A
glass is about as wide as twice the first."""


def with_lips_together(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(478, 3) with nothing between the inner lips, so that no open mouth is drawn on a mask."""
    shut = points.copy()
    upper, lower = list(lm.INNER_LIP_UPPER), list(lm.INNER_LIP_LOWER)
    shut[upper] = shut[lower] = (points[upper] + points[lower]) / 2
    return shut


def free_share(own: Array, covered: Collection[str]) -> Array:
    """(478,): how much of its expression each point may show, 0 on what is covered, 1 away from it.

    A mask ends between the tip of the nose, from where on nothing moves, and the eyes. own: (478, 3) of the
    face at rest, x to the image's right and y to the chin.
    """
    free = np.ones(lm.COUNT)
    if MOUTH in covered:
        nose, eyes = float(own[lm.NOSE_TIP, 1]), float(own[list(lm.OUTER_EYE_CORNERS), 1].mean())
        free *= smoothstep(nose, eyes, own[:, 1])
    if EYES in covered:
        for upper, lower, iris in lm.EYES:
            away = np.linalg.norm(own[:, :2] - own[[*upper, *lower], :2].mean(0), axis=1) / eye_width(own)
            away[list(iris)] = 0.0
            free *= smoothstep(*AROUND_EYES, away)
    return free
