"""The 478 points: which is which, and how they hang together.

Numbers are MediaPipe's. "Left" and "right" are the image's, for a face that looks at the camera. The
triangles in `mesh.npz` come from MediaPipe's FACEMESH_TESSELATION edges (Apache-2.0); no MediaPipe is
needed to use them.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

COUNT: Final = 478
MESH_COUNT: Final = 468
"""The first 468 points are the skin's mesh; the last ten are the irises."""

NOSE_TIP: Final = 1
CHIN: Final = 152
FOREHEAD: Final = 10
LEFT_CHEEK: Final = 234
RIGHT_CHEEK: Final = 454

FACE_OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Clockwise from the middle of the forehead."""

# Corner to corner, image-left first; upper and lower lists are paired point by point.
INNER_LIP_UPPER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LIP_LOWER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_LIP_UPPER: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LIP_LOWER: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
INNER_MOUTH_CORNERS: Final = (INNER_LIP_UPPER[0], INNER_LIP_UPPER[-1])
LIPS: Final = tuple(
    sorted(
        {*INNER_LIP_UPPER, *INNER_LIP_LOWER, *OUTER_LIP_UPPER, *OUTER_LIP_LOWER}
        | {72, 73, 74, 184, 183, 42, 41, 38, 11, 12, 268, 271, 272, 302, 303, 304, 407, 408}
        | {76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325}
        | {292}
    )
)
"""Every point on the lips, between the inner and the outer outline included."""

# The lips' four rows, from their outer outlines to their inner ones, paired as those.
UPPER_LIP_ROWS: Final = (
    OUTER_LIP_UPPER,
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    INNER_LIP_UPPER,
)
LOWER_LIP_ROWS: Final = (
    OUTER_LIP_LOWER,
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    INNER_LIP_LOWER,
)

# Skin beside the lips and, point by point, where on the lips it is next to; round each corner of the mouth,
# first what touches it, then what is next.
ALONG_LIPS: Final = (164, 167, 165, 92, 393, 391, 322, 18, 83, 182, 106, 313, 406, 335)
LIPS_ALONG: Final = (0, 37, 39, 40, 267, 269, 270, 17, 84, 181, 91, 314, 405, 321)
MOUTH_CORNERS: Final = (61, 291)
"""The outer outline's."""
AT_CORNERS: Final = ((57, 43, 186), (287, 273, 410))
NEAR_CORNERS: Final = ((212, 202), (432, 422))

LEFT_EYE_UPPER: Final = (33, 246, 161, 160, 159, 158, 157, 173, 133)
LEFT_EYE_LOWER: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133)
RIGHT_EYE_UPPER: Final = (362, 398, 384, 385, 386, 387, 388, 466, 263)
RIGHT_EYE_LOWER: Final = (362, 382, 381, 380, 374, 373, 390, 249, 263)
LEFT_IRIS: Final = (468, 469, 470, 471, 472)
RIGHT_IRIS: Final = (473, 474, 475, 476, 477)
"""Centre first, then four points on the rim."""
EYES: Final = (
    (LEFT_EYE_UPPER, LEFT_EYE_LOWER, LEFT_IRIS),
    (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER, RIGHT_IRIS),
)
LEFT_EYE_CORNERS: Final = (LEFT_EYE_UPPER[0], LEFT_EYE_UPPER[-1])
RIGHT_EYE_CORNERS: Final = (RIGHT_EYE_UPPER[0], RIGHT_EYE_UPPER[-1])
OUTER_EYE_CORNERS: Final = (33, 263)

BROWS: Final = (
    (70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
    (300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
)
"""Upper edge from the temple to the nose, then the lower one."""

# The lash row and, point by point, the crease above it.
LASHES: Final = (246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398)
CREASES: Final = (247, 30, 29, 27, 28, 56, 190, 467, 260, 259, 257, 258, 286, 414)
# The edge of the lower lid and, point by point, the fold below it.
LOWER_LIDS: Final = (7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382)
LOWER_FOLDS: Final = (25, 110, 24, 23, 22, 26, 112, 255, 339, 254, 253, 252, 256, 341)

STABLE: Final = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389,
    127, 356, 33, 133, 362, 263, 143, 372, 34, 264, 139, 368, 71, 301,
)  # fmt: skip
"""Points that expressions hardly move: forehead, temples, eye corners, bridge of the nose."""


def loop(upper: tuple[int, ...], lower: tuple[int, ...]) -> tuple[int, ...]:
    """The closed outline of an upper and a lower list that share their corners."""
    return upper + lower[::-1][1:-1]


MOUTH: Final = loop(INNER_LIP_UPPER, INNER_LIP_LOWER)
OUTER_LIPS: Final = loop(OUTER_LIP_UPPER, OUTER_LIP_LOWER)
LEFT_EYE: Final = loop(LEFT_EYE_UPPER, LEFT_EYE_LOWER)
RIGHT_EYE: Final = loop(RIGHT_EYE_UPPER, RIGHT_EYE_LOWER)
UPPER_LIDS: Final = (
    loop((33, *CREASES[:7], 133), LEFT_EYE_UPPER),
    loop((362, *CREASES[:6:-1], 263), RIGHT_EYE_UPPER),
)
"""The skin between lash row and crease of the left and the right eye, as closed outlines."""


def mirror_index() -> NDArray[np.intp]:
    """(478,): for each point, the point that takes its place in a mirrored face."""
    return _table("mirror").astype(np.intp)


def _table(name: str) -> NDArray[np.int32]:
    with (files("livecam.face") / "mesh.npz").open("rb") as f:
        table: NDArray[np.int32] = np.load(f, allow_pickle=False)[name]
    return table


def skin_triangles() -> NDArray[np.int32]:
    """(852, 3) triangles of the skin; mouth and eyes are open holes."""
    return _table("skin")


def hole_triangles() -> NDArray[np.int32]:
    """(46, 3) triangles that close the mouth and the eyes between the paired lists."""
    return _table("holes")
