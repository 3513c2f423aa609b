"""A person's own teeth: the mouth that shows most of them, brought to where the portrait has its."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam import geometry as geo
from livecam.arrays import F32, F64
from livecam.face import landmarks as lm
from livecam.face.measures import lip_gap, mouth_width
from livecam.frames import RGB
from livecam.persona.skin import cheek_pixels
from livecam.persona.teeth import SHOWS_TEETH, OwnMouth, teeth_mask
from livecam.persona.types import Shots

FARTHEST: Final = np.radians(25.0)
"""Mouths of heads turned further than this against the portrait are not used: half of one is hidden.
The less a head is turned, the more its teeth count. By eye."""
MORE: Final = 1.2
"""So many times the portrait's own teeth a shot has to show: the portrait itself is among the shots. By
eye."""
GAINS: Final = (0.6, 1.6)
"""How far the shot's light may be changed to the portrait's, as factors by colour. By eye."""
INSET: Final = 0.02
"""Mouth widths from the landmarks inwards: what is nearer may be lip. By eye."""


def own_mouth(image: RGB, points: F32, shots: Shots) -> OwnMouth | None:
    """The mouth among the shots that shows most teeth, as the portrait would; None where there is none.

    image: S x S x 3, points: (478, 3) in 0..1 of it.
    """
    chosen = toothiest(image, points, shots)
    if chosen is None:
        return None
    return _aligned_mouth(image, points, shots.pictures[chosen], shots.landmarks[chosen])


def toothiest(image: RGB, points: F32, shots: Shots) -> int | None:
    """Which of the shots shows most teeth; None where the portrait shows about as many, or none any.

    image: S x S x 3, points: (478, 3) in 0..1 of it.
    """
    chosen, most = None, MORE * _teeth_area(image, points)
    for k, own in enumerate(shots.landmarks):
        shown = _teeth_area(shots.pictures[k], own) * max(0.0, 1 - _angle_between(points, own) / FARTHEST)
        if shown > most:
            chosen, most = k, shown
    return chosen


def _teeth_area(picture: RGB, points: F32) -> float:
    """Area of the teeth that show, as a share of the mouth width's square; 0 in a mouth about shut."""
    if lip_gap(points) < SHOWS_TEETH:
        return 0.0
    area = teeth_mask(picture, points[list(lm.MOUTH), :2], cheek_pixels(picture, points)).mean()
    return float(area / mouth_width(points.astype(np.float64)) ** 2)


def _aligned_mouth(image: RGB, points: F32, picture: RGB, own: F32) -> OwnMouth:
    """Teeth sit in the skull, so they lie as the head lies, whatever the lips do."""
    size, side = image.shape[0], picture.shape[0]
    scale, turn, shift = _head_alignment(points, own)
    depth = float(points[list(lm.MOUTH), 2].mean())
    linear = scale * turn[:2, :2]
    # (x, y) of the portrait lies at linear @ (x, y) + offset in the shot.
    offset = scale * turn[:2, 2] * depth + shift[:2]
    corner = np.full(2, 0.5 / size)
    pixels = np.concatenate([linear * side / size, ((linear @ corner + offset) * side - 0.5)[:, None]], 1)
    moved = cv2.warpAffine(
        picture,
        pixels,
        (size, size),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    outline = (own[list(lm.MOUTH), :2].astype(np.float64) - offset) @ np.linalg.inv(linear).T
    gain = np.clip(_skin_colour(image, points) / np.maximum(_skin_colour(picture, own), 1.0), *GAINS)
    moved = np.clip(moved * gain + 0.5, 0, 255).astype(np.uint8)
    return OwnMouth(np.ascontiguousarray(moved), _inset_lips(outline).astype(np.float32))


def _head_alignment(points: F32, own: F32) -> tuple[float, F64, F64]:
    """Scale, rotation and shift that bring the portrait's head to the shot's."""
    stable = list(lm.STABLE)
    return geo.similarity(points[stable].astype(np.float64), own[stable].astype(np.float64))


def _angle_between(points: F32, own: F32) -> float:
    """Radians between two heads."""
    _, turn, _ = _head_alignment(points, own)
    return float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


def _skin_colour(picture: RGB, points: F32) -> F64:
    """(3,): the colour between mouth and cheeks."""
    return np.asarray(np.median(cheek_pixels(picture, points), axis=0), np.float64)


def _inset_lips(outline: F64) -> F64:
    """Drawn together up and down by `INSET` of its width."""
    above = outline[:, 1] - outline[:, 1].mean()
    inwards = np.minimum(INSET * np.ptp(outline[:, 0]), np.abs(above)) * np.sign(above)
    return np.asarray(outline - np.stack([np.zeros_like(inwards), inwards], 1), np.float64)
