"""The refiner's own graph, for CPUs: the network that `livecam.training.ship` puts beside its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from engines import open_engine
from export import report
from export.half import to_half
from export.parity import Parity, difference
from export.refined import made_up
from livecam.model.onnx_graph import to_onnx
from livecam.model.refiner import CropNetwork

PICTURES: Final = ("crop", "refiner_source")
"""The inputs that hold colours: what flows from them computes in FP16 where that is asked for."""
SEEDS: Final = range(3)


def write(network: CropNetwork, folder: Path, half: bool) -> list[dict[str, Any]]:
    """refiner.onnx and, with `half`, refiner-fp16.onnx, compared with PyTorch; their parts of the report.

    Raises:
        EngineError: a graph cannot be run.
        OSError: a file cannot be written.
    """
    path = folder / "refiner.onnx"
    model = export_refiner(network, path)
    entries = [report.entry(path, model, network.size, compare(network, path))]
    if half:
        path = folder / "refiner-fp16.onnx"
        model = to_half(model, PICTURES)
        onnx.save(model, str(path))
        entries.append(report.entry(path, model, network.size, compare(network, path)))
    return entries


def export_refiner(network: CropNetwork, path: Path, batch: str | None = None) -> onnx.ModelProto:
    """Writes `network` to `path`, FP32, and returns what was written. `batch` as in `to_onnx`.

    Raises:
        RuntimeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError: as `to_onnx`.
    """
    notes = {"graph": "refiner", "size": str(network.size), "precision": "fp32"}
    model = to_onnx(network, network.inputs, network.outputs, "refiner", notes, batch)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return model


def samples(network: CropNetwork, seed: int) -> dict[str, NDArray[Any]]:
    """Every input by name, made up."""
    return made_up(network.inputs, np.random.default_rng(seed))


def compare(network: CropNetwork, path: Path) -> list[Parity]:
    """The graph on the CPU provider against PyTorch, on noise.

    Raises:
        EngineError: the graph cannot be run.
    """
    engine = open_engine("cpu", path, threads=1)
    results = []
    for seed in SEEDS:
        feeds = samples(network, seed)
        with torch.inference_mode():
            expected = network(*(torch.from_numpy(feeds[spec.name]) for spec in network.inputs))
        given = engine.run(feeds)[network.outputs[0].name]
        results.append(difference(f"noise {seed}", expected.numpy(), given))
    engine.close()
    return results
