"""Pictures of a person as the embedder sees them: face-aligned crops with landmarks.

They stay with the persona, so that other weights can look at them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.persona.crop import cut_crop
from livecam.persona.types import PersonaData, Shots

SIDE: Final = 512
"""Pixels of the crop that shots are cut from: what the embedder was trained on."""
MOST_SHOTS: Final = 32


def aligned_shot(crop: RGB, landmarks: F32) -> tuple[RGB, F32]:
    """An enrolled crop, S x S x 3, and landmarks (478, 3) in 0..1 of it -> a picture and landmarks of
    `Shots`."""
    square = alignment.face_square(landmarks)
    x, y = square.to_crop(landmarks[:, 0], landmarks[:, 1])
    z = landmarks[:, 2] / float(np.hypot(square.across_x, square.across_y))
    return alignment.cut(crop, square), np.stack([x, y, z], 1).astype(np.float32)


def stack_shots(shots: Sequence[tuple[RGB, F32]]) -> Shots:
    """Raises ValueError for none."""
    return Shots(np.stack([picture for picture, _ in shots]), np.stack([points for _, points in shots]))


def portrait_shots(persona: PersonaData) -> Shots:
    """The portrait itself, as the only picture."""
    crop = cut_crop(persona.picture, persona.crop, SIDE)
    return stack_shots([aligned_shot(crop, persona.landmarks)])


def portrait_view(persona: PersonaData) -> tuple[RGB, F32]:
    """The portrait that the refiner repairs from, S x S x 3, and its landmarks (478, 3) in 0..1 of it."""
    return cut_crop(persona.picture, persona.crop, persona.size), persona.landmarks
