"""What people do in calls, and what becomes of a portrait: `python -m livecam.benchmarks.field --clips DIR`.

Every portrait is moved by every clip, file to file as the product does it, and its pictures are searched for
what a viewer would mind: a head that stays aside, a neck that stretches, jumps, tears, copies of the resting
person. Nothing is looked up on the network and nothing is written but what --json and --sheets name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from livecam.assets import bundled_portraits
from livecam.benchmarks import command_line, machine
from livecam.benchmarks.fidelity import strips
from livecam.benchmarks.fidelity.judge import Judge
from livecam.benchmarks.field import pair as pairs_of
from livecam.benchmarks.field import sheets, tables
from livecam.benchmarks.field.drivers import Driver, track_driver
from livecam.benchmarks.output import rounded, write_json
from livecam.files import PICTURE_SUFFIXES, VIDEO_SUFFIXES, files_in
from livecam.outputs import check_outputs
from livecam.report import check_writable
from livecam.settings import FOLLOWS, SIZES, MotionSettings

EVERY: Final = 10
"""Frames from one that is judged to the next, unless told: a pair of 400 frames then takes a few seconds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend. A missed target
    is a figure, no error."""
    return command_line.run("field", _parser().parse_args(arguments), _run)


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser("field", __doc__)
    parser.add_argument("--clips", type=Path, required=True, help="a folder of videos, or one video")
    parser.add_argument(
        "--portraits",
        type=Path,
        nargs="+",
        required=True,
        help="pictures, folders of them, or names of portraits that come with livecam",
    )
    parser.add_argument(
        "--follow",
        choices=FOLLOWS,
        default=MotionSettings().follow,
        help="what of the driver's place the portrait follows",
    )
    parser.add_argument("--size", type=int, default=256, choices=SIZES, help="pixels of the rendered crop")
    parser.add_argument(
        "--every", type=command_line.count, default=EVERY, help="frames from one that is judged to the next"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of every clip into this folder")
    return parser


def _run(options: argparse.Namespace) -> None:
    clips = files_in(options.clips, VIDEO_SUFFIXES, "video")
    portraits = [picture for given in options.portraits for picture in _pictures(given)]
    inputs = {"the clips": options.clips, **{f"the portrait {one.name}": one for one in portraits}}
    check_outputs([options.json, options.sheets], inputs)
    if options.json is not None:
        check_writable(options.json)
    if options.sheets is not None:
        strips.prepare(options.sheets)
    console = Console(highlight=False)
    with Judge() as judge:
        result = measure(clips, portraits, options, judge, console)
    if options.json is not None:
        write_json(result, options.json)


def _pictures(given: Path) -> list[Path]:
    """The files that one word of --portraits names; raises `UserError` where it names none."""
    bundled = bundled_portraits()
    if not given.exists() and str(given) in bundled:
        return [bundled[str(given)]]
    return files_in(given, PICTURE_SUFFIXES, "picture")


def measure(
    clips: Sequence[Path],
    portraits: Sequence[Path],
    options: argparse.Namespace,
    judge: pairs_of.Judging,
    console: Console,
) -> dict[str, Any]:
    """Every portrait with every clip; prints a table a clip, draws the sheets, returns plain values.

    Raises:
        UserError: a file cannot be read, or shows no face.
    """
    from livecam.face.tracker import FaceTracker

    benches = []
    for path in portraits:
        with console.status(f"enrolling {path.name}"):
            benches.append(_bench(path, options, judge))
    told: dict[str, Any] = {}
    for clip in clips:
        with console.status(f"tracking {clip.name}"), FaceTracker() as tracker:
            driver = track_driver(clip, tracker)
        found = []
        for bench in benches:
            with console.status(f"{bench.persona.name} moved by {clip.name}"):
                found.append(pairs_of.measure(bench, driver, options.every))
        told[driver.name] = _told(driver, found, options, console)
    for bench in benches:
        bench.renderer.close()
    return _summary(told, options, console)


def _bench(path: Path, options: argparse.Namespace, judge: pairs_of.Judging) -> pairs_of.Bench:
    from livecam.persona import enroll
    from livecam.render.choose import make_renderer

    persona = enroll.enroll(path, path.stem, options.size)
    motion = MotionSettings(follow=options.follow)
    return pairs_of.Bench(persona, make_renderer(persona, "cpu", True), judge, motion)


def _told(
    driver: Driver, found: Sequence[pairs_of.Pair], options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Table and sheet of one clip, and the same as plain values."""
    offset, head = driver.away()
    own = {"offset": rounded(offset), "size": rounded(head)}
    rows = {pair.portrait: pair.as_dict() for pair in found}
    console.print(tables.clip_table(driver.name, own, rows, options.size))
    if options.sheets is not None:
        sheets.clip_sheet(driver, found, options.sheets)
    return {"driver": own, "portraits": rows}


def _summary(clips: dict[str, Any], options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """How often each target is missed, printed; and all that was found, as plain values."""
    every = [row for clip in clips.values() for row in clip["portraits"].values()]
    misses = [name for row in every for name in tables.missed(row)]
    counts = {name: misses.count(name) for name in tables.TARGETS}
    words = ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"
    console.print(f"Targets missed, of {len(every)} pairs: {words}")
    return {
        "kind": "field",
        "command": command_line.line("field", options, _parser()),
        "machine": {name: value for name, value in machine.describe().items() if name != "date"},
        "size": options.size,
        "follow": options.follow,
        "every": options.every,
        "targets": {name: list(bounds) for name, bounds in tables.TARGETS.items()},
        "missed": counts,
        "worst": tables.worst(every),
        "clips": clips,
    }


if __name__ == "__main__":
    sys.exit(main())
