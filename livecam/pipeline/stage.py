"""One step of the way in a thread: what fails is tried again, and begun anew if it goes on failing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from livecam.pipeline.slots import Closed, LatestSlot

log = logging.getLogger(__name__)

FAILURES: Final = 30
"""Items in a row that may fail before a stage is begun anew, or gives up: a second of a camera's."""
HUNG_SECONDS: Final = 1.0
"""A step that takes longer hangs: the slowest that work take a fifth of that."""
MOST_SECONDS: Final = 10.0
"""Between two new beginnings, at most; the first follows after a second, then twice that, and so on."""
Item = TypeVar("Item")


class Stage(Generic[Item]):
    """name: for messages. step: told of every item of the slot, and of None whenever none came for the time
    of a tick since the last step began. ended: called where the slot is closed. renew: makes what has failed
    anew; None: nothing can, and the stage's error ends the run.
    """

    def __init__(
        self,
        name: str,
        slot: LatestSlot[Item],
        step: Callable[[Item | None], None],
        ended: Callable[[], None],
        tick: float,
        stop: threading.Event,
        renew: Callable[[], None] | None = None,
    ) -> None:
        self._name, self._slot, self._step, self._ended = name, slot, step, ended
        self._tick, self._stop, self.renew = tick, stop, renew
        self._begun: float | None = None
        self.recovering = False
        """Whether it fails, and is begun anew."""
        self.renewed = 0
        """How often it was."""

    @property
    def hangs(self) -> bool:
        """Whether its step has not come back for long."""
        begun = self._begun
        return begun is not None and time.monotonic() - begun > HUNG_SECONDS

    def run(self) -> None:
        """Until the slot is closed, or `stop`."""
        failures, begun, wait = 0, time.monotonic(), 1.0
        while not self._stop.is_set():
            try:
                item = self._slot.take(timeout=max(begun + self._tick - time.monotonic(), 0))
            except Closed:
                self._ended()
                return
            begun = time.monotonic()
            self._begun = begun if item is not None else None
            try:
                self._step(item)
                if item is not None:
                    failures, wait, self.recovering = 0, 1.0, False
            except Exception as error:
                failures += 1
                log.warning("a frame failed; the picture holds", exc_info=failures == 1)
                if failures >= FAILURES:
                    if self.renew is None:
                        raise
                    self._begin_anew(error, wait)
                    failures, wait = 0, min(2 * wait, MOST_SECONDS)
            finally:
                self._begun = None

    def _begin_anew(self, error: Exception, wait: float) -> None:
        assert self.renew is not None
        self.recovering = True
        self.renewed += 1
        log.warning("%s fails (%s: %s); it is begun anew", self._name, type(error).__name__, error)
        self._stop.wait(wait)
        try:
            self.renew()
        except Exception:
            log.warning("%s cannot be begun anew; it is tried again", self._name, exc_info=True)
