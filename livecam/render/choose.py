"""Which engine draws: the fastest that works, or the one asked for, never another in its place.

Only a GPU that is lost while it draws is replaced, by the CPU, with a notice (`livecam.render.failover`).
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livecam import installation
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.generator.weights import PAINTER, Weights
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.base import Renderer

if TYPE_CHECKING:
    from livecam.render.graph import GraphRenderer

GRAPHS_VARIABLE = "LIVECAM_GRAPHS"
"""Environment variable that names another folder of graphs."""


def make_renderer(persona: PersonaData, engine: str, refine: bool = True) -> Renderer:
    """`engine`: "auto", "cpu", "cuda", "tensorrt", "torch", or the URL of a Triton server's model.
    `refine`: use the learned half, if there is one.

    "auto" builds nothing: it takes what `livecam build --engine NAME` has left here.

    Raises:
        UserError: the named engine cannot run here, or the refiner's weights are damaged.
    """
    from livecam.engines import EngineError
    from livecam.render.failover import FailoverRenderer, choose_fastest
    from livecam.render.refiner_setup import weights_for

    weights = weights_for(refine)

    def open_named(name: str) -> Renderer:
        if name == "cpu":
            return open_cpu(persona, weights)
        return EngineRenderer(persona, name, weights, build=engine != "auto")

    if engine == "auto":
        try:
            return choose_fastest(open_named)
        except EngineError:
            return open_named("cpu")  # not even that one opens: its own words are of most use
    renderer = open_named(engine)
    if engine in ("cpu", "torch"):
        return renderer
    return FailoverRenderer(renderer, lambda: open_named("cpu"))


def open_cpu(persona: PersonaData, weights: Weights | None) -> Renderer:
    """The CPU's renderer, warmed up: as a spare it has to draw its first frame within the time of one.

    Raises:
        UserError: the refiner's weights are damaged.
    """
    from livecam.motion.types import rest
    from livecam.render.cpu.renderer import CpuRenderer
    from livecam.render.refiner_setup import cpu_refiner

    renderer = CpuRenderer(persona, None if weights is None else cpu_refiner(persona, weights))
    renderer.render(rest(persona.landmarks))
    return renderer


def auto_line(size: int, refine: bool = True) -> str:
    """Which engine "auto" would try first here and why none before it, in one line; opens none of them.

    Raises:
        UserError: the manifest of the refiner's weights is damaged.
    """
    from livecam.engines import FASTEST_FIRST, EngineError, fastest
    from livecam.generator.weights import find_weights

    weights = find_weights() if refine else None

    def check(name: str) -> None:
        if name != "cpu" and (problem := obstacle(name, size, weights)):
            raise EngineError(problem)

    return fastest([(name, partial(check, name)) for name in FASTEST_FIRST]).line


def obstacle(name: str, size: int, weights: Weights | None) -> str | None:
    """Why a GPU's engine cannot even be tried, and what to do about it."""
    from livecam.engines import available

    status = next(status for status in available() if status.name == name)
    if not status.ok:
        return status.detail
    path = graph_path(size, weights)
    if not path.is_file():
        options = f"--engine {name} --size {size}{'' if weights else ' --no-refine'}"
        return f"there is no graph at {path}. Make it: livecam build {options}"
    return None


class EngineRenderer:
    """The whole generator as one graph on an engine; only the rasteriser stays on the host."""

    def __init__(
        self, persona: PersonaData, engine: str, weights: Weights | None = None, build: bool = True
    ) -> None:
        """`weights`: of the refiner; None for the warper alone. `build`: may TensorRT take minutes?"""
        from livecam.engines import EngineError
        from livecam.render.cpu.warper import CpuWarper
        from livecam.render.geometry import FrameGeometry
        from livecam.render.side import SideMixer

        try:
            self._graph = _open(persona, engine, weights, build)
        except EngineError as error:
            todo = "Use --engine auto, or see `livecam doctor`."
            raise UserError(f"engine {engine}", str(error).rstrip("."), todo) from error
        self.name = engine
        self._geometry = FrameGeometry(persona, hidden_side=self._graph.takes_foreground)
        self._foreground = persona.foreground
        self._warp, self._complete = CpuWarper(persona.size), SideMixer(persona)

    def render(self, motion: Motion) -> RGB:
        inputs = self._geometry(motion)
        side = self._geometry.side(motion)
        if side is None:
            return self._graph.draw(inputs)
        # Graphs know one texture: a portrait that turns back to where it shows too little is moved here.
        person = self._complete(self._warp(self._foreground, inputs.flow), side)
        return self._graph.draw(replace(inputs, flow=np.zeros_like(inputs.flow)), person)

    def close(self) -> None:
        self._graph.close()


def graph_path(size: int, weights: Weights | None = None) -> Path:
    """Where the generator's graph of that size is looked for: LIVECAM_GRAPHS, else livecam's cache.

    There, graphs with a refiner lie in a folder named by its weights, below one named by `DRAWING`: what is
    new never meets an old graph.
    """
    from livecam.folders import cache_folder
    from livecam.generator.inputs import DRAWING

    named = os.environ.get(GRAPHS_VARIABLE)
    folder = cache_folder() / "graphs" / str(DRAWING) / (weights.name if weights is not None else "")
    return (Path(named) if named else folder) / f"generator-{size}.onnx"


def _open(persona: PersonaData, name: str, weights: Weights | None, build: bool) -> GraphRenderer:
    from livecam.engines import EngineError, open_engine
    from livecam.render.graph import GraphRenderer
    from livecam.render.refiner_setup import graph_inputs

    layers = persona.layers
    if "://" in name:  # a server's model, which may hold the portrait and the refiner's inputs itself
        told = {} if weights is None else graph_inputs(persona, weights)
        return GraphRenderer(open_engine(name), *layers, told)
    if name != "torch" and (problem := obstacle(name, persona.size, weights)):
        raise EngineError(problem)
    told = {} if weights is None else graph_inputs(persona, weights)
    if name == "torch":
        try:
            from livecam.model.refiner_model import load_generator
        except ImportError as error:
            raise EngineError(f"torch is not installed. {installation.with_extra('finetune')}") from error
        from livecam.engines.torch_engine import TorchEngine

        generator = load_generator(None if weights is None else weights.file(PAINTER), persona.size)
        engine = TorchEngine(generator, inputs=generator.inputs, outputs=generator.outputs)
        return GraphRenderer(engine, *layers, told)
    options = {"build": build} if name == "tensorrt" else {}
    return GraphRenderer(open_engine(name, graph_path(persona.size, weights), **options), *layers, told)
