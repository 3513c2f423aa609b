"""The square of a picture that is rendered: where it lies, and how it is cut out."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.persona.types import Crop

CROP_SCALE = 2.2
"""Side of the crop, in the longer sides of the landmarks' box: room for hair, neck and motion. By eye."""
CROP_UP = 0.04
"""How far the crop's centre lies above the face's, as a share of its side: room for hair. By eye."""

SURROUNDINGS: Final = 3
"""Sides of the crop across its surroundings: below them the trunk stands, and nobody is wider."""
MATTE_SIDE: Final = 192 * SURROUNDINGS
"""Pixels across the matte of the surroundings: the segmenter itself works at 256."""


def choose_crop(points: F32) -> Crop:
    """A square around the face with room for hair, neck and motion, on whole pixels of the picture.

    It may reach past the picture.
    """
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    side = round(CROP_SCALE * float((high - low).max()))
    x, y = (low + high) / 2 - side / 2
    return Crop(round(float(x)), round(float(y) - CROP_UP * side), side)


def surroundings(crop: Crop) -> Crop:
    """The square around a crop, its centre the same, in which the person is cut out."""
    more = (SURROUNDINGS - 1) / 2 * crop.side
    return Crop(crop.x - more, crop.y - more, SURROUNDINGS * crop.side)


def cut_crop(picture: NDArray[Any], crop: Crop, size: int) -> NDArray[Any]:
    """The crop at size x size, of a picture or a mask; beyond the picture its border is repeated."""
    k = size / crop.side
    if k < 0.5:  # shrink in two steps: bilinear alone would alias
        picture = cv2.resize(picture, None, fx=2 * k, fy=2 * k, interpolation=cv2.INTER_AREA)
        crop, k = Crop(crop.x * 2 * k, crop.y * 2 * k, crop.side * 2 * k), 0.5
    matrix = np.array([[k, 0, k / 2 - 0.5 - crop.x * k], [0, k, k / 2 - 0.5 - crop.y * k]])
    flags = cv2.INTER_LINEAR if k <= 1 else cv2.INTER_CUBIC
    out = cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out)
