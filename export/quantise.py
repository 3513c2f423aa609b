"""Is INT8 worth it on a CPU? `python -m livecam.export.quantise`.

Drives the bundled portrait with the bundled clip, keeps what the refiner's networks are fed, quantises their
graphs (static, QDQ, calibrated on half of the runs), and compares CPU time and result with FP32 on the other
half. --out writes of each network the most exact graph that is worth it; --ship puts it beside the weights,
where livecam tries it on the processor it runs on. docs/engines.md has the figures and what follows from
them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.engines import Engine, EngineError, open_engine
from livecam.errors import UserError
from livecam.export import frames
from livecam.export.frames import Feeds
from livecam.export.parity import LEAST_PSNR_HALF
from livecam.generator.weights import (
    MANIFEST,
    VARIABLE,
    Weights,
    find_weights,
    graph_file,
    renew_manifest,
    small_file,
)
from livecam.outputs import check_outputs
from livecam.render.cpu.int8 import corrected_pixels, correction_psnr_db

SPEED: Final = 0.8
"""INT8 must take at most this share of FP32's CPU time to be worth a second file and its errors."""
ROUNDS: Final = 5
FRAMES: Final = 120
"""Of the bundled clip: the driver has blinked and spoken."""
LEAST_RUNS: Final = 8
"""Of a network: half of them calibrate."""
LAST: Final = ("/head", "/shade")
"""Parts of the names of the convolutions whose results are colours, not features."""
MOVES: Final = "/quarters"
"""Part of the name of a convolution with ones and zeros (`livecam.model.repair.Quarters`)."""


def record(weights: Weights, count: int) -> dict[str, list[Feeds]]:
    """What each network is fed for the first `count` frames of the bundled clip, by its name.

    Raises:
        UserError: the weights are damaged, or there is no face model.
        EngineError: a graph cannot be run.
    """
    return frames.bundled_frames(count, limit=count).refiner_feeds(weights)


def quantise(graph: Path, feeds: Sequence[Feeds], out: Path, leave_out: Sequence[str] = ()) -> None:
    """Static INT8 with QDQ nodes, per channel, activations unsigned. `leave_out`: nodes that stay FP32, as
    convolutions that only move pixels do: quantised they would gain nothing and lose bits."""
    from livecam.engines.onnx_runtime import quantization

    tools = quantization()

    class Reader(tools.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self._left = iter(feeds)

        def get_next(self) -> Feeds | None:
            return next(self._left, None)

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        tools.shape_inference.quant_pre_process(str(graph), str(prepared), skip_symbolic_shape=True)
        tools.quantize_static(
            str(prepared),
            str(out),
            Reader(),
            quant_format=tools.QuantFormat.QDQ,
            per_channel=True,
            activation_type=tools.QuantType.QUInt8,
            weight_type=tools.QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[*(name for name in convolutions(graph) if MOVES in name), *leave_out],
        )
    shuffle_bytes(out)


def shuffle_bytes(graph: Path) -> None:
    """Lets every DepthToSpace that gets a dequantised tensor move its bytes, and dequantises behind it: the
    same numbers, a quarter of the memory to walk through (.5 of 10.5 CPU ms a frame)."""
    import onnx

    model = onnx.load(graph)
    nodes = list(model.graph.node)
    maker = {name: node for node in nodes for name in node.output}
    for shuffle in [node for node in nodes if node.op_type == "DepthToSpace"]:
        before = maker.get(shuffle.input[0])
        readers = sum(shuffle.input[0] in node.input for node in nodes)
        if before is None or before.op_type != "DequantizeLinear" or readers > 1:
            continue
        shuffled = f"{shuffle.output[0]}_bytes"
        shuffle.input[0], before.input[0] = before.input[0], shuffled
        shuffle.output[0], before.output[0] = shuffled, shuffle.output[0]
        nodes.remove(before)
        nodes.insert(nodes.index(shuffle) + 1, before)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]  # its types would be those of before
    onnx.checker.check_model(model)
    onnx.save(model, graph)


def convolutions(graph: Path) -> list[str]:
    """Their names in order."""
    import onnx

    return [node.name for node in onnx.load(graph).graph.node if node.op_type == "Conv"]


def compare(full: Engine, small: Engine, feeds: Sequence[Feeds]) -> dict[str, float]:
    """CPU ms of both on one thread (medians, in turns) and how far their corrections are apart.

    The error is of the corrected picture, where the correction is (`correction_psnr_db`). `signal_db`: how
    far a picture without any correction is from the full one, for scale.
    """
    times: dict[str, list[float]] = {"full": [], "small": []}
    first: dict[str, list[NDArray[np.float32]]] = {"full": [], "small": []}
    for turn in range(ROUNDS):
        for item in feeds:
            for name, engine in (("full", full), ("small", small)):
                begun = time.process_time()
                correction = engine.run(item)["correction"]
                times[name].append(1e3 * (time.process_time() - begun))
                if turn == 0:
                    first[name].append(np.array(correction))
    expected, given = (np.concatenate(first[name]) for name in ("full", "small"))
    error = np.abs(given - expected)[corrected_pixels(expected)]
    full_ms, small_ms = (statistics.median(times[name]) for name in ("full", "small"))
    return {
        "full_cpu_ms": round(full_ms, 2),
        "int8_cpu_ms": round(small_ms, 2),
        "time_ratio": round(small_ms / full_ms, 3),
        "psnr_db": round(correction_psnr_db(expected, given), 1),
        "signal_db": round(correction_psnr_db(expected, np.zeros_like(expected)), 1),
        "max_error": round(float(error.max(initial=0)), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one line a variant; 0 whatever comes out, for a trial that says no has not failed."""
    parser = argparse.ArgumentParser(
        prog="python -m livecam.export.quantise", description="Try INT8 for the refiner."
    )
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="what `ship` wrote (default: the installed weights)"
    )
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write each network's best graph, if one is worth it"
    )
    parser.add_argument("--ship", action="store_true", help="write them beside the weights")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    environ = os.environ if options.weights is None else {VARIABLE: str(options.weights)}
    try:
        weights = _weights(environ)
        if options.json is not None:
            check_outputs([options.json], {"the weights": weights.folder / MANIFEST})
        results = trial(weights, options.frames, weights.folder if options.ship else options.out)
        if options.ship:
            renew_manifest(environ)
    except (UserError, EngineError) as error:
        print(error, file=sys.stderr)
        return 2
    for network, rows in results.items():
        for name, row in rows.items():
            verdict = "worth it" if row["kept"] else "not worth it"
            print(f"{network:6} {name:20} {row['int8_cpu_ms']:6.2f} of {row['full_cpu_ms']:.2f}", end="")
            print(f" CPU ms ({row['time_ratio']:.2f}), {row['psnr_db']:.1f} dB", end="")
            print(f", max {row['max_error']:.3f}: {verdict}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _weights(environ: Mapping[str, str]) -> Weights:
    """Raises `UserError` where there are none."""
    weights = find_weights(environ)
    if weights is None:
        raise UserError("refiner", "no weights are installed", "Train some: docs/training.md.")
    return weights


def trial(weights: Weights, count: int, kept: Path | None = None) -> dict[str, dict[str, dict[str, Any]]]:
    """Network -> variant -> figures. `kept`: the folder into which to write of each the most exact that is
    worth it; an older one goes where none is.

    Raises:
        UserError: as `record`; or a part moves too little to be measured.
        EngineError: a graph cannot be run.
    """
    results = {}
    for name, fed in record(weights, count).items():
        if len(fed) < LEAST_RUNS:
            why = f"the {name} moves in {len(fed)} of {count} frames"
            raise UserError("the bundled clip", why, f"Give more --frames, for example {FRAMES}.")
        target = None if kept is None else kept / small_file(name)
        results[name] = _try(weights.file(graph_file(name)), fed, target)
    return results


def _try(graph: Path, fed: Sequence[Feeds], kept: Path | None) -> dict[str, dict[str, Any]]:
    """Variant -> figures of one network. At 45 dB real mouths flicker a seventh more than with FP32, which
    5 % of the time do not outweigh."""
    calibration, test = fed[::2], fed[1::2]
    last = [name for name in convolutions(graph) if any(part in name for part in LAST)]
    full = open_engine("cpu", graph, threads=1)
    results: dict[str, dict[str, Any]] = {}
    best, nearest = b"", 0.0
    with tempfile.TemporaryDirectory() as folder:
        for variant, leave_out in (("every convolution", []), ("but the last", last)):
            out = Path(folder) / "int8.onnx"
            quantise(graph, calibration, out, leave_out)
            small = open_engine("cpu", out, threads=1)
            row: dict[str, Any] = compare(full, small, test)
            row["kept"] = row["time_ratio"] <= SPEED and row["psnr_db"] >= LEAST_PSNR_HALF
            row["bytes"] = out.stat().st_size
            results[variant] = row
            small.close()
            if row["kept"] and row["psnr_db"] > nearest:
                best, nearest = out.read_bytes(), row["psnr_db"]
    full.close()
    if kept is not None and best:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(best)
    elif kept is not None:
        kept.unlink(missing_ok=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
