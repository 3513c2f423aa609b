"""One piece of training on a GPU: `python -m training.gpu --out DIR --piece 0 --minutes 6`.

Renders new people, trains the feature network if there is none yet, goes on with both networks from the
painter.safetensors of --from (the shipped ones unless it is given), and ships what came out into DIR. That
folder is what the next piece goes on from. docs/training.md has the whole plan.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from livecam.errors import UserError
from livecam.generator import weights

log = logging.getLogger(__name__)

FEATURES: Final = "features.safetensors"
PEOPLE_A_PIECE: Final = 100_000
"""Seeds that a piece may use up; each piece has people of its own."""
HELD_OUT_FIRST: Final = 19
"""The held-out people are the same in every piece: seeds 19, 39 and so on."""
HELD_OUT: Final = 24
SHARES: Final = {"mouth": 0.6, "eye": 0.4}
"""Of the time to train, by network: a mouth's crop has 7,680 pixels, two eyes' have 6,144 and less to
learn."""
TIMED: Final = 20
"""Steps that are timed, so that the learning rate has fallen when the time is up."""
PACKING: Final = 0.4
"""Minutes that are kept for shipping."""


def make_people(folder: Path, head_data: Path | None, piece: int, workers: int, ends: float) -> None:
    """Held-out people first, then as many to train on as the time allows; a batch of `workers` at a time."""
    from training import pairs, shards
    from training.heads import factory

    folder.mkdir(parents=True, exist_ok=True)
    held_out = range(HELD_OUT_FIRST, HELD_OUT_FIRST + shards.HELD_OUT * HELD_OUT, shards.HELD_OUT)
    first = piece * PEOPLE_A_PIECE
    others = (seed for seed in range(first, first + PEOPLE_A_PIECE) if not shards.is_held_out(seed))
    began, made = time.monotonic(), 0
    plan = pairs.Plan(targets=8)
    with factory.pool(workers, pairs.start_worker, (head_data, plan)) as pool:
        made += sum(1 for _ in pool.map(pairs.make_person, [(folder, seed) for seed in held_out]))
        while time.monotonic() < ends:
            jobs = [(folder, next(others)) for _ in range(4 * workers)]
            made += sum(1 for _ in pool.map(pairs.make_person, jobs))
    log.info("%d people in %.0f s", made, time.monotonic() - began)


def run_piece(options: argparse.Namespace) -> None:
    """Raises `UserError`."""
    import torch

    from training import perception, recipe, ship
    from training.__main__ import recipe_path
    from training.loop import train

    began = time.monotonic()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = options.scratch / "pairs"
    options.out.mkdir(parents=True, exist_ok=True)
    start = options.start if options.start is not None else _shipped()
    render_until = began + 60 * options.minutes * options.render_share
    make_people(data, options.head_data, options.piece, options.workers, render_until)
    features = options.out / FEATURES
    if (start / FEATURES).is_file():
        shutil.copy(start / FEATURES, features)
    else:
        network = perception.learn(data, options.feature_steps, 64, device=device)
        perception.save_features(network, features)
    left = options.minutes - (time.monotonic() - began) / 60 - PACKING
    runs = []
    for part, share in SHARES.items():
        plan = recipe.read(recipe_path(options.recipe)).of_part(part)
        given = {"device": device, "features": features, "begin": start / weights.PAINTER}
        timed = replace(plan, steps=TIMED, check_every=TIMED, adversarial_from=0)
        before = time.monotonic()
        train(timed, data, options.scratch / f"timed-{part}", **given)
        minutes = max(left * share - (time.monotonic() - before) / 60, 0.0)
        rate = TIMED / (time.monotonic() - before)
        steps = min(plan.steps, max(TIMED, int(60 * minutes * rate)))
        later = min(plan.adversarial_from, steps // 2) if plan.adversarial_from >= 0 else -1
        plan = replace(plan, steps=steps, adversarial_from=later)
        log.info("%s: %.1f steps a second, %d of them", part, rate, steps)
        runs.append(options.scratch / part)
        train(plan, data, runs[-1], minutes=minutes, **given)
    ship.ship(runs, options.scratch / "shipped", data=data)
    for path in (options.scratch / "shipped" / name for name in (weights.PAINTER, weights.CARD)):
        shutil.copy(path, options.out / path.name)
    for run in runs:
        shutil.copy(run / "log.jsonl", options.out / f"{run.name}.jsonl")
        for sheet in sorted(run.glob("sheet-*.png"))[-1:]:
            shutil.copy(sheet, options.out / f"{run.name}.png")


def _shipped() -> Path:
    return Path(str(files("livecam.assets"))) / "refiner"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.gpu", description=__doc__)
    parser.add_argument("--recipe", default="gpu")
    parser.add_argument("--out", type=Path, required=True, help="what comes back, 16 MB a file at most")
    began = "the folder that the piece before left; the shipped weights"
    parser.add_argument("--from", dest="start", type=Path, help=began)
    parser.add_argument("--piece", type=int, default=0, help="its number: names its people")
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--render-share", type=float, default=0.35, help="of the minutes, for rendering")
    parser.add_argument("--feature-steps", type=int, default=1500)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--head-data", type=Path)
    parser.add_argument("--scratch", type=Path, default=Path("out/gpu"))
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        run_piece(options)
    except UserError as error:
        log.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
