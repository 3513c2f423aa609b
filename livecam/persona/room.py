"""How far a portrait's head may go from its place: what its picture has room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32, U8
from livecam.face import landmarks as lm
from livecam.geometry import Array, smoothstep
from livecam.motion.limits import HeadLimits
from livecam.persona.crop import MATTE_SIDE, SURROUNDINGS
from livecam.persona.types import PersonaData

EDGE: Final = 0.16
"""Shares of the crop from where the person touches the picture's edge within which a motion away from that
edge fades to none: beyond there is nothing that could be shown. Over 1.5 times the farthest the head goes, or
it would fold."""
SHOULDER_EDGE: Final = 0.40
"""The same for a trunk that moves sideways: a shoulder at the edge is drawn out over more."""
TOUCHES: Final = 0.08
"""Shares of the crop along the edge beside such a place that are held, too."""
FREE: Final = 0.09
"""Shares of the crop that the head may go where nothing hinders it: a fifth of its height. By eye."""
HELD: Final = 0.02
"""The same away from an edge that hair touches: it is drawn out by a fifth. By eye."""
LEAST: Final = 0.012
"""The same upwards over a trunk that does not follow at all: a neck becomes longer by a sixteenth."""
HELD_SMALLER: Final = 0.98
"""And how much smaller such a head may get. By eye."""
ABOVE_CHIN: Final = 0.3
"""Face heights above the chin where the head is no more to be mistaken for shoulders or long hair."""
COLLAR: Final = 0.45
"""Face heights from the chin to the collar."""
NECK: Final = 0.07
"""Share of its length by which a neck may become longer for want of trunk below it: a tenth is seen, and
other motions add to it."""
SOLID: Final = 127
"""Of 255: alpha above which a place is the person."""
CUT: Final = 2
"""Cells of the matte from the picture's edge that the person has to reach to be cut off by it."""


def head_limits(persona: PersonaData) -> HeadLimits:
    """The same on all sides, less away from edges of the picture that hair or trunk touch: what is there
    cannot be moved inwards without being drawn out."""
    landmarks = persona.landmarks
    oval = landmarks[list(lm.FACE_OVAL), :2]
    top, chin = float(oval[:, 1].min()), float(landmarks[lm.CHIN, 1])
    _, high = picture_edges(persona)
    touched = touched_edges(persona)
    places = np.linspace(top, chin - ABOVE_CHIN * (chin - top), 32)
    head = np.linspace(float(oval[:, 0].min()), float(oval[:, 0].max()), 32)
    left, right = (bool((touched.at(side, places) > 0.5).any()) for side in ("left", "right"))
    above = bool((touched.at("top", head) > 0.5).any())
    length = COLLAR * float(np.ptp(oval[:, 1]))
    held = 1 - float(smoothstep(0, EDGE, high[1] - chin - length))
    below = bool((touched.at("bottom", head) > 0.5).any())
    up = FREE if not below or held * FREE <= NECK * length else NECK * length / held
    return HeadLimits(
        left=HELD if right else FREE,
        right=HELD if left else FREE,
        up=max(up, LEAST),
        down=HELD if above else FREE,
        smaller=HELD_SMALLER if left or right or above else HeadLimits().smaller,
    )


@dataclass(frozen=True, slots=True)
class TouchedEdges:
    """Where along its edges the picture cuts the person off. places: (N,), along an edge in 0..1 of the crop,
    from beyond it on both sides. The rest: (N,) in 0..1, how much a place of that edge is touched."""

    places: F32
    left: F32
    right: F32
    top: F32
    bottom: F32

    def at(self, edge: str, places: Array) -> Array:
        """How much an edge, "left" for instance, is touched at these places along it, 0..1."""
        return np.asarray(np.interp(places, self.places, getattr(self, edge)))


def touched_edges(persona: PersonaData) -> TouchedEdges:
    """Of the picture's edges."""
    low, high = picture_edges(persona)
    before = (SURROUNDINGS - 1) / 2
    cell = SURROUNDINGS / MATTE_SIDE

    def line(place: float) -> int:
        return int(np.clip((place + before) / cell, 0, MATTE_SIDE - 1))

    def touched(strip: U8) -> F32:
        reach = round(TOUCHES / cell)
        person = (strip.max(0, keepdims=True) > SOLID).astype(np.float32)
        wide = cv2.dilate(person, np.ones((1, 2 * reach + 1), np.uint8))
        return np.asarray(cv2.blur(wide, (2 * reach + 1, 1))[0], np.float32)

    first, last = line(low[0]), line(high[0] - cell)
    upper, lower = line(low[1]), line(high[1] - cell)
    matte = persona.matte.copy()
    matte[:, :first] = matte[:, last + 1 :] = matte[:upper] = matte[lower + 1 :] = 0
    return TouchedEdges(
        places=((np.arange(MATTE_SIDE) + 0.5) * cell - before).astype(np.float32),
        left=touched(matte[:, first : first + CUT].T),
        right=touched(matte[:, last + 1 - CUT : last + 1].T),
        top=touched(matte[upper : upper + CUT]),
        bottom=touched(matte[lower + 1 - CUT : lower + 1]),
    )


def picture_edges(persona: PersonaData) -> tuple[np.ndarray, np.ndarray]:
    """(2,) twice: the picture's left and upper edge, and its right and lower one, in 0..1 of the crop."""
    crop = persona.crop
    height, width = persona.picture.shape[:2]
    low = -np.array([crop.x, crop.y], np.float64) / crop.side
    return low, low + np.array([width, height], np.float64) / crop.side
