"""`--engine auto`: the first of several that opens, fastest first, and one line that says so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from livecam.engines.base import EngineError

log = logging.getLogger(__name__)

FASTEST_FIRST: Final = ("tensorrt", "cuda", "cpu")
"""What "auto" tries. PyTorch is the reference, never a choice of its own accord."""

Opened = TypeVar("Opened")
Candidate = tuple[str, Callable[[], Opened]]
"""A name as on the command line, and what opens it or raises."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[Opened]):
    """What was opened, under which name, and why the faster ones were not."""

    name: str
    opened: Opened
    passed_over: tuple[tuple[str, str], ...]

    @property
    def line(self) -> str:
        """ "engine cpu; not tensorrt: it is not installed; not cuda: no NVIDIA driver is loaded"."""
        reasons = [f"not {name}: {reason}" for name, reason in self.passed_over]
        return "; ".join([f"engine {self.name}", *reasons])


def fastest(
    candidates: Sequence[Candidate[Opened]], refusals: tuple[type[Exception], ...] = (EngineError,)
) -> Choice[Opened]:
    """Opens the first candidate that does not refuse. `refusals`: what "it cannot run here" looks like;
    any other exception is a fault and goes through.

    Raises:
        EngineError: none can be opened; the line names the reason of each.
    """
    passed: list[tuple[str, str]] = []
    for name, opener in candidates:
        try:
            opened = opener()
        except refusals as error:
            passed.append((name, _reason(name, str(error))))
            continue
        choice = Choice(name, opened, tuple(passed))
        log.info("%s", choice.line)
        return choice
    reasons = "; ".join(f"{name}: {reason}" for name, reason in passed)
    raise EngineError(f"no engine can run here ({reasons}). See `livecam doctor`")


def _reason(name: str, told: str) -> str:
    """The first sentence of an error, without the engine's name before it."""
    first = " ".join(told.split()).split(". ")[0].rstrip(".")
    return first.removeprefix(f"engine {name}: ").removeprefix(f"{name}: ")
