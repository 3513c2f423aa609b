"""Something else that wants the cores while a measurement runs."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import numpy as np

AT_MOST_S = 3600
"""A load ends by itself after that, should whoever started it be killed."""
NUMBERS = 1 << 19
"""4 MB: more than a core's own cache holds, so that memory is used as well."""


def kind() -> str:
    """What makes the load here: "stress-ng" where that is installed, else "own"."""
    return "stress-ng" if shutil.which("stress-ng") else "own"


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute and do nothing else, until the end of the block."""
    if count < 1:
        yield
        return
    with _stress_ng(count) if kind() == "stress-ng" else _own(count):
        yield


@contextlib.contextmanager
def _stress_ng(count: int) -> Iterator[None]:
    command = ["stress-ng", "--matrix", str(count), "--timeout", f"{AT_MOST_S}s", "--quiet"]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()  # it ends its own workers
        process.wait()


@contextlib.contextmanager
def _own(count: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    workers: list[BaseProcess] = [context.Process(target=work, daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def work(seconds: float = AT_MOST_S) -> None:
    """One core's worth of load: arithmetic and memory."""
    values = np.random.default_rng(0).random(NUMBERS)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        np.cos(values, out=values)  # numpy does this on one thread
