"""How well the portrait does what the driver does: `python -m benchmarks.fidelity --clips DIR`.

Self-reenactment of every clip (its first frame is the portrait), and with --portraits every portrait moved by
every clip. Nothing is looked up on the network and nothing is written but what --json and --plots name.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import cross_reenactment, machine, plots, self_reenactment
from benchmarks.features import NAMES
from benchmarks.judge import Judge
from benchmarks.output import shown, write_json
from benchmarks.product import PICTURE_SUFFIXES, VIDEO_SUFFIXES, files_in
from livecam.errors import UserError
from livecam.report import check_writable
from livecam.settings import SIZES

CROSS_SIZE = 512


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        _run(options)
    except UserError as error:
        print(f"fidelity: {error}", file=sys.stderr)
        return 2
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fidelity", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--clips", type=Path, required=True, help="a folder of videos, or one video")
    parser.add_argument("--portraits", type=Path, help="a folder of pictures, or one: also cross-reenactment")
    parser.add_argument("--size", type=int, default=256, choices=SIZES, help="pixels of the compared crop")
    parser.add_argument("--frames", type=int, default=40, help="frames compared of each clip")
    parser.add_argument("--cross-frames", type=int, default=100, help="frames judged of each pair")
    parser.add_argument("--limit", type=int, default=300, help="frames of each clip that are used at all")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plots", type=Path, help="write charts and contact sheets into this folder")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> None:
    clips = files_in(options.clips, VIDEO_SUFFIXES, "video")
    portraits = files_in(options.portraits, PICTURE_SUFFIXES, "picture") if options.portraits else []
    if options.json is not None:
        check_writable(options.json)
    if options.plots is not None:
        plots.prepare(options.plots)
    console = Console(highlight=False)
    result: dict[str, Any] = {
        "kind": "fidelity",
        "machine": machine.describe(),
        "frames": options.frames,
        "limit": options.limit,
    }
    with Judge() as judge:
        result["self"] = measure_self(clips, options, judge, console)
        if portraits:
            result["cross"] = measure_cross(portraits, clips, options, judge, console)
    if options.json is not None:
        write_json(result, options.json)


def measure_self(
    clips: Sequence[Path], options: argparse.Namespace, judge: Judge, console: Console
) -> dict[str, Any]:
    """Every clip against itself; prints the table, draws the plots, returns plain values."""
    comparisons = []
    for clip in clips:
        with console.status(f"self-reenactment of {clip.name}"):
            comparisons.append(
                self_reenactment.compare_clip(clip, options.size, options.frames, options.limit, judge)
            )
    if options.plots is not None:
        plots.self_reenactment(comparisons, options.plots)
    means = self_reenactment.overall(comparisons)
    console.print(self_table(comparisons, means, options.size))
    return {
        "size": options.size,
        "mean": means,
        "clips": {comparison.name: comparison.as_dict() for comparison in comparisons},
    }


def measure_cross(
    portraits: Sequence[Path],
    clips: Sequence[Path],
    options: argparse.Namespace,
    judge: Judge,
    console: Console,
) -> dict[str, Any]:
    """Every portrait with every clip; prints the table, draws the plots, returns plain values."""
    from livecam.face.tracker import FaceTracker
    from livecam.persona import enroll

    drivers = []
    for clip in clips:
        with console.status(f"tracking {clip.name}"), FaceTracker() as tracker:
            drivers.append(
                cross_reenactment.track_driver(clip, tracker, options.cross_frames, options.limit, judge)
            )
    likenesses = []
    for path in portraits:
        with console.status(f"cross-reenactment of {path.name}"):
            persona = enroll.enroll(path, path.stem, CROSS_SIZE)
            here = [cross_reenactment.compare(persona, driver, judge) for driver in drivers]
        if options.plots is not None:
            plots.cross_frames(here, drivers, options.plots)
        for one in here:
            one.outputs.clear()  # 80 MB a pair
        likenesses += here
    if options.plots is not None:
        plots.cross_correlation(likenesses, options.plots)
    means = cross_reenactment.overall(likenesses)
    console.print(cross_table(likenesses, means))
    return {
        "size": CROSS_SIZE,
        "mean": means,
        "pairs": [
            {"portrait": one.portrait, "driver": one.driver_name, **one.summary()} for one in likenesses
        ],
    }


def self_table(comparisons: Sequence[self_reenactment.Comparison], means: dict[str, Any], size: int) -> Table:
    """Two rows a clip: the product, and the static portrait it has to beat."""
    table = _table(f"Self-reenactment at {size}; errors in distances of the outer eye corners", "clip", "")
    for name in ("face dB", "whole dB", "SSIM", "points", "lips", "eyes", "sharp", "lost"):
        table.add_column(name, justify="right")
    for comparison in comparisons:
        table.add_row(comparison.name, "livecam", *_cells(comparison.means("livecam")), str(comparison.lost))
        table.add_row("", "static", *_cells(comparison.means("static")), style="dim")
    table.add_row("mean", "livecam", *_cells(means["livecam"]), str(means["lost"]), style="bold")
    table.add_row("", "static", *_cells(means["static"]), style="dim")
    return table


def _cells(values: dict[str, Any]) -> list[str]:
    digits = {"face_psnr": 2, "psnr": 2, "ssim": 3, "sharpness": 2}
    return [shown(values[name], digits.get(name, 4)) for name in self_reenactment.MEASURES]


def cross_table(likenesses: Sequence[cross_reenactment.Likeness], means: dict[str, Any]) -> Table:
    """One row a pair: correlations, then what happens where the driver shuts the mouth or blinks."""
    title = (
        f"Cross-reenactment at {CROSS_SIZE}: correlation with the driver; gap of shut lips; lids in a blink"
    )
    table = _table(title, "portrait", "clip")
    for name in ("mouth", "lids", "yaw", "pitch", "gaze", "gap", "n", "blink", "clip's", "n", "lost"):
        table.add_column(name, justify="right")
    for one in likenesses:
        table.add_row(one.portrait, one.driver_name, *_cross_cells(one.summary()))
    table.add_row("all", "", *_cross_cells(means), style="bold")
    return table


def _cross_cells(row: dict[str, Any]) -> list[str]:
    return [
        *(shown(row["correlation"][name], 2) for name in NAMES),
        shown(row["gap_when_shut"], 3),
        str(row["shut_frames"]),
        shown(row["lids_in_blink"], 2),
        shown(row["driver_lids_in_blink"], 2),
        str(row["blink_frames"]),
        str(row["lost"]),
    ]


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, collapse_padding=True)


if __name__ == "__main__":
    sys.exit(main())
