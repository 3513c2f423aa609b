"""A picture turned, mirrored or made smaller, as a square; and points seen in it brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks

SKIPS_BELOW: Final = 0.5
"""Zoom below which bilinear sampling skips pixels; the picture is shrunk first so that none is."""


@dataclass(frozen=True, slots=True, eq=False)
class RotatedCrop:
    """Place p of the picture lies at `turn` p + `shift` in a square of `side` pixels.

    Places count from the corner of the first pixel, as MediaPipe's do; OpenCV counts from its centre.
    """

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]
    side: int
    mirror: bool = False

    @classmethod
    def about(
        cls, middle: NDArray[np.float64], zoom: float, degrees: float, side: int, mirror: bool = False
    ) -> RotatedCrop:
        """With `middle` in the square's middle."""
        angle = np.deg2rad(degrees)
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if mirror:
            turn = np.diag([-1.0, 1.0]) @ turn
        return cls(turn, side / 2 - turn @ middle, side, mirror)

    @property
    def zoom(self) -> float:
        return float(np.sqrt(abs(np.linalg.det(self.turn))))

    def there(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2) of the picture -> of the square."""
        return np.asarray(places @ self.turn.T + self.shift, np.float64)

    def back(self, points: Landmarks) -> Landmarks:
        """(478, 3) of a face seen in the square -> of the picture, left and right as they are there."""
        places = (points[:, :2] - self.shift) @ np.linalg.inv(self.turn).T
        found = np.column_stack([places, points[:, 2] / self.zoom]).astype(np.float32)
        return found[lm.mirror_index()] if self.mirror else found

    def cut(self, image: RGB) -> RGB:
        """side x side x 3; the picture's edges are continued."""
        turn = self.turn
        if self.zoom < SKIPS_BELOW:
            shrink = max(1, int(SKIPS_BELOW / self.zoom) + 1)
            height, width = (max(1, side // shrink) for side in image.shape[:2])
            ratio = np.array([image.shape[1] / width, image.shape[0] / height])
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
            turn = turn * ratio
        matrix = np.column_stack([turn, turn @ [0.5, 0.5] + self.shift - 0.5])
        size = (self.side, self.side)
        crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(crop, np.uint8)
