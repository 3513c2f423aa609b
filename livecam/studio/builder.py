"""Prepares another animator beside a run, in a thread of its own; the picture goes on meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from livecam.errors import UserError

log = logging.getLogger(__name__)

Wanted = TypeVar("Wanted")


class Builder(Generic[Wanted]):
    """Does the newest of what it is asked, one at a time: what was asked before and is not begun is dropped.

    build: does it; called in the builder's thread. failed: told what could not be done, and why.
    """

    def __init__(self, build: Callable[[Wanted], None], failed: Callable[[Wanted, UserError], None]) -> None:
        self._build, self._failed = build, failed
        self._condition = threading.Condition()
        self._wanted: Wanted | None = None
        self._ended = self._working = False
        self._thread: threading.Thread | None = None

    def want(self, wanted: Wanted) -> None:
        """May be called from any thread; returns at once."""
        with self._condition:
            self._wanted = wanted
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="builder", daemon=True)
                self._thread.start()
            self._condition.notify()

    @property
    def busy(self) -> bool:
        """Whether anything is being done or waits."""
        with self._condition:
            return self._wanted is not None or self._working

    def close(self, timeout: float = 5.0) -> None:
        """No more; what is being done is waited for that many seconds."""
        with self._condition:
            self._ended, self._wanted = True, None
            self._condition.notify()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted is not None or self._ended)
                wanted, self._wanted = self._wanted, None
                if self._ended or wanted is None:
                    return
                self._working = True
            try:
                self._build(wanted)
            except UserError as error:
                self._failed(wanted, error)
            except Exception as error:
                log.exception("%s cannot be prepared", wanted)
                why = f"it cannot be prepared ({type(error).__name__}: {error})"
                self._failed(wanted, UserError(str(wanted), why, "Run with --verbose for the trace."))
            finally:
                with self._condition:
                    self._working = False
