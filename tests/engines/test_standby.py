"""A GPU is lost in the middle of a run: by an error, by silence. The picture goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from livecam.engines import EngineError, FeedError, StandbyEngine, TensorSpec, standby
from livecam.engines.base import Array

FLOAT = np.dtype(np.float32)
INPUTS = (TensorSpec("portrait", (1,), FLOAT), TensorSpec("frame", (1,), FLOAT))
OUTPUTS = (TensorSpec("sum", (1,), FLOAT),)


def one(value: float) -> Array:
    return np.array([value], np.float32)


class Adding:
    """Keeps its inputs as engines do; fails or hangs from the given run on."""

    inputs, outputs = INPUTS, OUTPUTS

    def __init__(self, name: str, fails_at: int | None = None, hangs_at: int | None = None) -> None:
        self.name, self.fails_at, self.hangs_at = name, fails_at, hangs_at
        self.runs, self.closed = 0, 0
        self.kept: dict[str, Array] = {}
        self.released = threading.Event()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        self.runs += 1
        if self.hangs_at is not None and self.runs >= self.hangs_at:
            self.released.wait(600)
        if self.fails_at is not None and self.runs >= self.fails_at:
            raise EngineError("CUDA: cudaGraphLaunch failed (unspecified launch failure). See the log")
        self.kept.update({name: np.array(array) for name, array in feeds.items()})
        return {"sum": self.kept["portrait"] + self.kept["frame"]}

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def hanging() -> Iterator[Adding]:
    engine = Adding("cuda", hangs_at=3)
    yield engine
    engine.released.set()


def test_a_failure_is_bridged_with_all_that_was_fed_before() -> None:
    notices: list[str] = []
    main, spare = Adding("cuda", fails_at=3), Adding("cpu")
    engine = StandbyEngine(main, lambda: spare, notice=notices.append)
    portrait = one(100)
    assert engine.run({"portrait": portrait, "frame": one(1)})["sum"] == 101
    portrait[:] = 0  # the caller's own again
    assert engine.run({"frame": one(2)})["sum"] == 102
    assert (engine.name, notices) == ("cuda", [])
    assert engine.run({"frame": one(3)})["sum"] == 103  # this very frame, from the spare
    assert engine.run({"frame": one(4)})["sum"] == 104
    assert engine.name == "cpu"
    (notice,) = notices
    assert "GPU is lost (CUDA: cudaGraphLaunch failed" in notice
    assert "engine cpu" in notice
    assert (main.runs, spare.runs) == (3, 2)


def test_silence_is_bridged_without_waiting_for_its_end(hanging: Adding) -> None:
    notices: list[str] = []
    engine = StandbyEngine(hanging, lambda: Adding("cpu"), patience=0.1, settling=2, notice=notices.append)
    for number in (1, 2):
        engine.run({"portrait": one(100), "frame": one(number)})
    assert engine.run({"frame": one(3)})["sum"] == 103
    assert not hanging.released.is_set()  # it is still silent: the spare's answer has not waited for it
    assert standby.PATIENCE <= 0.5  # seconds; a viewer is promised one, drawing anew included
    assert "has not answered for 0.1 s" in notices[0]


def test_first_runs_may_take_their_time() -> None:
    class Slow(Adding):
        def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
            time.sleep(0.05)
            return super().run(feeds)

    main = Slow("cuda", hangs_at=3)
    engine = StandbyEngine(main, lambda: Adding("cpu"), patience=0.001, settling=2)
    for _ in range(2):
        engine.run({"portrait": one(1), "frame": one(1)})
    assert engine.name == "cuda"
    engine.run({"frame": one(1)})
    assert engine.name == "cpu"
    main.released.set()


def test_a_mistake_of_the_caller_changes_nothing() -> None:
    engine = StandbyEngine(Adding("cuda"), lambda: Adding("cpu"))
    with pytest.raises(FeedError, match="'frame' does not fit"):
        engine.run({"portrait": one(1), "frame": np.zeros(3, np.float32)})
    with pytest.raises(FeedError, match="no value yet for frame"):
        engine.run({"portrait": one(1)})

    class Strict(Adding):
        def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
            raise FeedError("not all numbers")

    engine = StandbyEngine(Strict("cuda"), lambda: Adding("cpu"))
    with pytest.raises(FeedError, match="not all numbers"):
        engine.run({"portrait": one(1), "frame": one(1)})
    assert engine.name == "cuda"


def test_a_fault_in_the_code_is_no_lost_gpu() -> None:
    class Broken(Adding):
        def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        StandbyEngine(Broken("cuda"), lambda: Adding("cpu")).run({"portrait": one(1), "frame": one(1)})


def test_a_spare_that_cannot_be_opened_is_told_with_the_first_reason() -> None:
    def gone() -> Any:
        raise EngineError("no such file")

    engine = StandbyEngine(Adding("cuda", fails_at=1), gone)
    with pytest.raises(EngineError, match=r"cudaGraphLaunch failed.*spare cannot be opened: no such file"):
        engine.run({"portrait": one(1), "frame": one(1)})


def test_closing_closes_both_once() -> None:
    main, spare = Adding("cuda"), Adding("cpu")
    engine = StandbyEngine(main, lambda: spare)
    engine.run({"portrait": one(1), "frame": one(1)})
    engine.close()
    engine.close()
    assert main.closed == 1
    assert spare.closed <= 1  # it may not have been open yet
    with pytest.raises(EngineError, match="closed"):
        engine.run({"frame": one(1)})


def test_what_is_lost_is_left_alone_at_closing() -> None:
    """Closing what hangs may hang too."""
    main, spare = Adding("cuda", fails_at=1), Adding("cpu")
    engine = StandbyEngine(main, lambda: spare)
    engine.run({"portrait": one(1), "frame": one(1)})
    engine.close()
    assert (main.closed, spare.closed) == (0, 1)
