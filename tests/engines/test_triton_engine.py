"""The client against a server in this process that speaks the same protocol."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import standin_triton
from small_graph import write_graph

from engines import EngineError, TensorSpec
from engines.triton_engine import TritonEngine

FLOAT = np.dtype(np.float32)


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full((1, 1, 4, 4), value, np.float32)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[standin_triton.Server]:
    pytest.importorskip("tritonclient.http")
    with standin_triton.serving("small", write_graph(tmp_path / "small.onnx", half=False)) as server:
        yield server


def test_frames_go_there_and_back(server: standin_triton.Server) -> None:
    engine = TritonEngine(server.address, "small")
    shape = (1, 1, 4, 4)
    assert engine.inputs == (TensorSpec("picture", shape, FLOAT), TensorSpec("style", shape, FLOAT))
    assert engine.outputs == (TensorSpec("image", shape, FLOAT),)
    assert (engine.run({"picture": full(4), "style": full(1)})["image"] == 2).all()
    assert (engine.run({"picture": full(8)})["image"] == 3).all()  # the style is sent again
    assert len(set(server.bytes_received)) == 1
    assert server.bytes_received[0] < 2 * 64 + 600  # binary tensors and one short description
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({})


def test_mistakes_are_found_before_they_are_sent(server: standin_triton.Server) -> None:
    engine = TritonEngine(server.address, "small")
    with pytest.raises(EngineError, match="small: no value yet for style"):
        engine.run({"picture": full(1)})
    with pytest.raises(EngineError, match="'style' does not fit"):
        engine.run({"picture": full(1), "style": full(1)[0]})
    assert server.bytes_received == []


def test_a_server_s_error_is_passed_on(server: standin_triton.Server) -> None:
    engine = TritonEngine(server.address, "small")
    server.fails = True
    with pytest.raises(EngineError, match=r"has not drawn the frame .*illegal memory access"):
        engine.run({"picture": full(1), "style": full(1)})


def test_a_server_without_the_model_or_not_ready(server: standin_triton.Server) -> None:
    with pytest.raises(EngineError, match=r"has no model 'other' .*export\.triton"):
        TritonEngine(server.address, "other")
    server.ready = False
    with pytest.raises(EngineError, match="not ready"):
        TritonEngine(server.address, "small")


def test_types_must_be_known(server: standin_triton.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(standin_triton.TYPES, "tensor(float)", ("BYTES", np.float32))
    with pytest.raises(EngineError, match="'picture' is BYTES"):
        TritonEngine(server.address, "small")


def test_no_server() -> None:
    pytest.importorskip("tritonclient.http")
    with pytest.raises(EngineError, match=r"no server answers at 127\.0\.0\.1:1 "):
        TritonEngine("127.0.0.1:1", "small", timeout=0.5)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tritonclient", None)
    monkeypatch.setitem(sys.modules, "tritonclient.http", None)
    with pytest.raises(EngineError, match=r"pip install 'tritonclient\[http\]'"):
        TritonEngine("127.0.0.1:1", "small")
