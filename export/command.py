"""python -m livecam.export --out DIR [--size 256 512 768] [--no-half] [--no-refine] [--report FILE.json]
[--portraits FILE_OR_DIR... --clips FILE_OR_DIR... [--frames N]].

Writes the generator as ONNX for GPUs, with the refiner where its weights are installed, and then the
refiner's networks alone for CPUs; in FP32 and FP16, compared with PyTorch: on noise, on made-up faces, on
rendered frames, and on every portrait moved by every clip that is named. `python -m livecam.export triton`
writes a model repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch

from livecam.engines import EngineError, open_engine
from livecam.errors import UserError
from livecam.export import frames, refiner, report, samples, triton
from livecam.export.frames import MovedPortrait
from livecam.export.generator import export_generator, pictures
from livecam.export.half import to_half
from livecam.export.parity import Parity, compare, worst
from livecam.export.refined import with_refiner
from livecam.generator.weights import PAINTER, Weights, find_weights
from livecam.model.generator import Generator
from livecam.settings import SIZES

SEEDS = range(3)
FRAMES = 9
"""Compared of each portrait and clip."""
SAMPLES = (samples.noise_sample, samples.figure_sample, samples.resting_sample)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0; 1 where a graph differs from PyTorch by more than is allowed; 2 where none can be made or
    written."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "triton":
        return triton.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m livecam.export",
        description="Write the generator and the refiner as ONNX.",
        epilog="For Triton Inference Server: python -m livecam.export triton --help",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the graphs")
    parser.add_argument("--size", type=int, nargs="+", choices=SIZES, default=list(SIZES), help="crop sides")
    parser.add_argument(
        "--half", action=argparse.BooleanOptionalAction, default=True, help="write NAME-fp16.onnx too"
    )
    parser.add_argument("--no-refine", action="store_true", help="the warper alone")
    parser.add_argument(
        "--report", type=Path, metavar="FILE.json", help="the parity report (default: parity.json in DIR)"
    )
    parser.add_argument(
        "--portraits",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="pictures, or folders of them: compare on real frames too, every portrait moved by every clip",
    )
    parser.add_argument(
        "--clips", type=Path, nargs="+", default=[], metavar="PATH", help="videos, or folders of them"
    )
    parser.add_argument(
        "--frames",
        type=int,
        default=FRAMES,
        help=f"compared of each portrait and clip, spread over the clip's first {frames.LIMIT} "
        f"(default: {FRAMES})",
    )
    options = parser.parse_args(arguments)
    try:
        agree = export_graphs(
            options.out,
            options.size,
            half=options.half,
            refine=not options.no_refine,
            portraits=options.portraits,
            clips=options.clips,
            count=options.frames,
            report_path=options.report,
        )
    except (EngineError, UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if agree else 1


def export_graphs(
    folder: Path,
    sizes: Sequence[int] = SIZES,
    *,
    half: bool = True,
    refine: bool = True,
    portraits: Sequence[Path] = (),
    clips: Sequence[Path] = (),
    count: int = FRAMES,
    report_path: Path | None = None,
) -> bool:
    """Write the graphs into `folder` and compare them with PyTorch. Returns whether all of them agree.

    sizes: sides of the crop in pixels, one graph for each. half: NAME-fp16.onnx, too. refine: with the
    refiner, where its weights are installed. portraits, clips: files or folders; every portrait moved by
    every clip is compared, too, on `count` frames. report_path: of the parity report; None: parity.json in
    `folder`. What is found is printed.

    Raises:
        EngineError: no engine runs a graph.
        UserError: the weights, a portrait or a clip cannot be used.
        OSError: a file cannot be written.
    """
    torch.set_num_threads(1)  # threads that wait for one another slow these small checks on a busy machine
    weights = find_weights() if refine else None
    print(f"refiner: {'none' if weights is None else weights.name}")
    moved = _rendered() + frames.move_portraits(portraits, clips, count)
    graphs = []
    for size in sizes:
        graphs += _export(size, folder, half, weights, moved)
    if weights is not None:
        graphs += _export_refiner(folder, half, weights, moved)
    report.write(report_path or folder / "parity.json", None if weights is None else weights.name, graphs)
    return all(graph["passed"] for graph in graphs)


def _rendered() -> list[MovedPortrait]:
    """The bundled portrait and clip; none, and a line that says why, where no face can be tracked."""
    try:
        return [frames.bundled_frames(frames.RENDERED)]
    except UserError as error:
        print(f"no rendered frames are compared: {error}")
        return []


def _export(
    size: int, folder: Path, half: bool, weights: Weights | None, moved: Sequence[MovedPortrait]
) -> list[dict[str, Any]]:
    """Writes and checks the graphs of one size and returns their parts of the report."""
    from livecam.model.refiner_model import load_generator

    generator = load_generator(None if weights is None else weights.file(PAINTER), size)
    path = folder / f"generator-{size}.onnx"
    model = export_generator(generator, path)
    entries = [report.entry(path, model, size, _compare(path, generator, weights, moved))]
    if half:
        path = folder / f"generator-{size}-fp16.onnx"
        model = to_half(model, pictures(generator))
        onnx.save(model, str(path))
        entries.append(report.entry(path, model, size, _compare(path, generator, weights, moved)))
    return entries


def _export_refiner(
    folder: Path, half: bool, weights: Weights, moved: Sequence[MovedPortrait]
) -> list[dict[str, Any]]:
    from livecam.model.refiner_model import load_refiner_model

    model, _ = load_refiner_model(weights.file(PAINTER))
    fed = refiner.frames_of(moved, weights)
    entries = []
    for name in model.styles:
        entries += refiner.write(model.network(name), folder, half, fed[name])
    return entries


def _compare(
    path: Path, generator: Generator, weights: Weights | None, moved: Sequence[MovedPortrait]
) -> list[Parity]:
    size, own = generator.size, generator.refiner.inputs
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    engine = open_engine("cpu", path, threads=1)
    made = [with_refiner(make(size, seed), own) for make in SAMPLES for seed in SEEDS]
    results = compare(reference, engine, made)
    results += [worst(one.name, compare(reference, engine, one.samples(size, weights))) for one in moved]
    engine.close()
    return results
