"""Where lips, brows, beard and lid rims lie on the face's texture, drawn through MediaPipe's points."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import splev, splprep

from livecam.face import landmarks as points
from training.heads.data import Floats, HeadData

SIZE: Final = 1024
BROWS: Final = tuple((brow[:5], brow[5:]) for brow in points.BROWS)
"""Image-left and image-right; each the upper and the lower edge from the outer to the inner end."""
_JAW: Final = (
    127,
    234,
    93,
    132,
    58,
    172,
    136,
    150,
    149,
    176,
    148,
    152,
    377,
    400,
    378,
    379,
    365,
    397,
    288,
    361,
    323,
    454,
    356,
)
_CHEEK_LINE: Final = (447, 345, 352, 411, 427, 436, 426, 327, 2, 98, 206, 216, 207, 187, 123, 116, 227)


def landmark_texture(data: HeadData) -> Floats:
    """(478, 2) texture coordinates of MediaPipe's points."""
    corners = data.texture[data.texture_triangles[data.landmark_triangles]]
    place: Floats = np.einsum("lkc,lk->lc", corners, data.landmark_weights)
    return place


def face_masks(data: HeadData) -> NDArray[np.uint8]:
    """(1024, 1024, 4) lips, brows, beard, rims of lids and lips; row 0 is v = 0."""
    place = landmark_texture(data) * SIZE
    lips = _filled(smooth_loop(place[list(points.OUTER_LIPS)]), blur=4.0)
    brows = np.zeros((SIZE, SIZE), np.float32)
    for upper, lower in BROWS:
        brows = np.maximum(brows, _filled(np.r_[place[list(upper)], place[list(lower)][::-1]], blur=5.0))
    # The texture's v grows upwards, so the neck lies at smaller v.
    jaw = place[list(_JAW)] - np.array([0.0, 1.0]) * SIZE * 0.03
    beard = _filled(np.r_[jaw, place[list(_CHEEK_LINE)]], blur=16.0)
    rims = np.zeros((SIZE, SIZE), np.uint8)
    for loop in (points.LEFT_EYE, points.RIGHT_EYE):
        outline = np.round(smooth_loop(place[list(loop)]) * 16).astype(np.int32)
        cv2.polylines(rims, [outline], True, 255, 5, cv2.LINE_AA, shift=4)
    inner = place[list(points.MOUTH)]
    cv2.polylines(rims, [np.round(inner * 16).astype(np.int32)], True, 255, 5, cv2.LINE_AA, shift=4)
    rim = cv2.GaussianBlur(rims, (0, 0), 2.0).astype(np.float32) / 255
    return (np.stack([lips, brows, beard, rim], axis=-1) * 255).astype(np.uint8)


def smooth_loop(outline: NDArray[np.floating], count: int = 120) -> NDArray[np.float64]:
    """(count, 2) a closed spline through the outline."""
    closed = np.r_[outline, outline[:1]]
    spline, _ = splprep(closed.T, s=0, per=True)
    return np.array(splev(np.linspace(0, 1, count, endpoint=False), spline)).T


def _filled(outline: NDArray[np.floating], blur: float) -> NDArray[np.float32]:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(mask, (0, 0), blur).astype(np.float32) / 255
