"""The three standard streams: always open, even where whoever started the program closed them."""

from __future__ import annotations

import os
import signal
import sys
from typing import TextIO


def ensure() -> None:
    """Open what is closed of standard input, output and error onto nothing.

    Left closed, their numbers go to the files that are opened next, and what a library tells standard error
    would end up in a film.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115
    if hasattr(signal, "SIGTTIN"):
        # A run in the background of its terminal would be stopped by asking whether Enter was pressed.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)


def output_error() -> OSError | None:
    """Why standard output takes nothing more, where it does not: it is asked to take the end of a line. From
    there on it goes nowhere."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        return error
    return None


def silence(stream: TextIO) -> None:
    """What is still to be written goes nowhere. Left as it is, Python would end with a code of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_terminal() -> bool:
    """Whether somebody may type on standard input."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # none, or closed since
        return False
