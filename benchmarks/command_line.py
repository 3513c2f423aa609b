"""What the benchmarks' command lines share."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from livecam.errors import UserError


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
    """For `python -m benchmarks.NAME`, described by the first line of its docstring."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=(doc or "").split("\n")[0]
    )


def line(name: str, options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """The command that was given, to be written beside its figures: options that differ from the default,
    files and folders by their last name."""
    words = [f"python -m benchmarks.{name}"]
    for key, value in vars(options).items():
        if value == parser.get_default(key):
            continue
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        flag = f"--{key.replace('_', '-')}"
        shown = " ".join(one.name if isinstance(one, Path) else str(one) for one in values)
        words.append(flag if value is True else f"{flag} {shown}")
    return " ".join(words)
