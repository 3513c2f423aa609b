"""Build, load, run and refit on stand-ins of three versions of TensorRT; nothing here has met a real one."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from small_graph import write_graph
from standin_cuda import FakeGpu

from livecam.engines import EngineError, TensorSpec, open_engine
from livecam.engines.trt import TensorRtEngine, open_tensorrt
from livecam.engines.trt.cuda import Cuda, load_runtime

FLOAT = np.dtype(np.float32)


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full((1, 1, 4, 4), value, np.float32)


def value(result: dict[str, np.ndarray[Any, Any]]) -> float:
    assert np.ptp(result["image"]) == 0
    return float(result["image"].flat[0])


def test_a_graph_is_built_run_and_kept(tensorrt: ModuleType, graph: Path) -> None:
    engine = open_tensorrt(graph)
    shape = (1, 1, 4, 4)
    assert engine.inputs == (TensorSpec("picture", shape, FLOAT), TensorSpec("style", shape, FLOAT))
    assert engine.outputs == (TensorSpec("image", shape, FLOAT),)
    assert value(engine.run({"picture": full(4), "style": full(10)})) == 11
    assert tensorrt.calls.count("Builder.build_serialized_network") == 1
    engine.close()
    kept = [path.name for path in (graph.parent / "tensorrt").iterdir()]
    assert sorted(name.partition("-")[0] for name in kept) == ["small", "timing"]
    assert any(name.startswith("small-fp16-") and name.endswith(".engine") for name in kept)

    again = open_tensorrt(graph)
    assert tensorrt.calls.count("Builder.build_serialized_network") == 1
    assert value(again.run({"picture": full(8), "style": full(0)})) == 2


def test_inputs_are_kept_and_runs_become_one_graph(tensorrt: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    engine = open_tensorrt(graph)  # the comparison with onnxruntime ran it twice
    assert engine.captured
    executed = tensorrt.calls.count("IExecutionContext.execute_async_v3")
    picture, style = full(4), full(1)
    assert value(engine.run({"picture": picture, "style": style})) == 2
    picture[:] = style[:] = 1000  # the engine has its own copies
    before = engine.run({"picture": full(8)})
    assert value(before) == 3
    assert value(engine.run({"style": full(5)})) == 7
    assert value(before) == 3  # the caller's own
    assert tensorrt.calls.count("IExecutionContext.execute_async_v3") == executed  # launched, not executed
    assert gpu.names().count("cudaGraphInstantiate") == 1


def test_memory_is_taken_once_and_given_back(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    engine = open_tensorrt(graph)
    held = len(gpu.memory)
    assert held == 6  # three tensors, on both sides
    for _ in range(3):
        engine.run({"picture": full(1), "style": full(1)})
    assert len(gpu.memory) == held
    engine.close()
    engine.close()
    assert gpu.memory == {}
    assert gpu.names().count("cudaStreamDestroy") == gpu.names().count("cudaStreamCreateWithFlags")
    with pytest.raises(EngineError, match="closed"):
        engine.run({})


def test_a_graph_that_cannot_be_captured_runs_without(
    newest: ModuleType, graph: Path, gpu: FakeGpu, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.no_capture = True
    engine = open_tensorrt(graph)
    for number in range(3):
        assert value(engine.run({"picture": full(0), "style": full(number)})) == number
    assert not engine.captured
    assert caplog.text.count("no CUDA graph") == 1


def test_weights_are_exchanged_in_place(tensorrt: ModuleType, graph: Path, tmp_path: Path) -> None:
    engine = open_tensorrt(graph)
    builds = tensorrt.calls.count("Builder.build_serialized_network")
    engine.refit(write_graph(tmp_path / "person-fp16.onnx", weight=2))
    assert not engine.captured  # the graph is captured anew
    assert value(engine.run({"picture": full(4), "style": full(1)})) == 9
    assert value(engine.run({"picture": full(5)})) == 11
    assert engine.captured
    assert tensorrt.calls.count("Builder.build_serialized_network") == builds


def test_weights_that_do_not_fit(newest: ModuleType, graph: Path, tmp_path: Path) -> None:
    engine = open_tensorrt(graph)
    with pytest.raises(EngineError, match=r"gone\.onnx: it cannot be read"):
        engine.refit(tmp_path / "gone.onnx")
    with pytest.raises(
        EngineError, match=r"other\.onnx: its weights do not fit small-fp16\.onnx \(no importer"
    ):
        engine.refit(write_graph(tmp_path / "other.onnx", name="somebody"))
    fitting = write_graph(tmp_path / "person.onnx", weight=2)
    newest.faults.missing = ("bias", "scale")
    with pytest.raises(EngineError, match=r"lacks weights of small-fp16\.onnx \(bias, scale\)"):
        engine.refit(fitting)
    newest.faults.missing = ()
    newest.faults.refit_fails = True
    with pytest.raises(EngineError, match=r"refuses its weights \(weights have another shape\)"):
        engine.refit(fitting)


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({"picture": full(1)}, "no value yet for style"),
        ({"picture": full(1), "style": np.zeros((1, 4), np.float32)}, "'style' does not fit"),
        ({"somebody": full(1)}, "no input 'somebody'"),
    ],
)
def test_wrong_feeds_are_named(newest: ModuleType, graph: Path, feeds: dict[str, Any], words: str) -> None:
    open_tensorrt(graph).close()
    engine = open_tensorrt(graph)  # from the file: nothing was fed yet
    with pytest.raises(EngineError, match=words):
        engine.run(feeds)


def test_a_run_that_fails_says_why(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    open_tensorrt(graph).close()
    newest.faults.execute = True
    engine = open_tensorrt(graph)
    with pytest.raises(EngineError, match=r"small-fp16\.onnx: the run failed on tensorrt\."):
        engine.run({"picture": full(1), "style": full(1)})
    newest.faults.execute = False
    engine.run({"picture": full(1), "style": full(1)})
    gpu.lost = True
    with pytest.raises(EngineError, match=r"CUDA: cudaMemcpyAsync failed \(cudaErrorDevicesUnavailable\)"):
        engine.run({"picture": full(1)})
    engine.close()  # does not fail although nothing can be given back


def test_an_engine_that_gets_no_memory(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    open_tensorrt(graph).close()
    newest.faults.no_context = True
    with pytest.raises(EngineError, match="no memory for it"):
        open_tensorrt(graph)
    newest.faults.no_context = False
    newest.faults.refuse_address = True
    with pytest.raises(EngineError, match="refuses memory for picture"):
        open_tensorrt(graph)
    newest.faults.refuse_address = False
    gpu.left = 1
    with pytest.raises(EngineError, match=r"cudaMalloc failed \(cudaErrorMemoryAllocation\)"):
        open_tensorrt(graph)
    assert gpu.memory == {}


def test_no_gpu(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    gpu.devices = 0
    with pytest.raises(EngineError, match="no GPU is visible"):
        open_tensorrt(graph)


def test_the_stream_leaves_capture_when_the_work_fails(gpu: FakeGpu) -> None:
    def fails() -> None:
        raise EngineError("broken")

    with Cuda() as cuda, pytest.raises(EngineError, match="broken"):
        cuda.capture(fails)
    assert gpu.captures == {}


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch, graph: Path) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
    with pytest.raises(EngineError, match="cuda-python: it cannot be imported"):
        load_runtime()
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError, match="tensorrt: it cannot be imported"):
        open_tensorrt(graph)


def test_a_version_that_is_too_old(newest: ModuleType, graph: Path) -> None:
    newest.__version__ = "10.8.0.43"  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match=r"tensorrt 10\.8\.0\.43: too old"):
        open_tensorrt(graph)


def test_libraries_that_do_not_load(monkeypatch: pytest.MonkeyPatch, graph: Path, tmp_path: Path) -> None:
    package = tmp_path / "site" / "tensorrt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('libnvinfer.so.11 not found')")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    with pytest.raises(EngineError, match=r"libraries do not load \(libnvinfer.*own package index"):
        open_tensorrt(graph)


def test_the_registry_opens_it(newest: ModuleType, graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from livecam.engines import registry

    monkeypatch.setattr(registry, "_tensorrt", lambda: registry.EngineStatus("tensorrt", True, ""))
    engine = open_engine("tensorrt", graph)
    assert isinstance(engine, TensorRtEngine)
    assert engine.name == "tensorrt"


def test_messages_go_to_the_log(newest: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    from livecam.engines.trt import library

    logger = library.make_logger(newest)
    with caplog.at_level(logging.DEBUG):
        for severity in (newest.ILogger.WARNING, newest.ILogger.INFO, newest.ILogger.ERROR):
            logger.log(severity, f"of {severity}")
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG", "ERROR"]
    assert library.why(logger) == "of ERROR"
