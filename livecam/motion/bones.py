"""Which places of a face do something by themselves, and which only go where the skull goes.

What a tracker sees of forehead, temples and nose differs from pose to pose, though they are bone. Passed on
as an expression it bends another head against its turn: a nod of 2 degrees is seen as one of 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.geometry import Array, smoothstep

# By eye, in distances of the outer eye corners:
BROWS_REACH: Final = 0.12
"""Over which what a brow does has faded to 1/e in the skin around it."""
NOSE_REACH: Final = 0.12
"""The same of the ridge of the nose, which does nothing between cheeks that do."""

_BROWS = [*lm.BROWS[0], *lm.BROWS[1]]
_EYES = sorted(
    {*lm.LEFT_EYE, *lm.RIGHT_EYE, *lm.CREASES, *lm.LOWER_FOLDS, *(i for e in lm.EYES for i in e[2])}
)
_NOSE = [195, 5, 4, 1]
_TIP, _NOSE_BASE, _UPPER_LIP = 4, 2, 0


def acting_share(shape: Array) -> Array:
    """(478, 1): 1 where a place does what it does by itself, 0 where it is bone: all of the eyes, brows, and
    from the tip of the nose downwards more and more.

    shape: (478, 3) in distances of the outer eye corners, along the axes of the face.
    """
    share = smoothstep(shape[_TIP, 1], shape[_UPPER_LIP, 1], shape[:, 1])
    ridge = np.exp(-((_distance(shape, _NOSE) / NOSE_REACH) ** 2))
    base = shape[:, 1] < shape[_NOSE_BASE, 1]
    share = share * (1 - ridge * base)
    share = np.maximum(share, np.exp(-((_distance(shape, _BROWS) / BROWS_REACH) ** 2)))
    share[_EYES] = 1.0
    return np.asarray(share[:, None], np.float64)


def _distance(shape: Array, places: list[int]) -> Array:
    """(478,): to the nearest of these places, from the front."""
    across, down = (shape[:, None, k] - shape[places, k] for k in (0, 1))
    away: Array = np.sqrt((across * across + down * down).min(1))
    return away
