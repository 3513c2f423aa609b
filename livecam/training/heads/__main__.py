"""Render people: `python -m livecam.training.heads --count 1000 --out DIR --workers 4`.

Every person is one file, named by its seed; files that are there already are kept, so a broken run goes on
where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from livecam.errors import UserError
from livecam.training.heads import data, dataset

log = logging.getLogger(__name__)
_studio: dataset.Studio | None = None


def _start(head_data: Path | None, plan: dataset.Plan, workers: int = 1) -> None:
    """Each worker has a renderer of its own: OpenGL contexts do not travel."""
    global _studio
    if workers > 1:
        # llvmpipe would start a thread a core in every worker.
        os.environ.setdefault("LP_NUM_THREADS", "1")
    from livecam.training.heads.shape import HeadShape

    _studio = dataset.Studio(HeadShape(data.load(head_data)), plan)


def _make(job: tuple[Path, int]) -> int:
    assert _studio is not None
    folder, seed = job
    dataset.save(folder, seed, _studio.pictures(seed), _studio.plan)
    return seed


def render(head_data: Path | None, out: Path, seeds: range, plan: dataset.Plan, workers: int) -> int:
    """Make what is missing; returns how many people were made. Raises `UserError` before any work."""
    data.load(head_data)
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(out, seed) for seed in seeds if not dataset.path_of(out, seed).exists()]
    if not jobs:
        return 0
    if workers == 1:
        _start(head_data, plan)
        for job in _progress(map(_make, jobs), len(jobs)):
            log.debug("person %d", job)
        return len(jobs)
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start, (head_data, plan, workers)) as pool:
        for job in _progress(pool.imap_unordered(_make, jobs), len(jobs)):
            log.debug("person %d", job)
    return len(jobs)


def _progress(made: Iterable[int], total: int) -> Iterable[int]:
    from rich.progress import track

    return track(made, "rendering people", total)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m livecam.training.heads", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100, help="people")
    parser.add_argument("--first", type=int, default=0, help="seed of the first person")
    parser.add_argument("--frames", type=int, default=8, help="pictures of each person")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    plan = dataset.Plan(size=options.size, frames=options.frames)
    seeds = range(options.first, options.first + options.count)
    try:
        made = render(options.head_data, options.out, seeds, plan, options.workers)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("%d people made, %d were there already, in %s", made, options.count - made, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
