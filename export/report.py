"""What is told of a graph's parity with PyTorch: a table on the screen, an entry in the JSON report."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from livecam import __version__
from livecam.export.generator import operators
from livecam.export.onnx_graph import OPSET
from livecam.export.parity import LEAST_PSNR_HALF, MAX_ERROR, Parity


def entry(path: Path, model: onnx.ModelProto, size: int, results: Sequence[Parity]) -> dict[str, Any]:
    """Prints one graph's table and returns its part of the report. `size`: of the crop, in pixels.

    A name that ends with "-fp16" is held to what FP16 is allowed.
    """
    if path.stem.endswith("-fp16"):
        passed = all(row.psnr_db >= LEAST_PSNR_HALF for row in results)
        allowed = f"at least {LEAST_PSNR_HALF:.0f} dB"
    else:
        passed = all(row.max_error <= MAX_ERROR for row in results)
        allowed = f"an error of at most {MAX_ERROR:.0e}"
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB, {len(model.graph.node)} nodes, opset {OPSET}")
    wide = max(20, *(len(row.inputs) + 2 for row in results))
    print(f"  {'against PyTorch on':{wide}}{'max error':>12}{'mean error':>12}{'PSNR dB':>9}{'frames':>8}")
    for row in results:
        errors = f"{row.max_error:12.2e}{row.mean_error:12.2e}{row.psnr_db:9.1f}"
        print(f"  {row.inputs:{wide}}{errors}{row.frames:8}")
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


def write(path: Path, refiner: str | None, graphs: Sequence[dict[str, Any]]) -> None:
    """`refiner`: the weights' name. Raises `OSError`."""
    report = {"livecam": __version__, "opset": OPSET, "refiner": refiner, "graphs": list(graphs)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")


def _row(result: Parity) -> dict[str, Any]:
    """JSON has no infinity: where two pictures are the same the PSNR is null."""
    row = dataclasses.asdict(result)
    if not math.isfinite(row["psnr_db"]):
        row["psnr_db"] = None
    return row
