"""The graphs of the refiner's networks, for CPUs: what `training.ship` puts beside its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch

from livecam.engines import open_engine
from livecam.export import report
from livecam.export.frames import Feeds, MovedPortrait
from livecam.export.half import to_half
from livecam.export.onnx_graph import to_onnx
from livecam.export.parity import Parity, difference, worst
from livecam.export.refined import random_inputs
from livecam.generator.weights import Weights, graph_file
from livecam.model.refiner import CropNetwork

PICTURES: Final = ("crop", "source")
"""The inputs that hold colours: what flows from them computes in FP16 where that is asked for."""
SEEDS: Final = range(3)
Frames = Sequence[tuple[str, Sequence[Feeds]]]
"""Frames as the product feeds a network, with a name for tables."""


def write(network: CropNetwork, folder: Path, half: bool, frames: Frames = ()) -> list[dict[str, Any]]:
    """NAME.onnx and, with `half`, NAME-fp16.onnx, compared with PyTorch on noise and on `frames`; their parts
    of the report.

    Raises:
        EngineError: a graph cannot be run.
        OSError: a file cannot be written.
    """
    path = folder / graph_file(network.name)
    model = export_refiner(network, path)
    entries = [report.entry(path, model, network.size, compare(network, path, frames))]
    if half:
        path = path.with_name(f"{path.stem}-fp16.onnx")
        model = to_half(model, PICTURES)
        onnx.save(model, str(path))
        entries.append(report.entry(path, model, network.size, compare(network, path, frames)))
    return entries


def export_refiner(network: CropNetwork, path: Path, batch: str | None = None) -> onnx.ModelProto:
    """Writes `network` to `path`, FP32, and returns what was written. `batch` as in `to_onnx`.

    Raises:
        RuntimeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError: as `to_onnx`.
    """
    notes = {"graph": "refiner", "size": str(network.size), "precision": "fp32"}
    model = to_onnx(network, network.inputs, network.outputs, network.name, notes, batch)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return model


def samples(network: CropNetwork, seed: int) -> Feeds:
    """Every input by name, made up."""
    return random_inputs(network.inputs, np.random.default_rng(seed))


def frames_of(moved: Iterable[MovedPortrait], weights: Weights) -> Mapping[str, Frames]:
    """What each of the installed networks is fed as these portraits move, by its name.

    Raises:
        UserError: the weights are damaged.
        EngineError: a graph of theirs cannot be run.
    """
    found: dict[str, list[tuple[str, Sequence[Feeds]]]] = {name: [] for name in weights.styles}
    for one in moved:
        for name, feeds in one.refiner_feeds(weights).items():
            if feeds:  # a part that never moves is never refined
                found[name].append((one.name, feeds))
    return found


def compare(network: CropNetwork, path: Path, frames: Frames = ()) -> list[Parity]:
    """The graph on the CPU provider against PyTorch, on noise and on `frames`.

    Raises:
        EngineError: the graph cannot be run.
    """
    engine = open_engine("cpu", path, threads=1)

    def differ(name: str, feeds: Feeds) -> Parity:
        with torch.inference_mode():
            expected = network(*(torch.from_numpy(feeds[spec.name]) for spec in network.inputs))
        return difference(name, expected.numpy(), engine.run(feeds)[network.outputs[0].name])

    results = [differ(f"noise {seed}", samples(network, seed)) for seed in SEEDS]
    results += [worst(name, [differ(name, feeds) for feeds in several]) for name, several in frames]
    engine.close()
    return results
