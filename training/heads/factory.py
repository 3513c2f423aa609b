"""Renders many people, in this process or in several.

A module of its own: what workers run must be importable by name, which `__main__` is not.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from livecam.errors import UserError
from training.heads import data, dataset

_studio: dataset.Studio | None = None


def render(
    head_data: Path | None, out: Path, seeds: range, plan: dataset.Plan, workers: int
) -> Iterator[int]:
    """Make the files that are missing; gives each seed as it is done. Raises `UserError`."""
    todo = missing(out, seeds)
    out.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        _start(head_data, plan, workers)
        for seed in todo:
            yield _make(out, seed)
        return
    with pool(workers, _start, (head_data, plan, workers)) as made:
        for done in as_completed([made.submit(_make, out, seed) for seed in todo]):
            yield done.result()


@contextmanager
def pool(
    workers: int, start: Callable[..., None], arguments: tuple[Any, ...]
) -> Iterator[ProcessPoolExecutor]:
    """Processes of one core each that begin with `start`. Raises `UserError` where one dies or cannot."""
    # numpy, OpenCV and llvmpipe would each start a thread a core in every one. Read when a worker starts, so
    # it is too late for this process.
    for name, count in (("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"), ("LP_NUM_THREADS", "0")):
        os.environ.setdefault(name, count)
    # OpenGL contexts do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, start, arguments) as executor:
        try:
            yield executor
        except BrokenProcessPool as error:
            raise UserError("rendering", "a worker died", "Run it with --workers 1 to see why") from error


def missing(out: Path, seeds: range) -> list[int]:
    """The people that have no file yet."""
    return [seed for seed in seeds if not dataset.path_of(out, seed).exists()]


def _start(head_data: Path | None, plan: dataset.Plan, workers: int) -> None:
    """Each process has a renderer of its own."""
    global _studio
    if workers > 1:
        cv2.setNumThreads(1)
    from training.heads.shape import HeadShape

    _studio = dataset.Studio(HeadShape(data.load(head_data)), plan)


def _make(out: Path, seed: int) -> int:
    assert _studio is not None
    dataset.save(out, seed, _studio.pictures(seed), _studio.plan)
    return seed
