"""The client against servers in this process that speak the same protocol, over gRPC and over HTTP."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import standin_triton
from small_graph import write_graph

from livecam.engines import EngineError, StandbyEngine, TensorSpec, open_engine
from livecam.engines.triton_engine import SCHEMES, TritonEngine

FLOAT = np.dtype(np.float32)
PATIENT = 30.0
"""Seconds that an answer may take on a busy machine."""
Server = standin_triton.HttpServer | standin_triton.GrpcServer


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full((1, 1, 4, 4), value, np.float32)


FEEDS = {"picture": full(4), "style": full(1)}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "small.onnx", half=False)


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    pytest.importorskip({"grpc": "grpc", "http": "geventhttpclient"}[request.param])
    pytest.importorskip(f"tritonclient.{request.param}")
    return str(request.param)


@pytest.fixture
def server(scheme: str, graph: Path) -> Iterator[Server]:
    with standin_triton.serving(scheme, "small", graph) as server:
        yield server


def test_frames_go_there_and_back(server: Server) -> None:
    engine = open_engine(server.url, timeout=PATIENT)
    shape = (1, 1, 4, 4)
    assert engine.inputs == (TensorSpec("picture", shape, FLOAT), TensorSpec("style", shape, FLOAT))
    assert engine.outputs == (TensorSpec("image", shape, FLOAT),)
    picture = engine.run(FEEDS)["image"]
    assert (picture == 2).all()
    assert picture.flags.writeable
    assert (engine.run({"picture": full(8)})["image"] == 3).all()  # the style is sent again
    assert len(set(server.bytes_received)) == 1
    assert server.bytes_received[0] < 2 * 64 + 600  # binary tensors and one short description
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({})


def test_frames_larger_than_grpc_takes_by_itself(scheme: str, tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "large.onnx", half=False, side=1200)  # 5.8 MB each, the limit is 4
    with standin_triton.serving(scheme, "large", graph) as server:
        engine = TritonEngine(server.url, timeout=PATIENT)
        wide = np.full((1, 1, 1200, 1200), 4, np.float32)
        assert (engine.run({"picture": wide, "style": wide})["image"] == 5).all()
        engine.close()


def test_mistakes_are_found_before_they_are_sent(server: Server) -> None:
    engine = TritonEngine(server.url, timeout=PATIENT)
    with pytest.raises(EngineError, match="small: no value yet for style"):
        engine.run({"picture": full(1)})
    with pytest.raises(EngineError, match="'style' does not fit"):
        engine.run({"picture": full(1), "style": full(1)[0]})
    assert server.bytes_received == []


def test_a_server_s_error_is_passed_on(server: Server) -> None:
    engine = TritonEngine(server.url, timeout=PATIENT)
    server.fails = True
    with pytest.raises(EngineError, match=r"has not drawn the frame .*illegal memory access"):
        engine.run(FEEDS)


def test_a_model_that_is_replaced_by_one_of_other_shapes(server: Server, tmp_path: Path) -> None:
    engine = TritonEngine(server.url, timeout=PATIENT)
    server.load(write_graph(tmp_path / "other.onnx", half=False, side=6))
    with pytest.raises(
        EngineError, match=r"has not drawn the frame \(.*unexpected shape for input .*\)\. See"
    ):
        engine.run(FEEDS)


def test_an_answer_of_another_shape(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TritonEngine(server.url, timeout=PATIENT)
    monkeypatch.setattr(server, "draw", lambda sent, wanted: dict.fromkeys(wanted, full(1)[0]))
    with pytest.raises(EngineError, match=r"'image' as float32 of shape \(1, 4, 4\), not .*Start again"):
        engine.run(FEEDS)
    monkeypatch.setattr(server, "draw", lambda sent, wanted: {"another": full(1)})
    with pytest.raises(EngineError, match="'image' as object"):
        engine.run(FEEDS)


def test_a_server_that_dies_while_live(server: Server) -> None:
    engine = TritonEngine(server.url, timeout=PATIENT)
    engine.run(FEEDS)
    server.stop()
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:\d+ has not drawn the frame \(.+\)") as caught:
        engine.run(FEEDS)
    assert "\n" not in str(caught.value)


def test_a_dead_server_is_bridged_by_a_spare(server: Server, graph: Path) -> None:
    told: list[str] = []
    engine = StandbyEngine(
        TritonEngine(server.url, timeout=PATIENT), lambda: open_engine("cpu", graph), notice=told.append
    )
    assert (engine.run(FEEDS)["image"] == 2).all()
    server.stop()
    assert (engine.run({"picture": full(8)})["image"] == 3).all()
    assert engine.name == "cpu"
    assert len(told) == 1
    engine.close()


def test_a_server_that_hangs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TritonEngine(server.url, timeout=5)  # seconds; enough to be told of the model on a busy machine
    released = threading.Event()
    monkeypatch.setattr(server, "draw", lambda sent, wanted: dict.fromkeys(wanted, full(released.wait(600))))
    with pytest.raises(EngineError, match="has not drawn the frame"):
        engine.run(FEEDS)
    released.set()


def test_a_server_without_the_model_or_not_ready(server: Server) -> None:
    with pytest.raises(EngineError, match=r"has no model 'other' .*python -m livecam.export triton"):
        TritonEngine(server.url.replace("small", "other"), timeout=PATIENT)
    server.ready = False
    with pytest.raises(EngineError, match="not ready"):
        TritonEngine(server.url, timeout=PATIENT)


def test_types_must_be_known(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(standin_triton.TYPES, "tensor(float)", ("BYTES", np.float32))
    with pytest.raises(EngineError, match="'picture' is BYTES"):
        TritonEngine(server.url, timeout=PATIENT)


def test_no_server(scheme: str) -> None:
    with pytest.raises(EngineError, match=r"no server answers at 127\.0\.0\.1:1 \(.+\)\. Start it") as caught:
        TritonEngine(f"{scheme}://127.0.0.1:1/small", timeout=0.5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["gpu-host:8001", "ftp://gpu-host/small", "grpc://gpu-host:8001", "grpc:///x"]
)
def test_what_names_no_model_of_a_server(url: str) -> None:
    with pytest.raises(EngineError, match=r"names no model of a server\. Give grpc://HOST:8001/MODEL"):
        TritonEngine(url)


@pytest.mark.parametrize("name", SCHEMES)
def test_without_the_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"tritonclient.{name}", None)
    with pytest.raises(EngineError, match=rf"pip install 'tritonclient\[{name}\]'"):
        TritonEngine(f"{name}://127.0.0.1:1/small")


def test_without_the_package_s_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """tritonclient turns grpcio's absence into a RuntimeError."""
    pytest.importorskip("tritonclient")
    monkeypatch.delitem(sys.modules, "tritonclient.grpc", raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(EngineError, match=r"pip install 'tritonclient\[grpc\]'"):
        TritonEngine("grpc://127.0.0.1:1/small")
