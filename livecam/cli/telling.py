"""How far enrolling and fine-tuning are: for a person at a terminal, or for the program that started them.

That other program is livecam itself, whose gallery enrols in a process of its own (`livecam.studio.worker`,
which says what the lines are). The process is then the first to go where memory runs out, and it ends with
the program that started it, even if that was killed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import typer

from livecam.cli.phases import Phases
from livecam.errors import UserError
from livecam.report import peak_memory_mb

MOST_MEMORY_MB: Final = 6000.0
"""What enrolling may take: one picture of 100 megapixels, the largest that is allowed, takes 2000."""
WATCH_SECONDS: Final = 0.2
"""Between two looks at the memory."""
TUNING: Final = "fine-tuning"
PREPARING: Final = "preparing"


class Telling(Protocol):
    """Who hears how far it is."""

    def phase(self, name: str, done: int, total: int) -> None: ...

    def say(self, text: str) -> None:
        """A sentence for the user."""


@contextlib.contextmanager
def telling(for_program: bool) -> Iterator[Telling]:
    """For a program, errors are told in a line of their own and end with exit code 2."""
    if for_program:
        lines = JsonLines()
        try:
            with lines:
                yield lines
        except UserError as error:
            lines.error(error)
            raise typer.Exit(2) from error
        except MemoryError as error:
            lines.error(_too_much())
            raise typer.Exit(2) from error
    else:
        terminal = Terminal()
        try:
            yield terminal
        finally:
            terminal.close()


class Terminal:
    """Sentences on standard output; a bar while it is fine-tuned, which alone takes long."""

    def __init__(self) -> None:
        self._bars: Phases | None = None

    def phase(self, name: str, done: int, total: int) -> None:
        if name != TUNING:
            return
        if self._bars is None:
            self._bars = Phases()
            self._bars.__enter__()
        self._bars.tell(name, done, total)
        if done >= total:
            self.close()

    def say(self, text: str) -> None:
        typer.echo(text)

    def close(self) -> None:
        """Twice does no harm."""
        if self._bars is not None:
            self._bars.__exit__()
            self._bars = None


class JsonLines:
    """JSON objects, one a line, on what was standard output; whatever else writes there goes to standard
    error. Warnings of the log are told as well: they say which picture was left out, and why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._warnings = _Warnings(self)

    def __enter__(self) -> JsonLines:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started this
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # Linux alone has it
        logging.getLogger("livecam").addHandler(self._warnings)
        for watch in (self._watch_starter, self._watch_memory):
            threading.Thread(target=watch, name=watch.__name__, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger("livecam").removeHandler(self._warnings)

    def phase(self, name: str, done: int, total: int) -> None:
        self._tell({"phase": name, "done": done, "total": total})

    def say(self, text: str) -> None:
        self._tell({"note": text})

    def error(self, error: UserError) -> None:
        self._tell({"error": {"what": error.what, "why": error.why, "todo": error.todo}})

    def _tell(self, said: dict[str, Any]) -> None:
        with self._lock, contextlib.suppress(OSError):  # nobody listens any more: that is seen below
            self._out.write(json.dumps(said) + "\n")
            self._out.flush()

    def _watch_starter(self) -> None:
        """Standard input is a pipe that nobody writes to: its end is the end of whoever started this."""
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os._exit(3)

    def _watch_memory(self) -> None:
        while peak_memory_mb() < MOST_MEMORY_MB:
            time.sleep(WATCH_SECONDS)
        self.error(_too_much())
        os._exit(2)


class _Warnings(logging.Handler):
    def __init__(self, lines: JsonLines) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.say(record.getMessage())


def _too_much() -> UserError:
    return UserError("memory", "these pictures take too much of it", "Scale them down, or use fewer.")
