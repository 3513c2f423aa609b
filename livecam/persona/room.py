"""How far a portrait's head may go from its place: what its picture has room for."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import U8
from livecam.face import landmarks as lm
from livecam.geometry import smoothstep
from livecam.motion.limits import HeadLimits
from livecam.persona.crop import MATTE_SIDE, SURROUNDINGS
from livecam.persona.types import PersonaData

EDGE: Final = 0.16
"""Shares of the crop from the picture's edge within which a motion away from that edge fades to none: beyond
there is nothing that could be shown. Over 1.5 times the farthest the head goes, or it would fold."""
FREE: Final = 0.09
"""Shares of the crop that the head may go where nothing hinders it: a fifth of its height. By eye."""
STRETCH: Final = 0.35
"""By how much hair may be stretched between the head and the picture's edge that it touches. By eye."""
COLLAR: Final = 0.45
"""Face heights from the chin to the collar."""
NECK: Final = 0.07
"""Share of its length by which a neck may become longer for want of trunk below it: a tenth is seen, and
other motions add to it."""
LEAST: Final = 0.02
"""Shares of the crop that any head may go: one that does not move at all looks nailed. By eye."""
SOLID: Final = 127
"""Of 255: alpha above which a place is the person."""


def head_limits(persona: PersonaData) -> HeadLimits:
    """For a head with room around it the same on all sides, less where hair or trunk are at the picture's
    edge: what is there cannot be moved inwards without being stretched."""
    landmarks = persona.landmarks
    oval = landmarks[list(lm.FACE_OVAL), :2]
    top, chin = float(oval[:, 1].min()), float(landmarks[lm.CHIN, 1])
    low, high = picture_edges(persona)
    left, right, upper = _head_box(persona.matte, top, chin)
    length = COLLAR * float(np.ptp(oval[:, 1]))
    held = 1 - float(smoothstep(0, EDGE, high[1] - chin - length))
    up = FREE if held * FREE <= NECK * length else NECK * length / held
    return HeadLimits(
        left=_stretched(high[0] - right),
        right=_stretched(left - low[0]),
        up=max(up, LEAST),
        down=_stretched(upper - low[1]),
    )


def picture_edges(persona: PersonaData) -> tuple[np.ndarray, np.ndarray]:
    """(2,) twice: the picture's left and upper edge, and its right and lower one, in 0..1 of the crop."""
    crop = persona.crop
    height, width = persona.picture.shape[:2]
    low = -np.array([crop.x, crop.y], np.float64) / crop.side
    return low, low + np.array([width, height], np.float64) / crop.side


def _stretched(margin: float) -> float:
    """How far a head may go from an edge that its hair is so near to."""
    least = STRETCH * EDGE / 1.5  # a smoothstep is 1.5 times as steep as a straight line
    share = float(np.clip(margin / EDGE, 0, 1))
    return least + share * (FREE - least)


def _head_box(matte: U8, top: float, chin: float) -> tuple[float, float, float]:
    """Left, right and upper end of the hair. top, chin: of the face. All in 0..1 of the crop."""
    before = (SURROUNDINGS - 1) / 2

    def place(cell: int) -> float:
        return cell / MATTE_SIDE * SURROUNDINGS - before

    def cell(place: float) -> int:
        return int(np.clip((place + before) / SURROUNDINGS * MATTE_SIDE, 0, MATTE_SIDE - 1))

    side = MATTE_SIDE // SURROUNDINGS
    person = matte > SOLID
    rows = person[cell(top) : cell(chin) + 1, side:-side]
    columns = np.flatnonzero(rows.any(0))
    above = np.flatnonzero(person[: cell(chin), side:-side].any(1))
    if not len(columns) or not len(above):
        return 0.0, 1.0, 0.0
    return place(side + int(columns[0])), place(side + int(columns[-1]) + 1), place(int(above[0]))
