from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from livecam.engines import EngineError, TensorSpec, open_engine
from livecam.engines.torch_engine import TorchEngine

FLOAT = np.dtype(np.float32)
INPUTS = (TensorSpec("first", (2,), FLOAT), TensorSpec("second", (2,), FLOAT))
OUTPUTS = (TensorSpec("total", (2,), FLOAT), TensorSpec("difference", (2,), FLOAT))


def both(first: Any, second: Any) -> Any:
    return first + second, first - second


@pytest.fixture
def engine() -> TorchEngine:
    return TorchEngine(both, inputs=INPUTS, outputs=OUTPUTS)


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full(2, value, np.float32)


def test_inputs_go_in_order_and_are_kept(engine: TorchEngine) -> None:
    first = full(1)
    result = engine.run({"second": full(10), "first": first})
    assert (result["total"].tolist(), result["difference"].tolist()) == ([11, 11], [-9, -9])
    first[:] = 1000
    assert engine.run({"second": full(20)})["total"].tolist() == [21, 21]
    assert result["total"].tolist() == [11, 11]


def test_one_output_needs_no_tuple() -> None:
    engine = TorchEngine(lambda first, second: first * second, inputs=INPUTS, outputs=OUTPUTS[:1])
    assert engine.run({"first": full(3), "second": full(4)})["total"].tolist() == [12, 12]


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({"first": full(1)}, "torch: no value yet for second"),
        ({"first": full(1), "second": np.zeros(3, np.float32)}, r"'second'.*\(2,\).*\(3,\)"),
        ({"first": full(1), "second": np.zeros(2)}, "'second'.*float32.*float64"),
        ({"third": full(1)}, "no input 'third'"),
    ],
)
def test_wrong_feeds_are_named(engine: TorchEngine, feeds: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        engine.run(feeds)


def test_a_failed_run_says_why() -> None:
    def fails(first: Any, second: Any) -> Any:
        raise RuntimeError("out of memory")

    engine = TorchEngine(fails, inputs=INPUTS, outputs=OUTPUTS)
    with pytest.raises(EngineError, match=r"torch: the run failed\. out of memory"):
        engine.run({"first": full(1), "second": full(1)})


def test_a_closed_engine_says_so(engine: TorchEngine) -> None:
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({"first": full(1), "second": full(1)})


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(EngineError, match="torch: it is not installed"):
        open_engine("torch", module=both, inputs=INPUTS, outputs=OUTPUTS)
