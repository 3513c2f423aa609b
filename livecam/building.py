"""`livecam build --engine NAME`: graphs and engines for this machine, checked before anybody is live."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from livecam import installation
from livecam.engines import Engine, EngineError, open_engine
from livecam.errors import UserError
from livecam.files import make_folder
from livecam.folders import CACHE_VARIABLE
from livecam.generator.weights import Weights, find_weights
from livecam.render.choose import GRAPHS_VARIABLE, graph_path

Progress = Callable[[str, int, int], None]
"""A phase's name, its steps done, all its steps."""
SEEDS = range(3)


def build_engine(
    name: str, size: int, *, force: bool = False, refine: bool = True, progress: Progress | None = None
) -> str:
    """Makes what the engine needs for pictures of `size` pixels, and runs it once. Returns one line about it.

    Raises:
        UserError: the engine cannot run here, the graph cannot be written, or the result differs.
    """
    if name not in ("cuda", "tensorrt"):
        raise UserError(f"engine {name}", "nothing is built for it", "Build cuda or tensorrt.")
    weights = find_weights() if refine else None
    path = graph_path(size, weights)
    half = path.with_name(f"{path.stem}-fp16.onnx")
    if force or not path.is_file() or (name == "tensorrt" and not half.is_file()):
        make_folder(path.parent, GRAPHS_VARIABLE if os.environ.get(GRAPHS_VARIABLE) else CACHE_VARIABLE)
        export_graphs(path.parent, size, refine)
    try:
        engine = _open(name, path, size, weights, force, progress)
        engine.close()
    except EngineError as error:
        raise UserError(f"engine {name}", str(error).rstrip("."), "See `livecam doctor`.") from error
    return f"{name} draws {size} x {size} from {path}."


def export_graphs(folder: Path, size: int, refine: bool) -> None:
    """Writes the generator's graph in full and half precision; it needs PyTorch.

    Raises:
        UserError: PyTorch is not installed, a graph differs from it, or cannot be written.
    """
    otherwise = f", or copy graphs from a machine that has it to {folder}"
    installation.require("the generator's graph", installation.EXPORT_NEEDS, "export", otherwise)
    from livecam.export import command

    try:
        agree = command.export_graphs(folder, [size], refine=refine)
    except (EngineError, OSError) as error:
        todo = f"Name another folder with {GRAPHS_VARIABLE}, or see `livecam doctor`."
        raise UserError("the generator's graph", str(error).rstrip("."), todo) from error
    if not agree:
        raise UserError("the generator's graph", "it differs from PyTorch's", "See above.")


def _open(
    name: str, path: Path, size: int, weights: Weights | None, force: bool, progress: Progress | None
) -> Engine:
    feeds = samples(size, weights)
    options: dict[str, Any] = {}
    if name == "tensorrt":
        options = {"samples": feeds, "force": force, "progress": progress}
    engine = open_engine(name, path, **options)
    engine.run(feeds[0])
    return engine


def samples(size: int, weights: Weights | None) -> list[dict[str, NDArray[Any]]]:
    """Inputs as a call gives them, to compare engines on: every input by name."""
    from livecam.export.refined import with_refiner
    from livecam.export.samples import figure_sample
    from livecam.generator.layout import refiner_specs

    specs = () if weights is None else refiner_specs(weights.styles, weights.size)
    return [with_refiner(figure_sample(size, seed), specs).feeds() for seed in SEEDS]
