"""A mouth that is known from a picture: which of its pixels are teeth, and what of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, F64, U8
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask, push_pull

SHOWS_TEETH: Final = 0.12
"""Lip gap, in mouth widths, above which a mouth is worth keeping. By eye."""
LIGHT, COLD = 0.75, 1.06
"""Teeth have at least so much of the skin's light, and so much of its green and blue beside its red. By
eye."""
FEWEST: Final = 2e-4
"""Share of the picture below which a few pixels of teeth say nothing of their colour. By eye."""
RIM: Final = 0.10
"""Mouth widths from the outline of a known mouth inwards, where lips may have got into it: landmarks are not
exact. Of that, only teeth are kept. By eye."""
BEYOND: Final = 0.05
"""Mouth widths that what is kept is continued outwards, to pass into what is painted. By eye."""
RIM_OVER_SPECK: Final = 3
"""The rim over the radius of the median filter that takes single pixels out of what is known. By eye."""


@dataclass(frozen=True, slots=True)
class OwnMouth:
    """A person's own open mouth. picture: S x S x 3, in the place and light of the portrait; outline: (N, 2),
    its inner lips in 0..1 of that. portrait: whether it is the portrait's own, behind its own lips."""

    picture: RGB
    outline: F32
    portrait: bool = False


def teeth_mask(picture: RGB, outline: F32, skin_pixels: F64) -> NDArray[np.bool_]:
    """H x W: what looks like teeth inside the inner lips (N, 2), in 0..1. skin_pixels: (P, 3)."""
    inside = polygon_mask(picture.shape[0], outline, -1) > 127
    skin = np.median(skin_pixels, axis=0)
    red, green, blue = (picture[..., k].astype(np.float64) for k in range(3))
    cold = (green + blue) * skin[0] > COLD * red * (skin[1] + skin[2])
    return np.asarray(inside & cold & (red + green + blue > LIGHT * skin.sum()))


def teeth_colour(own: OwnMouth, skin_pixels: F64, painted: F64) -> F64:
    """(3,): the colour of the teeth, so that those painted beside them match; `painted` where none show."""
    found = teeth_mask(own.picture, own.outline, skin_pixels)
    if found.sum() < FEWEST * found.size:
        return painted
    return np.asarray(np.median(own.picture[found], axis=0), np.float64)


def known_mouth(own: OwnMouth, width: float, skin_pixels: F64) -> tuple[F64, F64]:
    """S x S x 3 and S x S x 1: what is known of it, and how much it covers, 0..1. width: of the mouth, in
    0..1 of the picture."""
    size = own.picture.shape[0]
    known = _known_pixels(own, skin_pixels, RIM * width * size)
    away = cv2.distanceTransform(1 - known, cv2.DIST_L2, 3) / (size * width)
    share = smoothstep(BEYOND, 0.0, away)[..., None]
    near = push_pull(own.picture, known)
    return np.where(known[..., None] > 0, own.picture, near).astype(np.float64), share


def _known_pixels(own: OwnMouth, skin_pixels: F64, rim: float) -> U8:
    """H x W, 0 or 1: teeth, and in a mouth that is wide enough what lies further than `rim` pixels inside; of
    the portrait's own, all."""
    inside = (polygon_mask(own.picture.shape[0], own.outline, -1) > 127).astype(np.uint8)
    if own.portrait:
        return inside
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    deep = (depth > rim) & (depth.max() > 2 * rim)
    known = (deep | teeth_mask(own.picture, own.outline, skin_pixels)).astype(np.uint8)
    return cv2.erode(cv2.medianBlur(known, 2 * int(rim / RIM_OVER_SPECK) + 1), np.ones((3, 3), np.uint8))
