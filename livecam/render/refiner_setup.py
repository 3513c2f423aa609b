"""The refiner of a persona: which weights, and what it is told of the portrait."""

from __future__ import annotations

import logging
import os
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines import EngineError, open_engine
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.generator.weights import REFINER, SMALL, Weights, find_weights
from livecam.persona.person_shots import portrait_view
from livecam.persona.types import PersonaData
from livecam.render.cpu.int8 import faster_engine
from livecam.render.cpu.refiner import CpuRefiner, portrait_inputs
from livecam.render.style import with_style

log = logging.getLogger(__name__)

EXAMPLE_SHIFT: Final = 40
"""The crop's side over the pixels by which the rasters of an example are moved down: a talking mouth's way.
By eye."""


def weights_for(refine: bool) -> Weights | None:
    """The weights to use; None where none are wanted or there are none.

    Raises:
        UserError: there are some, but damaged.
    """
    if not refine:
        return None
    weights = find_weights()
    if weights is None:
        log.warning("no refiner's weights are installed: the picture is warped only")
    return weights


def cpu_refiner(persona: PersonaData, weights: Weights) -> CpuRefiner:
    """Corrects pictures of this persona on the CPU.

    Raises:
        UserError: a file of the weights is missing, damaged or cannot be run.
    """
    persona = ensure_style(persona, weights)
    assert persona.style is not None
    try:
        view = portrait_view(persona)
        engine = open_engine("cpu", weights.file(REFINER), threads=refiner_threads())
        if SMALL in weights:
            small = open_engine("cpu", weights.file(SMALL), threads=refiner_threads())
            engine = faster_engine(engine, small, _example(*view, persona.style.values, weights.size))
        return CpuRefiner(engine, *view, persona.style.values)
    except EngineError as error:
        raise _unusable(error) from error


def ensure_style(persona: PersonaData, weights: Weights) -> PersonaData:
    """The persona with a style for these weights, its own or one made now.

    Raises:
        UserError: the embedder is missing, damaged or cannot be run.
    """
    try:
        return with_style(persona, weights)
    except EngineError as error:
        raise _unusable(error) from error


def graph_inputs(persona: PersonaData, weights: Weights) -> dict[str, NDArray[Any]]:
    """What a generator's graph with these weights takes once for this persona, besides the layers.

    Raises:
        UserError: the embedder is missing, damaged or cannot be run.
    """
    persona = ensure_style(persona, weights)
    assert persona.style is not None
    return portrait_inputs(*portrait_view(persona), persona.style.values, weights.size)


def _example(picture: RGB, landmarks: F32, style: F32, size: int) -> dict[str, NDArray[Any]]:
    """A frame for the refiner, as if mouth and eyes had moved down: at rest it would have nothing to do."""
    told = portrait_inputs(picture, landmarks, style, size)
    rasters = np.roll(told["refiner_source_rasters"], size // EXAMPLE_SHIFT, axis=2)
    return told | {"crop": told["refiner_source"], "rasters": np.ascontiguousarray(rasters)}


def refiner_threads() -> int:
    """For the refiner on a CPU: one of two cores, at most two of more. The rest belongs to the call."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 if cores >= 4 else 1


def _unusable(error: EngineError) -> UserError:
    todo = "Install livecam again, or add --no-refine."
    return UserError("the refiner", str(error).rstrip("."), todo)
