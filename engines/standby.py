"""Losing a GPU while live: a spare that is already open takes over, with a notice and hardly a gap.

`Standby` works for whatever can be called (a renderer, an engine); `StandbyEngine` is the engine of it, which
also tells the spare what the first one had been told.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Overdue
from typing import Any, Final, Generic, TypeVar

import numpy as np

from livecam.engines.base import Array, Engine, EngineError, FeedError, TensorSpec
from livecam.engines.feeds import check_feeds

log = logging.getLogger(__name__)

PATIENCE: Final = 0.5
"""Seconds that one call may take before the GPU counts as lost: a driver that resets hangs, it does not fail.
Half of the second that a viewer is promised at most."""
SETTLING: Final = 5
"""First calls that may take as long as they like: kernels are chosen, graphs captured."""

Used = TypeVar("Used")
Result = TypeVar("Result")


class Standby(Generic[Used]):
    """Calls `main` until it fails or hangs, from then on the spare. One thread at a time may call."""

    def __init__(
        self,
        main: Used,
        open_spare: Callable[[], Used],
        *,
        patience: float = PATIENCE,
        settling: int = SETTLING,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        """`open_spare` is called right away in a thread, so that the spare is there when it is needed.
        `notice` is told of the change in one line; without it the line goes to the log as a warning."""
        self.main: Used | None = main
        self._patience, self._settling = patience, settling
        self._notice = notice or (lambda line: log.warning("%s", line))
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._spare: Future[Used] = Future()
        threading.Thread(target=self._open, args=(open_spare,), name="spare engine", daemon=True).start()
        threading.Thread(target=self._serve, args=(self._work,), name="main engine", daemon=True).start()

    @property
    def lost(self) -> bool:
        """Whether the spare has taken over."""
        return self.main is None

    def call(self, use: Callable[[Used], Result], again: Callable[[Used], Result] | None = None) -> Result:
        """use(main), or, when that raises `EngineError` or takes too long, again(spare) (default: `use`).

        Raises:
            EngineError: main is lost and the spare cannot be opened, or fails too.
        """
        main = self.main
        if main is None:
            return use(self._spare.result())
        done: Future[Result] = Future()
        self._work.put((done, lambda: use(main)))
        try:
            result = done.result(None if self._settling > 0 else self._patience)
        except FeedError:
            raise  # the caller's mistake, not the GPU's
        except EngineError as error:
            reason = str(error)
        except Overdue:
            reason = f"it has not answered for {self._patience:g} s"
        else:
            self._settling -= 1
            return result
        spare = self._take_over(reason)
        return (again or use)(spare)

    def close(self, end: Callable[[Used], None]) -> None:
        """end(...) for the one in use, and for the other where it is open. A second call does nothing."""
        self._work.put(None)
        if self.main is not None:
            end(self.main)
            self.main = None
        if self._spare.done() and self._spare.exception() is None:
            end(self._spare.result())
        self._spare = Future()
        self._spare.set_exception(EngineError("the engine is closed. Open a new one"))

    def _take_over(self, reason: str) -> Used:
        self.main = None  # not closed: that may hang as well
        self._work.put(None)
        try:
            spare = self._spare.result()
        except Exception as error:
            raise EngineError(f"{reason.rstrip('.')}; and its spare cannot be opened: {error}") from error
        name = getattr(spare, "name", "the spare")
        self._notice(f"the GPU is lost ({reason.rstrip('.')}); going on with engine {name}, more slowly")
        return spare

    def _open(self, open_spare: Callable[[], Used]) -> None:
        try:
            self._spare.set_result(open_spare())
        except BaseException as error:
            self._spare.set_exception(error)

    @staticmethod
    def _serve(work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
        """One thread for every call of main: some libraries tie what they hold to a thread."""
        while (item := work.get()) is not None:
            done, call = item
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)


class StandbyEngine:
    """An engine with a spare for the same graph's inputs. Not thread-safe."""

    def __init__(self, main: Engine, open_spare: Callable[[], Engine], **options: Any) -> None:
        """`options` as `Standby` takes them. The spare has the same inputs and outputs."""
        self.inputs: tuple[TensorSpec, ...] = main.inputs
        self.outputs: tuple[TensorSpec, ...] = main.outputs
        self._name = main.name
        self._kept: dict[str, Array] = {}
        self._standby: Standby[Engine] = Standby(main, open_spare, **options)

    @property
    def name(self) -> str:
        """Of the one that runs now."""
        return self._name

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """As `Engine.run`. A mistake in the feeds is told and is no reason to change engines.

        Raises:
            EngineError: a mistake in the feeds, or both engines failed.
        """
        check_feeds(feeds, self.inputs, self._kept, self._name)
        for name, array in feeds.items():
            self._kept[name] = np.array(array)

        def everything(spare: Engine) -> dict[str, Array]:
            self._name = spare.name
            return spare.run(self._kept)

        given = dict(feeds)
        return self._standby.call(lambda engine: engine.run(given), again=everything)

    def close(self) -> None:
        """Closes both. A second call does nothing."""
        self._standby.close(lambda engine: engine.close())
