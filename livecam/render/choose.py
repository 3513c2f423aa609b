"""Which engine draws: the fastest that works, or the one asked for, never another in its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from livecam.errors import UserError
from livecam.frames import RGB
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


def make_renderer(persona: Persona, engine: str) -> Renderer:
    """`engine`: "auto", "cpu", "cuda", "tensorrt" or "torch".

    Raises:
        UserError: the named engine cannot run here.
    """
    from livecam.render.host import HostRenderer

    if engine in ("auto", "cpu"):
        return HostRenderer(persona)
    return EngineRenderer(persona, engine)


class EngineRenderer:
    """The whole generator as one graph on an engine; only the rasteriser stays on the host."""

    def __init__(self, persona: Persona, engine: str) -> None:
        from engines import EngineError
        from livecam.render.geometry import FrameGeometry

        self._geometry = FrameGeometry(persona)
        try:
            self._graph = _open(persona, engine)
        except EngineError as error:
            todo = "Use --engine auto, or see `livecam doctor`."
            raise UserError(f"engine {engine}", str(error).rstrip("."), todo) from error
        self.name = engine

    def render(self, motion: Motion) -> RGB:
        return self._graph.draw(self._geometry(motion))

    def close(self) -> None:
        self._graph.close()


def graph_path(size: int) -> Path:
    """Where `python -m export` is asked to leave the generator's graph of that size."""
    from livecam.face.bundle import cache_folder

    named = os.environ.get("LIVECAM_GRAPHS")
    return (Path(named) if named else cache_folder() / "graphs") / f"generator-{size}.onnx"


def _open(persona: Persona, name: str) -> GraphRenderer:
    from engines import EngineError, open_engine
    from livecam.render.graph import GraphRenderer

    layers = (persona.foreground, persona.background, persona.interior)
    if name == "torch":
        try:
            from livecam.model.generator import Generator
        except ImportError as error:
            raise EngineError("PyTorch is not installed: pip install 'livecam[train]'") from error
        from engines.torch_engine import TorchEngine

        generator = Generator(persona.size).eval()
        engine = TorchEngine(generator, inputs=generator.inputs, outputs=generator.outputs)
        return GraphRenderer(engine, *layers)
    path = graph_path(persona.size)
    if not path.is_file():
        raise EngineError(f"there is no graph at {path}. Write it: python -m export --out {path.parent}")
    return GraphRenderer(open_engine(name, path), *layers)
