"""Where two threads meet: one place that holds the latest item. Never a queue, so no delay can build up."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """The other side has ended and nothing is left to take."""


class LatestSlot(Generic[T]):
    """A slot for one item. `put` replaces what was not taken yet, and counts it as dropped."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        with self._condition:
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._condition.notify()

    def take(self, timeout: float | None = None) -> T | None:
        """Remove and return the item, waiting for one; None after `timeout` seconds.

        Raises:
            Closed: the slot is empty and closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            if item is None and self._closed:
                raise Closed
            return item

    def close(self) -> None:
        """No more items will come; a last one can still be taken."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Latest(Generic[T]):
    """A shared value that many may look at: the newest finished frame, say."""

    def __init__(self, value: T) -> None:
        self._condition = threading.Condition()
        self._value = value

    def set(self, value: T) -> None:
        with self._condition:
            self._value = value
            self._condition.notify_all()

    def get(self) -> T:
        with self._condition:
            return self._value

    def other_than(self, value: T | None, timeout: float) -> T:
        """The value as soon as it is not this very object any more; what there is after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._value is not value, max(timeout, 0.0))
            return self._value
