"""A livecam command in a process of its own, at low priority, so that the live picture never waits for it.

With `--for-program` it tells one JSON object a line on standard output:

    {"phase": "reading", "done": 0, "total": 3}      how far it is
    {"note": "left out: two.png: no face was found"} a sentence for the user
    {"error": {"what": "", "why": "", "todo": ""}}   why it ends

and it ends as soon as its standard input does: with the livecam that started it, even a killed one.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from livecam.errors import UserError
from livecam.folders import CACHE_VARIABLE, DATA_VARIABLE

log = logging.getLogger(__name__)

NICENESS: Final = 15 if (os.cpu_count() or 1) > 1 else 5
"""Of the process where the system has such: beside a usual one it has 3 % of a core that both want, and 25 %
where there is no other core."""
LONGEST_LINE: Final = 1 << 16
"""Bytes; nothing that it tells comes near."""
LAST_LINES: Final = 20
"""Of its standard error, for the log."""
PROGRAM: Final = (
    "import os, sys; sys.path[:] = sys.argv.pop(1).split(os.pathsep); from livecam.cli import main; main()"
)
"""The command line with our own module path: Python would put the current folder in front of it."""
PATHS: Final = (CACHE_VARIABLE, DATA_VARIABLE, "LIVECAM_REFINER", "LIVECAM_GRAPHS", "LIVECAM_SETTINGS")
"""Variables of the environment that name files or folders."""

Hear = Callable[[dict[str, Any]], None]


class Worker:
    """One process. `run` once; `stop` from any thread, also before."""

    def __init__(self, words: Sequence[str], what: str, seconds: float, folder: Path) -> None:
        """words: of the command line. what: it works on, for messages. seconds: it may take. folder: it runs
        in."""
        self._words, self._what, self._seconds, self._folder = words, what, seconds, folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = self._late = False
        self._last: collections.deque[str] = collections.deque(maxlen=LAST_LINES)

    def run(self, hear: Hear) -> None:
        """Until it ends; `hear` gets what it tells.

        Raises:
            UserError: it gave a reason, took too long, was stopped, or crashed.
        """
        with self._lock:
            if self._stopped:
                raise self._was_stopped()
            self._process = process = self._start()
        timer = threading.Timer(self._seconds, self._too_late)
        timer.daemon = True
        timer.start()
        assert process.stdout is not None
        assert process.stderr is not None
        errors = threading.Thread(target=self._keep_last, args=(process.stderr,), daemon=True)
        errors.start()
        refusal = None
        try:
            while line := process.stdout.readline(LONGEST_LINE):
                said = _parsed(line)
                if "error" in said:
                    refusal = _refusal(said["error"])
                else:
                    hear(said)
            code = process.wait()
        finally:
            timer.cancel()
            self._kill()
            errors.join(1)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        if code or refusal is not None:
            raise refusal or self._why(code)

    def stop(self) -> None:
        """End it now."""
        with self._lock:
            self._stopped = True
        self._kill()

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
        command = [sys.executable, "-c", PROGRAM, path, *self._words, "--for-program"]
        low = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(
            subprocess, "CREATE_NO_WINDOW", 0
        )
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                cwd=self._folder,
                env=_environment(),
                creationflags=low,
            )
        except OSError as error:
            why = f"no process can be started ({(error.strerror or type(error).__name__).lower()})"
            raise UserError(self._what, why, "Close other programs and try again.") from None
        if hasattr(os, "setpriority"):  # its threads are not there yet, and get what it has
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)

    def _too_late(self) -> None:
        self._late = True
        self._kill()

    def _keep_last(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(LONGEST_LINE):
                self._last.append(line.decode("utf-8", "replace").rstrip())

    def _was_stopped(self) -> UserError:
        return UserError(self._what, "it was stopped", "Start it again when you like.")

    def _why(self, code: int) -> UserError:
        if self._stopped:
            return self._was_stopped()
        if self._late:
            todo = "Try again when the computer is less busy, or with smaller pictures."
            return UserError(self._what, f"it took longer than {self._seconds:.0f} seconds", todo)
        log.warning("%s: the process ended with %d: %s", self._what, code, "\n".join(self._last))
        ended = f"signal {-code}" if code < 0 else f"code {code}"
        todo = "Try again; if it happens again, livecam doctor tells what may be missing."
        return UserError(self._what, f"the process that prepared it ended unexpectedly ({ended})", todo)


def _environment() -> dict[str, str]:
    """Ours, with folders that do not depend on the current one."""
    found = dict(os.environ)
    for name in PATHS:
        if (value := found.get(name)) and not value.startswith("~"):
            found[name] = os.path.abspath(value)
    return found


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _refusal(said: Any) -> UserError | None:
    parts = [said.get(key) for key in ("what", "why", "todo")] if isinstance(said, dict) else []
    return UserError(*map(str, parts)) if len(parts) == 3 else None
