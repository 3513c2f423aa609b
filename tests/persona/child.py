"""Runs `corrupt.py` in processes of its own, which a corrupt persona may take down, and counts."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

PROGRAM = Path(__file__).with_name("corrupt.py")
SECONDS = 60.0
"""Without a word of the process after which it hangs: a case takes half a second, starting it some."""
START_SECONDS = 120.0
"""The same before its first word."""


def outcomes(folder: Path, first: int, last: int, seconds: float = SECONDS) -> dict[int, tuple[str, str]]:
    """By number: what was done to the persona, and what became of it, which begins with a word of `corrupt`,
    or "crash" or "hang"."""
    found: dict[int, tuple[str, str]] = {}
    while first < last:
        first = _run(folder, first, last, seconds, found)
    return found


def _run(folder: Path, first: int, last: int, seconds: float, found: dict[int, tuple[str, str]]) -> int:
    """The next number to go on with, after what took the process down."""
    words = [sys.executable, "-W", "ignore", str(PROGRAM), str(folder), str(first), str(last)]
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
