"""Runs a program that opens corrupt files, one after the other, in a process of its own, which one of them
may take down or make hang. `persona/corrupt.py` tells what such a program prints."""

from __future__ import annotations

import collections
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

SECONDS = 60.0
"""Without a word of the process after which it hangs: a case takes half a second, starting it some."""
START_SECONDS = 120.0
"""The same before its first word."""


def outcomes(
    program: Path, folder: Path, first: int, last: int, seconds: float = SECONDS
) -> dict[int, tuple[str, str]]:
    """By number: what was done to the file, and what became of it, which begins with a word of the program,
    or "crash" or "hang"."""
    found: dict[int, tuple[str, str]] = {}
    while first < last:
        first = _run(program, folder, first, last, seconds, found)
    return found


def _run(
    program: Path, folder: Path, first: int, last: int, seconds: float, found: dict[int, tuple[str, str]]
) -> int:
    """The next number to go on with, after what took the process down."""
    words = [sys.executable, "-W", "ignore", str(program), str(folder), str(first), str(last)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=alone,
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    done: tuple[int, str] | None = None
    word, begun = "crash", False
    try:
        while True:
            line = lines.get(timeout=seconds if begun else START_SECONDS)
            begun = True
            if line is None:
                break
            if line.startswith("done"):
                return last
            number, _, text = line.strip().partition(" ")
            if done is None:
                done = int(number), text
            else:
                found[done[0]] = done[1], text
                first, done = done[0] + 1, None
    except queue.Empty:
        word = "hang"
    finally:
        child.kill()
        child.wait()
    if done is None:
        raise RuntimeError(f"{word} outside of a case: {child.stderr.read()[-2000:] if child.stderr else ''}")
    found[done[0]] = done[1], word
    return done[0] + 1


def check(found: dict[int, tuple[str, str]]) -> None:
    """Raises AssertionError, with the counts, where one was no clear error and no picture."""
    words = collections.Counter(outcome.split()[0] for _, outcome in found.values())
    wrong = {n: one for n, one in found.items() if one[1].split()[0] in ("crash", "hang", "unclear")}
    assert not wrong, words
