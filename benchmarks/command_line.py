"""What the benchmarks' command lines share."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from livecam.errors import UserError
from livecam.ranges import Limits, Range
from livecam.settings import limits as limits_of

COUNT = Range(1, 1_000_000, whole=True)
"""Frames, pictures or threads."""
SECONDS = Range(1, 3600)
"""Of one measurement."""
LOAD = Range(0, 256, whole=True)
"""Busy processes beside a measurement."""
FPS = limits_of("fps")
DELAY_MS = Range(0, 1000)


def number(limits: Limits) -> Callable[[str], float]:
    """For `type=` of an argument: a number within `limits`, which the error shows."""

    whole = not isinstance(limits, Range) or limits.whole

    def parse(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
            limits.check(text, value)
        except (ValueError, UserError):
            kind = "a whole number" if whole else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind} of {limits}") from None
        return value

    return parse


count, load, seconds, delay_ms, fps = map(number, (COUNT, LOAD, SECONDS, DELAY_MS, FPS))
"""For `type=` of an argument of that kind."""


def run(name: str, options: argparse.Namespace, work: Callable[[argparse.Namespace], None]) -> int:
    """Do the work. Returns the exit code: 0 done, 2 for anything the user has to mend, said in one line."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        work(options)
    except UserError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    return 0


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """For `python -m livecam.benchmarks.NAME`, described by the first line of its docstring."""
    return argparse.ArgumentParser(
        prog=f"python -m livecam.benchmarks.{name}", description=(doc or "").split("\n")[0]
    )


def line(name: str, options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """The command that was given, to be written beside its figures: options that differ from the default,
    files and folders by their last name."""
    words = [f"python -m livecam.benchmarks.{name}"]
    for key, value in vars(options).items():
        if value == parser.get_default(key):
            continue
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        flag = f"--{key.replace('_', '-')}"
        shown = " ".join(one.name if isinstance(one, Path) else str(one) for one in values)
        words.append(flag if value is True else f"{flag} {shown}")
    return " ".join(words)
