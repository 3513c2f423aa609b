"""A sink that breaks ends alone; the others go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from livecam.errors import UserError
from livecam.sinks.base import Sink

log = logging.getLogger(__name__)


class Failures:
    """The sinks of one run that still work. May be used from every sink's thread."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._going = list(sinks)
        self._lock = threading.Lock()
        self.first: Exception | None = None

    @property
    def going(self) -> list[Sink]:
        with self._lock:
            return list(self._going)

    def join(self, sink: Sink) -> None:
        """One more sink."""
        with self._lock:
            self._going.append(sink)

    def leave(self, sink: Sink) -> bool:
        """A sink that is wanted no more; whether it was still going."""
        with self._lock:
            before = len(self._going)
            self._going = [other for other in self._going if other is not sink]
            return len(self._going) < before

    def add(self, sink: Sink, error: Exception) -> None:
        """`sink.write` failed: close it, so that its file is finished, and say so in one line.

        Raises the error instead of saying it where no other sink is left; a bare OSError as `UserError`.
        """
        told = told_of(sink, error)
        try:
            sink.close()
        except Exception:
            log.debug("%s: could not be closed", sink.name, exc_info=True)
        with self._lock:
            self._going = [other for other in self._going if other is not sink]
            self.first = self.first or told
            alone = not self._going
        if alone:
            raise told from error
        known = isinstance(told, UserError)
        why = told if known else f"{sink.name}: {type(error).__name__}: {error}."
        log.warning(
            "%s The run goes on without it", why, exc_info=not known and log.isEnabledFor(logging.DEBUG)
        )


def told_of(sink: Sink, error: Exception) -> Exception:
    """The error as it is said: a bare OSError as `UserError`."""
    if not isinstance(error, OSError):
        return error
    why = (error.strerror or type(error).__name__).lower()
    return UserError(sink.name, f"it cannot be written ({why})", "Free space or choose another.")
