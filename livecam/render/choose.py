"""Which engine draws: the fastest that works, or the one asked for, never another in its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from livecam.errors import UserError
from livecam.frames import RGB
from livecam.model.weights import PAINTER, Weights
from livecam.motion import Motion
from livecam.persona.persona import Persona

if TYPE_CHECKING:
    from livecam.render.graph import GraphRenderer


class Renderer(Protocol):
    """Draws one portrait as a motion says."""

    name: str

    def render(self, motion: Motion) -> RGB:
        """size x size x 3, uint8 RGB, a fresh picture."""
        ...

    def close(self) -> None: ...


def make_renderer(persona: Persona, engine: str, refine: bool = True) -> Renderer:
    """`engine`: "auto", "cpu", "cuda", "tensorrt" or "torch". `refine`: use the learned half, if there is
    one.

    Raises:
        UserError: the named engine cannot run here, or the refiner's weights are damaged.
    """
    from livecam.render.host import HostRenderer
    from livecam.render.refine import host_refiner, weights_for

    weights = weights_for(refine)
    if engine in ("auto", "cpu"):
        return HostRenderer(persona, None if weights is None else host_refiner(persona, weights))
    return EngineRenderer(persona, engine, weights)


class EngineRenderer:
    """The whole generator as one graph on an engine; only the rasteriser stays on the host."""

    def __init__(self, persona: Persona, engine: str, weights: Weights | None = None) -> None:
        """`weights`: of the refiner; None for the warper alone."""
        from engines import EngineError
        from livecam.render.geometry import FrameGeometry

        self._geometry = FrameGeometry(persona)
        try:
            self._graph = _open(persona, engine, weights)
        except EngineError as error:
            todo = "Use --engine auto, or see `livecam doctor`."
            raise UserError(f"engine {engine}", str(error).rstrip("."), todo) from error
        self.name = engine

    def render(self, motion: Motion) -> RGB:
        return self._graph.draw(self._geometry(motion))

    def close(self) -> None:
        self._graph.close()


def graph_path(size: int, weights: Weights | None = None) -> Path:
    """Where the generator's graph of that size is looked for: LIVECAM_GRAPHS, else livecam's cache.

    There, graphs with a refiner lie in a folder named by its weights: new ones never meet an old graph.
    """
    from livecam.face.bundle import cache_folder

    named = os.environ.get("LIVECAM_GRAPHS")
    folder = cache_folder() / "graphs" / (weights.name if weights is not None else "")
    return (Path(named) if named else folder) / f"generator-{size}.onnx"


def _open(persona: Persona, name: str, weights: Weights | None) -> GraphRenderer:
    from engines import EngineError, open_engine
    from livecam.render.graph import GraphRenderer
    from livecam.render.refine import graph_inputs

    layers = (persona.foreground, persona.background, persona.interior)
    told = {} if weights is None else graph_inputs(persona, weights)
    if name == "torch":
        try:
            from livecam.training.ship import load_generator
        except ImportError as error:
            raise EngineError("PyTorch is not installed: pip install 'livecam[train]'") from error
        from engines.torch_engine import TorchEngine

        generator = load_generator(None if weights is None else weights.file(PAINTER), persona.size)
        engine = TorchEngine(generator, inputs=generator.inputs, outputs=generator.outputs)
        return GraphRenderer(engine, *layers, told)
    path = graph_path(persona.size, weights)
    if not path.is_file():
        command = f"python -m export --out {path.parent}{'' if weights else ' --no-refine'}"
        raise EngineError(f"there is no graph at {path}. Write it: {command}")
    return GraphRenderer(open_engine(name, path), *layers, told)
