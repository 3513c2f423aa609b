"""The refiner of a persona: which weights, and what it is told of the portrait."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines import Engine, EngineError, open_engine
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.generator.layout import split_style, takes_teeth
from livecam.generator.parts import first_of, parts_of
from livecam.generator.weights import Weights, find_weights, graph_file, small_file
from livecam.persona.person_shots import portrait_view
from livecam.persona.types import PersonaData
from livecam.render.cpu.int8 import faster_engine
from livecam.render.cpu.refiner import CpuRefiner, no_teeth, portrait_inputs
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
        styles = split_style(persona.style.values, weights.styles)
        engines = {
            name: _engine(name, weights, example(*view, styles, name, weights.size)) for name in styles
        }
        return CpuRefiner(engines, *view, styles, weights.size)
    except EngineError as error:
        raise _unusable(error) from error


def _engine(network: str, weights: Weights, feeds: dict[str, NDArray[Any]]) -> Engine:
    """Runs a network, in INT8 where that is quicker here and draws the same."""
    engine = open_engine("cpu", weights.file(graph_file(network)), threads=refiner_threads())
    if small_file(network) not in weights:
        engine.run(feeds)  # the first run is the slowest, and at rest none comes for a while
        return engine
    small = open_engine("cpu", weights.file(small_file(network)), threads=refiner_threads())
    return faster_engine(engine, small, feeds)


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
    view = portrait_view(persona)
    told = {
        f"{part.name}_{name}": values
        for part in parts_of(weights.styles)
        for name, values in portrait_inputs(*view, part, weights.size).items()
    }
    styles = split_style(persona.style.values, weights.styles)
    return told | {f"{name}_style": np.asarray(values, np.float32) for name, values in styles.items()}


def example(
    picture: RGB, landmarks: F32, styles: Mapping[str, F32], network: str, size: int
) -> dict[str, NDArray[Any]]:
    """A frame for a network, as if its part had moved down: at rest it would have nothing to do. Arguments as
    of `CpuRefiner`."""
    part = first_of(network)
    told = portrait_inputs(picture, landmarks, part, size)
    rasters = np.roll(told["source_rasters"], size // EXAMPLE_SHIFT, axis=2)
    found = told | {"crop": told["source"], "rasters": np.ascontiguousarray(rasters)}
    teeth = {"teeth": no_teeth(part.pixels(size))} if takes_teeth(network) else {}
    return found | teeth | {"style": np.asarray(styles[network], np.float32)}


def refiner_threads() -> int:
    """For the refiner on a CPU: one of two cores, at most two of more. The rest belongs to the call."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 if cores >= 4 else 1


def _unusable(error: EngineError) -> UserError:
    todo = "Install livecam again, or add --no-refine."
    return UserError("the refiner", str(error).rstrip("."), todo)
