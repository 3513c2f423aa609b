"""Refined against warped: `python -m training.evaluate RUN [--data DIR] [--clips DIR] [--json FILE]`.

On people who were held out, and on real clips that drive a portrait made of their own first frame. Beside
both stand two pictures that know nothing, blurred and flat, which PSNR alone would praise. Clips are measured
by `livecam.benchmarks.fidelity`, which shows more of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from livecam.errors import UserError
from livecam.outputs import check_outputs
from training import dataset, held_out
from training.ship import refiner_model_from, ship

log = logging.getLogger(__name__)
Table = Mapping[str, Mapping[str, float | None]]
PARTS = tuple(f"{part}_{measure}" for part in ("mouth", "eyes") for measure in ("psnr", "gms", "sharpness"))
COLUMNS = ("face_psnr", "landmarks", "lips", "eyes", *PARTS, "flicker")
"""Of the tables; held-out people have those of `PARTS` only."""


def measure_clips(
    runs: Sequence[Path], clips: Sequence[Path], size: int, frames: int, shots: int
) -> dict[str, Table]:
    """Every clip as its own portrait, and their mean, with the weights as they would ship. Finds faces, so
    this alone of training needs MediaPipe and the face model.

    Raises:
        UserError: there are no weights, or a clip or its first frame cannot be used.
    """
    from livecam.benchmarks.fidelity import methods, self_reenactment
    from livecam.benchmarks.fidelity.judge import Judge

    with tempfile.TemporaryDirectory() as folder, Judge() as judge:
        ship(runs, Path(folder))
        weights = methods.load(Path(folder))
        plan = self_reenactment.Plan(frames, 300, {methods.REFINED: weights}, sorted({1, shots}))
        found = [self_reenactment.compare_clip(clip, size, plan, judge) for clip in clips]
    tables: dict[str, Table] = {one.name: {name: one.means(name) for name in one.rows} for one in found}
    tables["mean"] = self_reenactment.overall(found)
    return {name: plain(table) for name, table in tables.items()}


def plain(table: Table) -> Table:
    """Those of `COLUMNS` that the table has, rounded; None where a value is unknown."""
    return {who: {name: _known(row[name]) for name in COLUMNS if name in row} for who, row in table.items()}


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def text(table: Table) -> str:
    """A table for people: one row a picture."""
    names = list(next(iter(table.values())))
    lines = [" " * 14 + "".join(f"{name.replace('_', ' '):>17}" for name in names)]
    for who, row in table.items():
        cells = ("-" if row[name] is None else f"{row[name]:.3f}" for name in names)
        lines.append(f"{who:14}" + "".join(f"{cell:>17}" for cell in cells))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("run", type=Path, nargs="+", help="as for training.ship")
    parser.add_argument("--data", type=Path, help="pairs: their held-out people")
    parser.add_argument("--clips", type=Path, help="folder with real clips")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--frames", type=int, default=40, help="frames compared of each clip")
    parser.add_argument("--shots", type=int, default=1, help="pictures of each person, 1 to 6 held-out ones")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found: dict[str, Table] = {}
    try:
        check_outputs(
            [options.json],
            {"the runs": options.run[0], "the pairs": options.data, "the clips": options.clips},
        )
        if options.data:
            painter, _ = refiner_model_from(options.run)
            pairs = dataset.load(options.data, held_out=True)
            for name in painter.styles:
                found[f"{name}, held out"] = plain(held_out.measure(painter.part(name), pairs, options.shots))
        if options.clips:
            clips = sorted(options.clips.glob("*.mp4"))
            if not clips:
                raise UserError(str(options.clips), "holds no clips", "Name a folder with .mp4 files.")
            found |= measure_clips(options.run, clips, options.size, options.frames, options.shots)
    except UserError as error:
        log.error("%s", error)
        return 2
    for name, table in found.items():
        log.info("%s\n%s", name, text(table))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
