"""A person's style: what an embedder makes of their pictures, and the refiner paints by."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines import open_engine
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.inputs import planes
from livecam.generator.weights import EMBEDDER, Weights
from livecam.persona.person_shots import portrait_shots
from livecam.persona.types import PersonaData, Shots, Style
from livecam.render.cpu.rasters import draw_rasters

log = logging.getLogger(__name__)
PORTRAIT: Final = 0.5
"""The portrait's share of a style, for it is what is warped. On four clips with eight pictures mouths have
19.5, 19.6 and 19.7 dB with an eighth, half and all of it, eyes 26.15, 26.13 and 26.10."""


def embed_style(shots: Shots, weights: Weights) -> F32:
    """(1, N): a weighted mean of the pictures' styles, which is the style of the mean of their e, since P is
    linear. The first picture, the portrait, counts for as much as all others together: `PORTRAIT`.

    Raises:
        UserError: the embedder's file is missing or damaged.
        EngineError: it cannot be run.
    """
    engine = open_engine("cpu", weights.file(EMBEDDER), threads=1)
    try:
        rows = [engine.run(_feeds(*pair, weights.size))["style"] for pair in _pairs(shots)]
    finally:
        engine.close()
    if len(rows) == 1:
        return np.asarray(rows[0], np.float32)
    return np.asarray(PORTRAIT * rows[0] + (1 - PORTRAIT) * np.mean(rows[1:], axis=0), np.float32)


def with_style(persona: PersonaData, weights: Weights) -> PersonaData:
    """The persona with a style for these weights: its own, or one made now from its pictures.

    Raises:
        UserError, EngineError: as `embed_style`.
    """
    style = persona.style
    if style is not None and style.weights == weights.name and style.values.shape == (1, weights.style):
        return persona
    if style is not None and style.steps:
        log.warning("%s was fine-tuned for other weights: enrol it again with --steps", persona.name)
    shots = persona.shots or portrait_shots(persona)
    return replace(persona, shots=shots, style=Style(embed_style(shots, weights), weights.name))


def _pairs(shots: Shots) -> Sequence[tuple[RGB, F32]]:
    return list(zip(shots.pictures, shots.landmarks, strict=True))


def _feeds(picture: RGB, landmarks: F32, size: int) -> dict[str, NDArray[Any]]:
    """A shot as the embedder's graph takes it; weights may have been trained for another size."""

    if picture.shape[0] != size:
        picture = np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))
    rasters = draw_rasters(landmarks, alignment.WHOLE, (size // 2, size // 2))[None]
    return {"picture": planes(picture), "rasters": rasters}
