"""python -m export --out DIR [--size 256 512 768] [--report FILE.json]: writes the generator as ONNX."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from pathlib import Path
from typing import Any

import torch

from engines import EngineError, open_engine
from export import samples
from export.generator import OPSET, export_generator, operators
from export.parity import MAX_ERROR, Parity, compare
from livecam import __version__
from livecam.model.generator import Generator
from livecam.model.inputs import SIZES

SEEDS = range(3)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 1 where a graph differs from PyTorch by more than `MAX_ERROR`."""
    parser = argparse.ArgumentParser(prog="python -m export", description="Write the generator as ONNX.")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for generator-SIZE.onnx"
    )
    parser.add_argument("--size", type=int, nargs="+", choices=SIZES, default=list(SIZES), help="crop sides")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the parity report here too")
    options = parser.parse_args(arguments)

    torch.set_num_threads(
        1
    )  # the checks are small, and threads that wait for one another slow on a busy machine
    graphs = []
    for size in options.size:
        try:
            graphs.append(_export(size, options.out))
        except (EngineError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
    if options.report:
        report = {"livecam": __version__, "opset": OPSET, "max_error_allowed": MAX_ERROR, "graphs": graphs}
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(graph["passed"] for graph in graphs) else 1


def _export(size: int, folder: Path) -> dict[str, Any]:
    """Writes and checks one graph, prints its table and returns its part of the report."""
    generator = Generator(size)
    path = folder / f"generator-{size}.onnx"
    model = export_generator(generator, path)
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    engine = open_engine("cpu", path, threads=1)
    inputs = [
        make(size, seed) for make in (samples.noise, samples.plausible, samples.at_rest) for seed in SEEDS
    ]
    results = compare(reference, engine, inputs)
    reference.close()
    engine.close()

    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB, {len(model.graph.node)} nodes, opset {OPSET}")
    print(f"  {'against PyTorch on':20}{'max error':>12}{'mean error':>12}{'PSNR dB':>9}")
    for row in results:
        print(f"  {row.inputs:20}{row.max_error:12.2e}{row.mean_error:12.2e}{row.psnr_db:9.1f}")
    passed = all(row.max_error <= MAX_ERROR for row in results)
    print(f"  {'agrees' if passed else 'DIFFERS'}: at most {MAX_ERROR:.0e} is allowed")
    return {
        "file": path.name,
        "size": size,
        "bytes": path.stat().st_size,
        "operators": operators(model),
        "engine": "cpu",
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
