"""Where the face-aligned crop lies: a square around mouth and eyes, whatever the head's size and tilt. The
windows of mouth and eyes lie as it does (`livecam.generator.parts`).

The formulas use nothing but arithmetic and indexing, so the same lines serve NumPy arrays (live on a CPU, and
in training) and tensors (inside the graph); `tests/generator/test_alignment.py` holds the two together. No
torch is imported here.

The square stands on the line between the eyes. Its side is `SIDE` times the mean (root of the squares) of the
distance between the eyes and that from eyes to mouth: turning the head shortens the first, nodding the
second. `tests/generator/test_alignment.py` says how much of lids and lips it holds.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face.landmarks import INNER_MOUTH_CORNERS, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

SIZE: Final = 160
"""Side of the crop in pixels. At 512 the square is about 170 pixels wide, so hardly any detail is lost."""
SIDE: Final = 2.1
"""Sides of the crop over that mean distance; see above."""
NOD: Final = 0.93
"""Distance between the eyes' middles over that from eyes to mouth, for a face seen from the front."""
DOWN: Final = 0.57
"""The square's centre on the way from the eyes to the mouth: room for a jaw that drops."""
TINY: Final = 1e-7
"""Keeps landmarks that all lie in one place from dividing by 0. Squared unit of the landmarks. No smaller:
the exporter takes what is within 1e-8 of 0 for 0, and leaves out its addition."""

# Corners only: they hold still while lids and lips move.
LEFT_EYE: Final = LEFT_EYE_CORNERS
RIGHT_EYE: Final = RIGHT_EYE_CORNERS
MOUTH: Final = INNER_MOUTH_CORNERS


class Window(NamedTuple):
    """A rectangle in a picture, in the landmarks' unit: its centre, the way from its left to its right edge,
    and the way from its upper to its lower edge, at right angles to that. One whose left and right are
    exchanged shows a mirrored picture.

    All six are scalars, or arrays or tensors that broadcast with the points they are used with.
    """

    x: Any
    y: Any
    across_x: Any
    across_y: Any
    down_x: Any
    down_y: Any

    def to_picture(self, x: Any, y: Any) -> tuple[Any, Any]:
        """x and y in 0..1 of the window -> x and y in the picture."""
        x, y = x - 0.5, y - 0.5
        return (
            self.x + x * self.across_x + y * self.down_x,
            self.y + x * self.across_y + y * self.down_y,
        )

    def to_crop(self, x: Any, y: Any) -> tuple[Any, Any]:
        """x and y in the picture -> x and y in 0..1 of the window."""
        wide = self.across_x * self.across_x + self.across_y * self.across_y + TINY
        high = self.down_x * self.down_x + self.down_y * self.down_y + TINY
        x, y = x - self.x, y - self.y
        return (
            (x * self.across_x + y * self.across_y) / wide + 0.5,
            (x * self.down_x + y * self.down_y) / high + 0.5,
        )

    def around(self, x: Any, y: Any, across: float, down: float) -> Window:
        """One about (x, y) that lies as this one does, so many times as wide and as high; mirrored where
        `across` is negative."""
        wide = (self.across_x * across, self.across_y * across)
        return Window(x, y, *wide, self.down_x * down, self.down_y * down)


def square(x: Any, y: Any, across_x: Any, across_y: Any) -> Window:
    """The window as high as it is wide, from its centre and the way from its left to its right edge."""
    return Window(x, y, across_x, across_y, -across_y, across_x)


WHOLE: Final = square(0.5, 0.5, 1.0, 0.0)
"""All of a picture whose unit is its side."""


def face_square(landmarks: Any) -> Window:
    """landmarks (..., 478, 2 or more) -> the square of the face-aligned crop, in the same unit; parts are
    (...)."""
    left_x, left_y = _middle(landmarks, LEFT_EYE)
    right_x, right_y = _middle(landmarks, RIGHT_EYE)
    mouth_x, mouth_y = _middle(landmarks, MOUTH)
    eyes_x, eyes_y = (left_x + right_x) / 2, (left_y + right_y) / 2
    along_x, along_y = right_x - left_x, right_y - left_y
    below_x, below_y = mouth_x - eyes_x, mouth_y - eyes_y
    apart = along_x * along_x + along_y * along_y
    far = (below_x * below_x + below_y * below_y) * NOD**2
    stretch = SIDE * ((apart + far) / 2 / (apart + TINY)) ** 0.5
    return square(eyes_x + DOWN * below_x, eyes_y + DOWN * below_y, stretch * along_x, stretch * along_y)


def _middle(landmarks: Any, pair: tuple[int, int]) -> tuple[Any, Any]:
    a, b = landmarks[..., pair[0], :], landmarks[..., pair[1], :]
    return (a[..., 0] + b[..., 0]) / 2, (a[..., 1] + b[..., 1]) / 2


def cut(picture: NDArray[Any], window: Window, pixels: tuple[int, int] = (SIZE, SIZE)) -> NDArray[Any]:
    """A window of a square picture at `pixels`, width and height: S x S (x C), any dtype of OpenCV's;
    `window` in 0..1 of S.

    Bilinear, with an average first where the crop is less than half as fine. Beyond the picture its border is
    repeated.
    """
    side = picture.shape[0]
    wide = float(np.hypot(window.across_x, window.across_y)) * side
    if wide > 2 * pixels[0]:
        side = max(1, round(side * 2 * pixels[0] / wide))
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.warpAffine(
            picture,
            pixel_matrix(window, side, pixels),
            pixels,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def pixel_matrix(window: Window, side: int, pixels: tuple[int, int] = (SIZE, SIZE)) -> NDArray[np.float64]:
    """(2, 3): pixel (i, j) of a crop of `pixels`, width and height -> pixel of a side x side picture;
    `window` in 0..1, NumPy."""
    wide, high = pixels
    ax, ay = float(window.across_x) * side / wide, float(window.across_y) * side / wide
    dx, dy = float(window.down_x) * side / high, float(window.down_y) * side / high
    x, y = window.to_picture(0.5 / wide, 0.5 / high)  # the middle of the crop's first pixel
    return np.array([[ax, dx, float(x) * side - 0.5], [ay, dy, float(y) * side - 0.5]])
