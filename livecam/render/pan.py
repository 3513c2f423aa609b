"""The finished picture pans and zooms a little, as a camera before the driver would."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32
from livecam.frames import RGB
from livecam.geometry import Array, soft_limit

BASE_ZOOM: Final = 1.12
"""How much larger the picture is shown than without: the room for panning. By eye."""


def pan(picture: RGB, view: F32, face: tuple[float, float]) -> RGB:
    """The picture at the same size, a fresh one, as `view` shows it; nothing outside of it is ever uncovered.

    picture: H x W x 3 uint8. view: (3,) as in `livecam.motion.types.Motion`: how far it goes right and down,
    in shares of its height, and the logarithm of its size; limited softly to the room that there is. face: x
    and y in pixels of what stays in its place at rest, so that a head at the picture's edge is not cut.
    """
    height, width = picture.shape[:2]
    return cv2.warpAffine(
        picture,
        view_map(view, width, height, face),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,  # asked for at most half a pixel beyond the outermost centres
    )


def view_map(view: F32, width: int, height: int, face: tuple[float, float]) -> Array:
    """(2, 3): where places of the picture go, in pixels from the centre of the first one."""
    zoom = max(BASE_ZOOM * float(np.exp(view[2])), 1.0)
    size = np.array([width, height], np.float64)
    fixed = np.clip(face, 0, size) - 0.5
    before = (zoom - 1) * (fixed + 0.5)  # what lies outside of the canvas, on each of its sides
    after = (zoom - 1) * size - before
    wanted = view[:2].astype(np.float64) * height
    shift = soft_limit(wanted, np.where(wanted > 0, before, after))
    return np.concatenate([zoom * np.eye(2), (fixed - zoom * fixed + shift)[:, None]], 1)
