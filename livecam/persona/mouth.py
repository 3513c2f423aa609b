"""A person's own teeth: the widest open mouth of all pictures, brought to where the portrait has its."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.persona.interior import SHOWS_TEETH, OwnMouth, cheeks, lip_gap
from livecam.persona.likeness import Shots

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

FARTHEST: Final = np.radians(25.0)
"""Mouths of heads turned further than this against the portrait are not used: half of one is hidden."""
GAINS: Final = (0.6, 1.6)
"""How far the shot's light may be changed to the portrait's."""
INSET: Final = 0.02
"""Mouth widths from the landmarks inwards: what is nearer may be lip."""


def own_mouth(image: RGB, points: F32, shots: Shots) -> OwnMouth | None:
    """The widest open mouth among the shots, as the portrait would show it; None where there is none.

    image: S x S x 3, points: (478, 3) in 0..1 of it.
    """
    chosen = widest(points, shots)
    if chosen is None:
        return None
    return _brought(image, points, shots.pictures[chosen], shots.landmarks[chosen])


def widest(points: F32, shots: Shots) -> int | None:
    """Which of the shots has the widest mouth; None where the portrait's own is as wide, or none shows teeth.

    points: (478, 3), the portrait's landmarks in any unit.
    """
    chosen, most = None, max(SHOWS_TEETH, lip_gap(points))
    for k, own in enumerate(shots.landmarks):
        gap = lip_gap(own)
        if gap > most and _turn(points, own) < FARTHEST:
            chosen, most = k, gap
    return chosen


def _brought(image: RGB, points: F32, picture: RGB, own: F32) -> OwnMouth:
    """Teeth sit in the skull, so they lie as the head lies, whatever the lips do."""
    size, side = image.shape[0], picture.shape[0]
    scale, turn, shift = _fit(points, own)
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
    gain = np.clip(_skin(image, points) / np.maximum(_skin(picture, own), 1.0), *GAINS)
    moved = np.clip(moved * gain + 0.5, 0, 255).astype(np.uint8)
    return OwnMouth(np.ascontiguousarray(moved), _inset(outline).astype(np.float32))


def _fit(points: F32, own: F32) -> tuple[float, F64, F64]:
    """Scale, rotation and shift that bring the portrait's head to the shot's."""
    stable = list(lm.STABLE)
    return geo.similarity(points[stable].astype(np.float64), own[stable].astype(np.float64))


def _turn(points: F32, own: F32) -> float:
    """Radians between two heads."""
    _, turn, _ = _fit(points, own)
    return float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


def _skin(picture: RGB, points: F32) -> F64:
    """(3,): the colour between mouth and cheeks."""
    return np.asarray(np.median(cheeks(picture, points), axis=0), np.float64)


def _inset(outline: F64) -> F64:
    """Drawn together up and down by `INSET` of its width."""
    above = outline[:, 1] - outline[:, 1].mean()
    inwards = np.minimum(INSET * np.ptp(outline[:, 0]), np.abs(above)) * np.sign(above)
    return np.asarray(outline - np.stack([np.zeros_like(inwards), inwards], 1), np.float64)
