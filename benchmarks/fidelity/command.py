"""How well the portrait does what the driver does: `python -m livecam.benchmarks.fidelity --clips DIR`.

Self-reenactment of every clip (its first frame is the portrait), and with --portraits every portrait moved by
every clip. With --pairs one picture of a person moves to where another one of the same person is. Nothing is
looked up on the network and nothing is written but what --json, --plots, --strips, --sheets and --tracks
name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from livecam import installation
from livecam.benchmarks import command_line, machine, plots
from livecam.benchmarks.fidelity import (
    cross_reenactment,
    judged,
    mouth_sheets,
    pairs,
    self_reenactment,
    strips,
)
from livecam.benchmarks.fidelity import methods as methods
from livecam.benchmarks.fidelity import tables as tables
from livecam.benchmarks.fidelity.judge import Judge
from livecam.benchmarks.fidelity.methods import PAPER, REFINED, WARPER
from livecam.benchmarks.fidelity.reporting import Reporter
from livecam.benchmarks.fidelity.self_reenactment import Plan
from livecam.benchmarks.output import write_json
from livecam.errors import UserError
from livecam.files import PICTURE_SUFFIXES, VIDEO_SUFFIXES, files_in
from livecam.generator import weights as weights_files
from livecam.generator.weights import Weights
from livecam.outputs import check_outputs
from livecam.report import check_writable
from livecam.settings import SIZES

CLIP_SIZE, PAIR_SIZE, CROSS_SIZE = 256, 512, 512
MOST_SHOTS = 32
Given = dict[str, Weights]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    return command_line.run("fidelity", _parser().parse_args(arguments), _run)


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser("fidelity", __doc__)
    parser.add_argument("--clips", type=Path, help="a folder of videos, or one video")
    parser.add_argument(
        "--pairs", type=Path, help="a folder of pictures, NAME_neutral.* the portrait, NAME_smile.* the truth"
    )
    parser.add_argument(
        "--suffixes", nargs=2, default=pairs.SUFFIXES, metavar="WORD", help="other words than those two"
    )
    parser.add_argument("--portraits", type=Path, help="a folder of pictures, or one: also cross-reenactment")
    parser.add_argument("--refiner", type=Path, help="weights that `ship` wrote; livecam's own unless given")
    parser.add_argument("--no-refine", action="store_true", help="the warper alone")
    parser.add_argument("--paper", type=Path, help="the same of the paper's form, for a row of its own")
    parser.add_argument("--shots", default="1", help="pictures given to the embedder, e.g. 1,8,32")
    parser.add_argument(
        "--tuned", type=int, default=0, metavar="STEPS", help="also fine-tune on 8 pictures of each clip"
    )
    parser.add_argument(
        "--size", type=int, choices=SIZES, help="pixels of the rendered crop: 256 unless given, 512 for pairs"
    )
    parser.add_argument(
        "--frames",
        type=command_line.count,
        default=40,
        help="frames compared of each clip",
    )
    parser.add_argument(
        "--cross-frames",
        type=command_line.count,
        default=100,
        help="frames judged of each pair",
    )
    parser.add_argument(
        "--limit",
        type=command_line.count,
        default=300,
        help="frames of each clip that are used at all",
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--compare", type=Path, help="figures that --json wrote, to hold these against")
    parser.add_argument("--tracks", type=Path, help="keep landmarks in this folder, and use those kept there")
    parser.add_argument("--sheets", type=Path, help="write the mouths of all pairs into this folder")
    parser.add_argument("--plots", type=Path, help="write charts and contact sheets into this folder")
    parser.add_argument("--strips", type=Path, help="write the worst frames of everything into this folder")
    return parser


def _run(options: argparse.Namespace) -> None:
    if options.clips is None and options.pairs is None:
        raise UserError("--clips and --pairs", "neither is given", "Name a folder of videos or of pictures.")
    clips = files_in(options.clips, VIDEO_SUFFIXES, "video") if options.clips else []
    people = pairs.find(options.pairs, options.suffixes) if options.pairs else []
    portraits = files_in(options.portraits, PICTURE_SUFFIXES, "picture") if options.portraits else []
    check_outputs(
        [options.json, options.plots, options.strips, options.tracks, options.sheets],
        {
            "the clips": options.clips,
            "the pairs": options.pairs,
            "the other figures": options.compare,
            "the portraits": options.portraits,
            "the weights": options.refiner,
            "the paper's weights": options.paper,
        },
    )
    given = _weights(options)
    shots = _shots(options.shots)
    if options.tuned:
        _check_tuning(options.tuned, given)
        shots = tuple(sorted({*shots, methods.TUNED_SHOTS}))  # the row to hold it against
    plan = Plan(options.frames, options.limit, given, shots, options.tuned)
    if options.json is not None:
        check_writable(options.json)
    if options.plots is not None:
        plots.prepare(options.plots)
    for folder in (options.strips, options.sheets):
        if folder is not None:
            strips.prepare(folder)
    console = Console(highlight=False)
    result: dict[str, Any] = {
        "kind": "fidelity",
        "command": command_line.line("fidelity", options, _parser()),
        "machine": {name: value for name, value in machine.describe().items() if name != "date"},
        "frames": options.frames,
        "limit": options.limit,
    }
    wanted = [of for of, some in ((judged.PEOPLE, people), (judged.CLIPS, clips)) if some]
    yard = Reporter(options.compare, wanted, console)
    with Judge() as judge:
        if people:
            measure_pairs(people, options, given, judge, yard)
        if clips:
            result["self"] = measure_self(clips, options, plan, judge, yard)
        if clips and portraits:
            result["cross"] = measure_cross(portraits, clips, options, given, judge, console)
    if options.json is not None:
        write_json(result | {"yardstick": yard.results}, options.json)


def _weights(options: argparse.Namespace) -> Given:
    """The refiner's own unless others are named, and the paper's if they are."""
    own = weights_files.find_weights() if options.refiner is None else methods.load(options.refiner)
    found = {} if own is None or options.no_refine else {REFINED: own}
    return found | ({} if options.paper is None else {PAPER: methods.load(options.paper)})


def _shots(text: str) -> tuple[int, ...]:
    try:
        found = tuple(sorted({int(word) for word in text.split(",")}))
    except ValueError:
        found = ()
    if not found or found[0] < 1 or found[-1] > MOST_SHOTS:
        todo = f"Give numbers from 1 to {MOST_SHOTS} with commas between: 1,8,32"
        raise UserError(f"--shots {text}", "no numbers of pictures", todo)
    return found


def _check_tuning(steps: int, given: Given) -> None:
    """Raises `UserError` where nothing can be fine-tuned, before any other work."""
    if steps < 1:
        raise UserError(f"--tuned {steps}", "no number of steps", "Give one from 1 on, for example 200.")
    if REFINED not in given:
        raise UserError("--tuned", "there are no refiner's weights to fine-tune", "Leave --tuned away.")
    installation.require("--tuned", ["torch"], "finetune", ", or leave --tuned away")


def measure_self(
    clips: Sequence[Path], options: argparse.Namespace, plan: Plan, judge: Judge, yard: Reporter
) -> dict[str, Any]:
    """Every clip against itself; prints the tables, draws the pictures, returns plain values."""
    comparisons, cut = [], []
    console, size = yard.console, options.size or CLIP_SIZE
    for clip in clips:
        with console.status(f"self-reenactment of {clip.name}"):
            comparison = self_reenactment.compare_clip(clip, size, plan, judge, options.tracks)
        if options.plots is not None:
            plots.worst_frames(comparison, options.plots / f"self-worst-{comparison.name}.png")
        if options.strips is not None:
            strips.worst_frames(comparison, options.strips)
        cut.append(judged.clip_mouths(comparison))
        comparison.pairs.clear()  # 60 MB a clip at 256
        comparisons.append(comparison)
    if options.plots is not None:
        plots.self_reenactment(comparisons, options.plots)
    means = self_reenactment.overall(comparisons)
    values = {comparison.name: comparison.as_dict() for comparison in comparisons}
    rows = {name: value["means"] for name, value in values.items()}
    whole = "Self-reenactment; errors in distances of the outer eye corners;"
    console.print(tables.self_table(rows, means, size, tables.WHOLE, whole))
    console.print(tables.self_table(rows, means, size, tables.PARTS, "Mouth and eyes"))
    console.print(tables.self_table(rows, means, size, tables.FLICKER, "Flicker over the truth's own,"))
    worst = self_reenactment.worst(comparisons)
    console.print(tables.self_worst_table(worst))
    console.print(tables.markdown(means), soft_wrap=True)
    tuned = [comparison for comparison in comparisons if comparison.tuned]
    if tuned:
        kept = sum(comparison.tuned["kept"] for comparison in tuned)
        seconds = max(comparison.tuned["seconds"] for comparison in tuned)
        console.print(f"Fine-tuning was kept on {kept} of {len(tuned)} clips; {seconds:.0f} s at most.")
    yard.add(judged.of_clips(comparisons, cut, size, yard.judge))
    return {"size": size, "mean": means, "worst": worst, "clips": values}


def measure_pairs(
    people: Sequence[pairs.Pair], options: argparse.Namespace, given: Given, judge: Judge, yard: Reporter
) -> None:
    """Every pair; prints the tables, draws the sheets."""
    found: list[pairs.Person] = []
    size = options.size or PAIR_SIZE
    for pair in people:
        with yard.console.status(f"{pair.name}, {len(found) + 1} of {len(people)}"):
            found.append(pairs.measure(pair, size, given, judge, options.tracks))
    sample = judged.of_people(found, size, yard.judge)
    yard.add(sample)
    if options.sheets is not None:
        mouth_sheets.write(found, sample, options.sheets)
    if ranked := mouth_sheets.worst(sample):
        yard.console.print("Farthest by perceptual distance:", ", ".join(f"{n} {d:.3f}" for n, d in ranked))


def measure_cross(
    portraits: Sequence[Path],
    clips: Sequence[Path],
    options: argparse.Namespace,
    given: Given,
    judge: Judge,
    console: Console,
) -> dict[str, Any]:
    """Every portrait with every clip; prints the tables, draws the pictures, returns plain values by
    method."""
    from livecam.face.tracker import FaceTracker
    from livecam.persona import enroll

    drivers = []
    for clip in clips:
        with console.status(f"tracking {clip.name}"), FaceTracker() as tracker:
            drivers.append(
                cross_reenactment.track_driver(
                    clip, tracker, options.cross_frames, options.limit, judge.steady
                )
            )
    likenesses: dict[str, list[cross_reenactment.Likeness]] = {}
    drawn: list[strips.Drawn] = []
    for path in portraits:
        with console.status(f"cross-reenactment of {path.name}"):
            persona = enroll.enroll(path, path.stem, CROSS_SIZE)
            repairs = {name: methods.refiner(persona, weights) for name, weights in given.items()}
            for driver in drivers:
                found = cross_reenactment.compare(persona, driver, judge.steady, repairs)
                if options.plots is not None:
                    plots.cross_frames([found.get(REFINED, found[WARPER])], [driver], options.plots)
                if options.strips is not None:
                    strips.cross_sheet(found, driver, options.strips)
                    drawn = strips.cross_worst(found, driver, drawn)
                for name, one in found.items():
                    one.outputs.clear()  # 80 MB a pair
                    likenesses.setdefault(name, []).append(one)
    if options.strips is not None:
        strips.save_cross_worst(drawn, options.strips)
    if options.plots is not None:
        plots.cross_correlation(likenesses.get(REFINED, likenesses[WARPER]), options.plots)
    result: dict[str, Any] = {"size": CROSS_SIZE}
    for name, several in likenesses.items():
        means = cross_reenactment.overall(several)
        rows = [{"portrait": one.portrait, "driver": one.driver_name, **one.summary()} for one in several]
        worst = cross_reenactment.worst(several)
        console.print(tables.cross_table(rows, means, CROSS_SIZE, name))
        console.print(tables.worst_table(worst, name))
        result[name] = {"mean": means, "worst": worst, "pairs": rows}
    return result


if __name__ == "__main__":
    sys.exit(main())
