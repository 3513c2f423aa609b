"""Signals that end a run like Ctrl-C: a closed terminal, `timeout`, a service manager, a shutdown.

They raise `EndedBySignal`, a KeyboardInterrupt, so whatever heeds Ctrl-C heeds them. Files take a moment to
be finished: `begin_finishing` marks where that begins, and from there on, or after a first signal, no further
one is raised. Without `signals_heeded`, as in a program that uses livecam as a library, nothing here does
anything.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""SIGHUP: a closed terminal; Windows has none, and SIGBREAK for a closed console instead."""
PATIENCE_SECONDS = 10.0
"""Files are given so long to be finished; Ctrl-C after that leaves at once."""


class EndedBySignal(KeyboardInterrupt):
    """A signal other than Ctrl-C asked the program to end."""


@dataclass
class _State:
    number: int | None = None
    """The signal that asked for the end."""
    finishing: bool = False
    finished: bool = False
    """Ctrl-C ended a run and its files are whole: the program is about to end."""
    leaving: bool = False
    """Nothing is left to do after an end that was asked for."""
    since: float = 0.0
    """Monotonic seconds at which the end began."""


_state = _State()


@contextmanager
def signals_heeded() -> Iterator[None]:
    """Heed `NAMES` like Ctrl-C while this lasts. What was ignored at the start stays so (nohup, `&`).

    After `last_words` Ctrl-C stays ignored where the end was asked for: Python takes a moment to exit.
    """
    global _state
    _state = _State()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name, None) for name in (*NAMES, "SIGINT")):
            usual = (signal.SIG_DFL, signal.default_int_handler)
            if number is not None and signal.getsignal(number) in usual:
                before[number] = signal.signal(number, _handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            ignored = _state.leaving and number == signal.SIGINT
            signal.signal(number, signal.SIG_IGN if ignored else handler)


def _handle(number: int, frame: FrameType | None) -> None:
    keyboard = number == signal.SIGINT
    again = keyboard and _state.finished
    if _state.number is None and not _state.finishing and not again:
        _state.number, _state.since = number, time.monotonic()
        raise KeyboardInterrupt if keyboard else EndedBySignal
    if not keyboard:
        _state.number = number
    elif time.monotonic() - _state.since > PATIENCE_SECONDS:
        os._exit(130)


def begin_finishing() -> None:
    """From now on files are finished: no signal interrupts that."""
    if not _state.finishing:
        _state.finishing = True
        if _state.number is None:
            _state.since = time.monotonic()


def end_finishing() -> None:
    """The end of what `begin_finishing` began. Raises `EndedBySignal` where more than the run was asked to
    end."""
    _state.finishing = False
    if _state.number == signal.SIGINT:
        _state.number, _state.finished = None, True
    raise_pending()


def last_words() -> None:
    """The program has said everything: where a signal asked for its end, Ctrl-C is ignored from now on."""
    _state.leaving = _state.finished or _state.number is not None


def raise_pending() -> None:
    """Raise what a signal raised and nobody saw, as in a destructor or a callback from C."""
    if _state.number is not None:
        raise KeyboardInterrupt if _state.number == signal.SIGINT else EndedBySignal


def exit_code(code: int) -> int:
    """128 + the signal's number where one ended the program. 2 stays: a line said why."""
    return code if _state.number in (None, signal.SIGINT) or code == 2 else 128 + int(_state.number)
