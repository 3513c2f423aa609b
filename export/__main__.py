"""python -m export --out DIR [--size 256 512 768] [--half] [--no-refine] [--report FILE.json].

Writes the generator as ONNX, with the refiner where its weights are installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch

from engines import EngineError, open_engine
from export import samples
from export.generator import OPSET, export_generator, operators
from export.half import to_half
from export.parity import LEAST_PSNR_HALF, MAX_ERROR, Parity, compare
from export.refined import with_refiner
from livecam import __version__
from livecam.errors import UserError
from livecam.model.generator import Generator
from livecam.model.inputs import SIZES, persona_specs
from livecam.model.weights import PAINTER, Weights, find

SEEDS = range(3)
SAMPLES = (samples.noise, samples.plausible, samples.at_rest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 where a graph cannot be written or differs from PyTorch by more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m export", description="Write the generator as ONNX.")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for generator-SIZE.onnx"
    )
    parser.add_argument("--size", type=int, nargs="+", choices=SIZES, default=list(SIZES), help="crop sides")
    parser.add_argument("--half", action="store_true", help="write generator-SIZE-fp16.onnx too")
    parser.add_argument("--no-refine", action="store_true", help="the warper alone")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the parity report here too")
    options = parser.parse_args(arguments)

    torch.set_num_threads(
        1
    )  # the checks are small, and threads that wait for one another slow on a busy machine
    graphs = []
    try:
        weights = None if options.no_refine else find()
        print(f"refiner: {'none' if weights is None else weights.name}")
        for size in options.size:
            graphs += _export(size, options.out, options.half, weights)
        if options.report:
            refiner = None if weights is None else weights.name
            report = {"livecam": __version__, "opset": OPSET, "refiner": refiner, "graphs": graphs}
            options.report.parent.mkdir(parents=True, exist_ok=True)
            options.report.write_text(json.dumps(report, indent=2) + "\n")
    except (EngineError, UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(graph["passed"] for graph in graphs) else 1


def _export(size: int, folder: Path, half: bool, weights: Weights | None) -> list[dict[str, Any]]:
    """Writes and checks the graphs of one size, prints their tables and returns their parts of the report."""
    from livecam.training.ship import load_generator

    generator = load_generator(None if weights is None else weights.file(PAINTER), size)
    path = folder / f"generator-{size}.onnx"
    model = export_generator(generator, path)
    entries = [_check(path, model, generator)]
    if half:
        path = folder / f"generator-{size}-fp16.onnx"
        pictures = [spec.name for spec in (*persona_specs(size), *generator.refiner.inputs[:1])]
        model = to_half(model, pictures)
        onnx.save(model, str(path))
        entries.append(_check(path, model, generator))
    return entries


def _check(path: Path, model: onnx.ModelProto, generator: Generator) -> dict[str, Any]:
    size, own = generator.size, generator.refiner.inputs
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    engine = open_engine("cpu", path, threads=1)
    made = [with_refiner(make(size, seed), own) for make in SAMPLES for seed in SEEDS]
    results = compare(reference, engine, made)
    engine.close()
    if path.stem.endswith("-fp16"):
        passed = all(row.psnr_db >= LEAST_PSNR_HALF for row in results)
        allowed = f"at least {LEAST_PSNR_HALF:.0f} dB"
    else:
        passed = all(row.max_error <= MAX_ERROR for row in results)
        allowed = f"an error of at most {MAX_ERROR:.0e}"

    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB, {len(model.graph.node)} nodes, opset {OPSET}")
    print(f"  {'against PyTorch on':20}{'max error':>12}{'mean error':>12}{'PSNR dB':>9}")
    for row in results:
        print(f"  {row.inputs:20}{row.max_error:12.2e}{row.mean_error:12.2e}{row.psnr_db:9.1f}")
    print(f"  {'agrees' if passed else 'DIFFERS'}: allowed is {allowed}")
    return {
        "file": path.name,
        "size": size,
        "bytes": path.stat().st_size,
        "operators": operators(model),
        "engine": "cpu",
        "allowed": allowed,
        "passed": passed,
        "parity": [_row(result) for result in results],
    }


def _row(result: Parity) -> dict[str, Any]:
    """JSON has no infinity: where two pictures are the same the PSNR is null."""
    row = dataclasses.asdict(result)
    if not math.isfinite(row["psnr_db"]):
        row["psnr_db"] = None
    return row


if __name__ == "__main__":
    sys.exit(main())
