"""The finished picture pans and zooms a little, as a camera before the driver would."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32
from livecam.frames import RGB
from livecam.geometry import Array

BASE_ZOOM: Final = 1.12
"""How much larger the picture is shown than without: the room for panning. By eye."""


def pan(picture: RGB, view: F32) -> RGB:
    """The picture at the same size, a fresh one, as `view` shows it; nothing outside of it is ever uncovered.

    picture: H x W x 3 uint8. view: (3,) as in `livecam.motion.types.Motion`: how far it goes right and down,
    in shares of its height, and the logarithm of its size. More than there is room for is cut off.
    """
    height, width = picture.shape[:2]
    return cv2.warpAffine(
        picture,
        view_map(view, width, height),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,  # asked for at most half a pixel beyond the outermost centres
    )


def view_map(view: F32, width: int, height: int) -> Array:
    """(2, 3): where places of the picture go, in pixels from the centre of the first one."""
    zoom = max(BASE_ZOOM * float(np.exp(view[2])), 1.0)
    size = np.array([width, height], np.float64)
    room = (zoom - 1) / 2 * size
    middle = (size - 1) / 2
    shift = np.clip(view[:2].astype(np.float64) * height, -room, room)
    return np.concatenate([zoom * np.eye(2), (middle - zoom * middle + shift)[:, None]], 1)
