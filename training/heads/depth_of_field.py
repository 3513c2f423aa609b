"""Only what lies as far away as the eyes is sharp: blur that grows with the distance from there.

A thin lens throws a point at distance d as a disc of diameter A F |1/s - 1/d| into the picture: A is the
width of its opening, s the distance of what is sharp, F the picture's focal length in pixels (Potmesil and
Chakravarty, "A lens and aperture camera model for synthetic image generation", 1981, far from the lens).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from training.heads.camera import Camera
from training.heads.data import Floats

SENSOR: Final = 2.4
"""cm: side of the square picture behind the lens, for f-numbers as photographers count them."""
_LEAST: Final = 0.3
"""Pixels of sigma below which a blur is not seen."""


@dataclass(frozen=True, slots=True)
class Focus:
    """aperture: width of the lens's opening; sharp, wall: distances of the eyes and the backdrop; all cm."""

    aperture: float
    sharp: float
    wall: float


def focus(camera: Camera, f_number: float, eyes: Floats, behind: float) -> Focus:
    """`eyes` (n, 3): world points to focus on; `behind`: cm from the head's origin to the backdrop."""
    length = SENSOR / 2 / np.tan(np.deg2rad(camera.field_of_view) / 2)
    return Focus(
        aperture=float(length / f_number),
        sharp=float(camera.distance - eyes[:, 2].mean()),
        wall=camera.distance + behind,
    )


def sigma(camera: Camera, lens: Focus, distance: Floats | float, size: int) -> Floats:
    """Pixels of Gaussian blur at a distance in cm, in a picture `size` pixels wide.

    A disc of diameter c spreads as far as a Gaussian of c / 4.
    """
    focal = size / 2 / np.tan(np.deg2rad(camera.field_of_view) / 2)
    away = np.abs(1 / lens.sharp - 1 / np.asarray(distance, np.float32))
    return np.asarray(lens.aperture * focal / 4 * away, np.float32)


def blur_person(picture: Floats, wanted: Floats) -> Floats:
    """(H, W, 4) premultiplied colour and cover, blurred by (H, W) pixels each: the same shape.

    A few even blurs are mixed; where there is nobody, the blur of the nearest outline counts, so that an
    outline spreads over what is behind it.
    """
    cover = np.ascontiguousarray(picture[..., 3])
    widest = float((wanted * (cover > 0)).max(initial=0.0))
    if widest < _LEAST:
        return picture
    around = max(2.0, widest * 1.5)
    known = cv2.GaussianBlur(cover, (0, 0), around)
    spread = cv2.GaussianBlur(wanted * cover, (0, 0), around) / np.maximum(known, 1e-3)
    wanted = wanted * cover + spread * (1 - cover)
    levels = [0.0, widest / 3, 2 * widest / 3, widest]
    result = np.zeros_like(picture)
    for k, level in enumerate(levels):
        share = np.clip(1 - np.abs(wanted / (widest / 3) - k), 0, 1)
        if k == len(levels) - 1:
            share = np.where(wanted > level, 1, share)
        blurred = picture if level < _LEAST else cv2.GaussianBlur(picture, (0, 0), level)
        result += blurred * share[..., None].astype(np.float32)
    return result
