"""What takes longer than a click: one job after another, each in a process of its own."""

from __future__ import annotations

import collections
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from livecam.errors import UserError
from livecam.studio.worker import Worker

log = logging.getLogger(__name__)

MOST_WAITING: Final = 8
MOST_REMEMBERED: Final = 32
"""Jobs that are over, for pages that come later."""
MOST_NOTES: Final = 40
"""Sentences of one job: a picture left out has one each."""
TELL_SECONDS: Final = 0.1
"""Between two words about how far a phase is."""
CLOSE_SECONDS: Final = 5.0
"""For the process to go at the end."""
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


@dataclass
class Job:
    """One of them, and what pages are told of it.

    worker: its process. finish: called with whether it went well, before it is told that it is over; returns
    the name that came of it.
    """

    kind: str
    name: str
    worker: Worker
    finish: Callable[[bool], str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What messages say instead of the files' names on disk."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    phase: str = WAITING
    done: int = 0
    total: int = 0
    state: str = RUNNING
    error: UserError | None = None
    notes: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        error = self.error
        parts = None if error is None else {"what": error.what, "why": error.why, "todo": error.todo}
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "phase": self.phase,
            "done": self.done,
            "total": self.total,
            "state": self.state,
            "error": parts,
            "notes": list(self.notes),
        }


class Jobs:
    """The queue. `on_change(job as JSON)` is called from any thread, with nothing locked."""

    def __init__(self, on_change: Callable[[dict[str, Any]], None]) -> None:
        self._on_change = on_change
        self._all: collections.OrderedDict[str, Job] = collections.OrderedDict()
        self._waiting: collections.deque[Job] = collections.deque()
        self._running: Job | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def check_room(self) -> None:
        """Raises `UserError` where another job has no place."""
        with self._changed:
            self._check_room()

    def _check_room(self) -> None:
        if self._closed:
            raise UserError("portrait", "livecam is ending", "Start it again.")
        if len(self._waiting) >= MOST_WAITING:
            raise UserError("portrait", f"{MOST_WAITING} wait already", "Wait until one is done.")

    def add(self, job: Job) -> dict[str, Any]:
        """Raises `UserError` where too many wait."""
        with self._changed:
            self._check_room()
            self._waiting.append(job)
            self._all[job.id] = job
            over = [one.id for one in self._all.values() if one.state != RUNNING]
            for id in over[: max(0, len(over) - MOST_REMEMBERED)]:
                del self._all[id]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._thread.start()
            told = job.told()
            self._changed.notify_all()
        self._on_change(told)
        return told

    def all(self) -> list[dict[str, Any]]:
        """The oldest first."""
        with self._changed:
            return [job.told() for job in self._all.values()]

    def busy(self) -> list[tuple[str, str]]:
        """Kind and name of what waits or runs."""
        with self._changed:
            return [(job.kind, job.name) for job in self._all.values() if job.state == RUNNING]

    def stop(self, id: str) -> None:
        """End a job; it fails. Raises `UserError` where there is none such, or it is over."""
        with self._changed:
            job = self._all.get(id)
            if job is None or job.state != RUNNING:
                raise UserError("job", "it is over already", "Look at the portraits.")
        job.worker.stop()

    def wait(self, seconds: float) -> bool:
        """Until none is left; whether that was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and self._running is None, seconds)

    def close(self) -> None:
        """End them all. Twice does no harm."""
        with self._changed:
            self._closed = True
            jobs = [job for job in self._all.values() if job.state == RUNNING]
            self._changed.notify_all()
        for job in jobs:
            job.worker.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                job = self._running = self._waiting.popleft()
            self._do(job)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _do(self, job: Job) -> None:
        error: UserError | None = None
        try:
            job.worker.run(_Hearing(self, job))
        except UserError as refusal:
            error = refusal
        except Exception as crash:
            error = _unexpected(job, crash)
        try:
            name = job.finish(error is None)
        except UserError as refusal:
            name, error = job.name, error or refusal
        except Exception as crash:
            name, error = job.name, error or _unexpected(job, crash)
        with self._changed:
            job.error = None if error is None else _spelt(error, job.aliases)
            job.name, job.state = name, DONE if error is None else FAILED
        self.tell(job)

    def tell(self, job: Job) -> None:
        with self._changed:
            told = job.told()
        self._on_change(told)

    def hear(self, job: Job, said: Mapping[str, Any]) -> bool:
        """What its process told; whether that is a new phase or a note."""
        with self._changed:
            if isinstance(note := said.get("note"), str) and len(job.notes) < MOST_NOTES:
                job.notes.append(_replaced(note, job.aliases))
                return True
            phase, done, total = (said.get(key) for key in ("phase", "done", "total"))
            if not isinstance(phase, str) or not isinstance(done, int) or not isinstance(total, int):
                return False
            new = phase != job.phase
            job.phase, job.done, job.total = phase, done, total
            return new


class _Hearing:
    """Tells at once what is new, and now and then how far it is."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs, self._job, self._last = jobs, job, 0.0

    def __call__(self, said: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if self._jobs.hear(self._job, said) or now - self._last >= TELL_SECONDS:
            self._last = now
            self._jobs.tell(self._job)


def _unexpected(job: Job, crash: Exception) -> UserError:
    log.exception("%s of %s", job.kind, job.name)
    return UserError(job.name, f"unexpected: {type(crash).__name__}", "Try again.")


def _spelt(error: UserError, aliases: Mapping[str, str]) -> UserError:
    return UserError(*(_replaced(part, aliases) for part in (error.what, error.why, error.todo)))


def _replaced(text: str, aliases: Mapping[str, str]) -> str:
    for path, name in aliases.items():
        text = text.replace(path, name)
    return text
