"""The matte beyond the crop: where the rest of the person is, whose trunk goes along with the head."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona import matte
from livecam.persona.crop import MATTE_SIDE, SURROUNDINGS, cut_crop, surroundings
from livecam.persona.types import Crop

SEAM: Final = 0.06
"""Shares of the crop within its edge over which its own, finer matte takes over."""


def whole_matte(
    picture: RGB, crop: Crop, points: F32, alpha: F32, person: NDArray[Any] | None = None
) -> tuple[F32, U8]:
    """The crop's matte, S x S in 0..1, and (MATTE_SIDE, MATTE_SIDE) uint8, that of its surroundings: at the
    crop's edge both are the same.

    picture: H x W x 3. points: (478, 3), 0..1 of the crop. alpha: S x S in 0..1, the crop's matte by itself.
    person: H x W in 0..1, the person's mask, where that is known.
    """
    around = surroundings(crop)
    if person is None:
        image = cut_crop(picture, around, MATTE_SIDE)
        placed = points.copy()
        placed[:, :2] += (SURROUNDINGS - 1) / 2
        whole = matte.person_alpha(image, _segmented(picture, around), placed / np.float32(SURROUNDINGS))
    else:
        whole = cut_crop(person, around, MATTE_SIDE).astype(np.float32)
    side = MATTE_SIDE // SURROUNDINGS
    low = (SURROUNDINGS - 1) // 2 * side
    part = whole[low : low + side, low : low + side]
    size = len(alpha)
    inwards = (np.arange(size) + 0.5) / size
    ramp = smoothstep(0, SEAM, np.minimum(inwards, 1 - inwards)).astype(np.float32)
    coarse = cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)
    joined = np.asarray(np.clip(coarse + ramp[:, None] * ramp[None] * (alpha - coarse), 0, 1), np.float32)
    part[:] = cv2.resize(joined, (side, side), interpolation=cv2.INTER_AREA)
    return joined, np.asarray(np.round(np.clip(whole, 0, 1) * 255), np.uint8)


def _segmented(picture: RGB, around: Crop) -> F32:
    """The segmenter's mask of what of the picture lies in the surroundings; beyond, its border repeated."""
    from livecam.face.segmenter import person_mask

    rows, columns = picture.shape[:2]
    left, top = max(round(around.x), 0), max(round(around.y), 0)
    right, bottom = min(round(around.x + around.side), columns), min(round(around.y + around.side), rows)
    mask = person_mask(np.ascontiguousarray(picture[top:bottom, left:right]))
    return cut_crop(mask, Crop(around.x - left, around.y - top, around.side), MATTE_SIDE)
