"""python -m export.refiner --out DIR [--half] [--report FILE.json]: the refiner's own graph, for CPUs.

The same network that `livecam.training.ship` puts beside its weights, simplified and compared with PyTorch.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxscript import optimizer
from torch import nn

import livecam
from engines import EngineError, open_engine
from engines.base import TensorSpec
from export.half import to_half
from export.parity import LEAST_PSNR_HALF, MAX_ERROR, Parity, difference
from livecam.errors import UserError
from livecam.model.refiner import CropNetwork
from livecam.model.weights import PAINTER, find

OPSET: Final = 17
PICTURES: Final = ("crop", "refiner_source")
"""The inputs that hold colours: what flows from them computes in FP16 where that is asked for."""
SEEDS: Final = range(3)


def export_refiner(network: CropNetwork, path: Path, batch: str | None = None) -> onnx.ModelProto:
    """Writes `network` to `path`, FP32, simplified and checked, and returns what was written.

    `batch`: a name for the first side of every input and output, so that a server may join requests; None
    fixes it at 1, as every engine here wants it.

    Raises:
        RuntimeError: the exporter wrote another opset, or other inputs or outputs than were asked for.
        onnx.checker.ValidationError, onnx.shape_inference.InferenceError: the graph is not valid.
    """
    model = optimizer.optimize(_trace(network, batch))
    for value, spec in zip(model.graph.output, network.outputs, strict=True):  # the exporter may lose them
        shape: list[str | int | None] = [batch or spec.shape[0], *spec.shape[1:]]
        value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, shape))
    del model.graph.value_info[:]
    model.producer_name, model.producer_version = "livecam", livecam.__version__
    model.graph.name = "refiner"
    notes = {"livecam": livecam.__version__, "graph": "refiner", "size": str(network.size)}
    onnx.helper.set_model_props(model, notes | {"precision": "fp32"})
    onnx.checker.check_model(model, full_check=True)  # with shape inference
    _check(model, network)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return model


def _trace(network: nn.Module, batch: str | None) -> onnx.ModelProto:
    inputs: tuple[TensorSpec, ...] = network.inputs  # type: ignore[assignment]
    outputs: tuple[TensorSpec, ...] = network.outputs  # type: ignore[assignment]
    names = [spec.name for spec in (*inputs, *outputs)]
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age; statistics are taken from the input
        torch.onnx.export(
            network.eval(),
            tuple(torch.zeros(spec.shape) for spec in inputs),
            buffer,
            input_names=names[: len(inputs)],
            output_names=names[len(inputs) :],
            opset_version=OPSET,
            dynamic_axes=None if batch is None else {name: {0: batch} for name in names},
            dynamo=False,
        )
    return onnx.load_model_from_string(buffer.getvalue())


def _check(model: onnx.ModelProto, network: CropNetwork) -> None:
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if opsets != {"": OPSET}:
        raise RuntimeError(f"the exporter wrote opsets {opsets}, not {OPSET}")
    given = [value.name for value in (*model.graph.input, *model.graph.output)]
    wanted = [spec.name for spec in (*network.inputs, *network.outputs)]
    if given != wanted:
        raise RuntimeError(f"the graph has {given}, expected {wanted}")


def samples(network: CropNetwork, seed: int) -> dict[str, NDArray[Any]]:
    """Every input by name: noise for pictures (0..1) and rasters (-1..1), a style as trained ones are."""
    random = np.random.default_rng(seed)
    made: dict[str, NDArray[Any]] = {}
    for spec in network.inputs:
        if spec.name.endswith("style"):
            values = random.normal(0, 0.3, spec.shape)
        else:
            values = random.uniform(-1 if spec.name.endswith("rasters") else 0, 1, spec.shape)
        made[spec.name] = values.astype(spec.dtype)
    return made


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0; 1 where a graph cannot be written or differs from PyTorch; 2 without weights."""
    parser = argparse.ArgumentParser(
        prog="python -m export.refiner", description="Write the refiner as ONNX."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--half", action="store_true", help="write refiner-fp16.onnx too")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the parity report here too")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        entries = _export(options.out, options.half)
        if options.report:
            options.report.parent.mkdir(parents=True, exist_ok=True)
            report = {"livecam": livecam.__version__, "opset": OPSET, "graphs": entries}
            options.report.write_text(json.dumps(report, indent=2) + "\n")
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(entry["passed"] for entry in entries) else 1


def _export(folder: Path, half: bool) -> list[dict[str, Any]]:
    from livecam.training.ship import load_painter

    weights = find()
    if weights is None:
        raise UserError("refiner", "no weights are installed", "Train some: docs/training.md.")
    network = load_painter(weights.file(PAINTER))[0].network.eval()
    model = export_refiner(network, folder / "refiner.onnx")
    entries = [_entry(network, folder / "refiner.onnx", False)]
    if half:
        onnx.save(to_half(model, PICTURES), str(folder / "refiner-fp16.onnx"))
        entries.append(_entry(network, folder / "refiner-fp16.onnx", True))
    return entries


def _entry(network: CropNetwork, path: Path, half: bool) -> dict[str, Any]:
    """Compares one graph, prints its lines and returns its part of the report."""
    results = compare(network, path)
    worst, psnr = max(row.max_error for row in results), min(row.psnr_db for row in results)
    passed = psnr >= LEAST_PSNR_HALF if half else worst <= MAX_ERROR
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB, max error {worst:.1e}, {psnr:.1f} dB", end=", ")
    print("agrees" if passed else "DIFFERS")
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "passed": passed,
        "parity": [dataclasses.asdict(row) for row in results],
    }


if __name__ == "__main__":
    sys.exit(main())
