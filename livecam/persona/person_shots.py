"""What the refiner knows of a person: pictures of them, and the style that an embedder made of those.

The pictures stay with the persona, so that other weights can look at them again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.weights import EMBEDDER, Weights

if TYPE_CHECKING:
    from livecam.persona.types import Persona

log = logging.getLogger(__name__)
F32 = NDArray[np.float32]
SIDE: Final = 512
"""Pixels of the crop that shots are cut from: what the embedder was trained on."""
MOST_SHOTS: Final = 32
PORTRAIT: Final = 0.5
"""The portrait's share of a style, for it is what is warped. On four clips with eight pictures mouths have
19.5, 19.6 and 19.7 dB with an eighth, half and all of it, eyes 26.15, 26.13 and 26.10."""


@dataclass(frozen=True, slots=True)
class Shots:
    """K pictures of a person. pictures: (K, C, C, 3) uint8 RGB; landmarks: (K, 478, 3) float32 in 0..1 of
    it."""

    pictures: NDArray[np.uint8]
    landmarks: F32

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class Style:
    """values: (1, N) float32, scales and shifts of the refiner's layers. weights: the name of those they
    belong to. steps: of fine-tuning, 0 for what the embedder gave."""

    values: F32
    weights: str
    steps: int = 0


def shot(crop: RGB, landmarks: F32) -> tuple[RGB, F32]:
    """An enrolled crop, S x S x 3, and landmarks (478, 3) in 0..1 of it -> a picture and landmarks of
    `Shots`."""
    square = alignment.face_square(landmarks)
    x, y = square.to_crop(landmarks[:, 0], landmarks[:, 1])
    z = landmarks[:, 2] / float(np.hypot(square.across_x, square.across_y))
    return alignment.cut(crop, square), np.stack([x, y, z], 1).astype(np.float32)


def together(shots: Sequence[tuple[RGB, F32]]) -> Shots:
    """Raises ValueError for none."""
    return Shots(np.stack([picture for picture, _ in shots]), np.stack([points for _, points in shots]))


def of_portrait(persona: Persona) -> Shots:
    """The portrait itself, as the only picture."""
    from livecam.persona import enroll

    crop = enroll.cut(persona.picture, persona.crop, SIDE)
    return together([shot(crop, persona.landmarks)])


def portrait_view(persona: Persona) -> tuple[RGB, F32]:
    """The portrait that the refiner repairs from, S x S x 3, and its landmarks (478, 3) in 0..1 of it."""
    from livecam.persona import enroll

    return enroll.cut(persona.picture, persona.crop, persona.size), persona.landmarks


def embed(shots: Shots, weights: Weights) -> F32:
    """(1, N): a weighted mean of the pictures' styles, which is the style of the mean of their e, since P is
    linear. The first picture, the portrait, counts for as much as all others together: `PORTRAIT`.

    Raises:
        UserError: the embedder's file is missing or damaged.
        EngineError: it cannot be run.
    """
    from livecam.engines import open_engine

    engine = open_engine("cpu", weights.file(EMBEDDER), threads=1)
    try:
        rows = [engine.run(_feeds(*pair, weights.size))["refiner_style"] for pair in _pairs(shots)]
    finally:
        engine.close()
    if len(rows) == 1:
        return np.asarray(rows[0], np.float32)
    return np.asarray(PORTRAIT * rows[0] + (1 - PORTRAIT) * np.mean(rows[1:], axis=0), np.float32)


def with_style(persona: Persona, weights: Weights) -> Persona:
    """The persona with a style for these weights: its own, or one made now from its pictures.

    Raises:
        UserError, EngineError: as `embed`.
    """
    style = persona.style
    if style is not None and style.weights == weights.name and style.values.shape == (1, weights.style):
        return persona
    if style is not None and style.steps:
        log.warning("%s was fine-tuned for other weights: enrol it again with --steps", persona.name)
    shots = persona.shots or of_portrait(persona)
    return replace(persona, shots=shots, style=Style(embed(shots, weights), weights.name))


def _pairs(shots: Shots) -> Sequence[tuple[RGB, F32]]:
    return list(zip(shots.pictures, shots.landmarks, strict=True))


def _feeds(picture: RGB, landmarks: F32, size: int) -> dict[str, NDArray[Any]]:
    """A shot as the embedder's graph takes it; weights may have been trained for another size."""
    from livecam.generator.inputs import planes
    from livecam.render.cpu.refiner import draw_rasters  # numba: only where a style is made

    if picture.shape[0] != size:
        picture = np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))
    whole = alignment.Square(0.5, 0.5, 1.0, 0.0)
    rasters = draw_rasters(landmarks, whole, size // 2)[None]
    return {"refiner_source": planes(picture), "refiner_source_rasters": rasters}
