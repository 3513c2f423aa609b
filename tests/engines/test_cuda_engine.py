"""What onnxruntime is asked for on a GPU, with sessions of the CPU in its place; no GPU has run this here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_graph import write_graph

from livecam.engines import EngineError, placement
from livecam.engines.onnx_engine import OnnxEngine
from livecam.engines.onnx_runtime import onnxruntime

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class Played:
    """An onnxruntime with CUDA: sessions run on the CPU, and their profiles say what the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[dict[str, str]] = []
        self.on_cpu: tuple[str, ...] = ()
        self.refuses_capture = self.fails_at_once = False
        self.preloaded = 0
        self.places: list[str] = []
        real_session, real_value = onnxruntime.InferenceSession, onnxruntime.OrtValue

        def session(path: str, options: Any, providers: list[Any]) -> Any:
            ((name, chosen),) = providers
            assert name == CUDA
            self.opened.append(chosen)
            if self.refuses_capture and "enable_cuda_graph" in chosen:
                raise RuntimeError("This session cannot use the graph capture feature")
            made = real_session(path, options, providers=[CPU])
            made.get_providers = lambda: [CUDA, CPU]
            if self.fails_at_once:
                made.run = self._fail
            return made

        def value(shape: Any, kind: Any, device: str) -> Any:
            self.places.append(device)
            made = real_value.ortvalue_from_shape_and_type(shape, kind, "cpu")
            view = made.numpy
            made.numpy = lambda: view().copy()  # as from a GPU; on the CPU it is a view
            return made

        def preload() -> None:
            self.preloaded += 1

        class Value:
            ortvalue_from_shape_and_type = staticmethod(value)

        def of_events(events: Any) -> dict[str, list[str]]:
            (names,) = self._real_of_events(events).values()
            split: dict[str, list[str]] = {}
            for name in names:
                split.setdefault(CPU if name.startswith(self.on_cpu or ("-",)) else CUDA, []).append(name)
            return split

        self._real_of_events = placement.of_events
        monkeypatch.setattr(placement, "of_events", of_events)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
        monkeypatch.setattr(onnxruntime, "InferenceSession", session)
        monkeypatch.setattr(onnxruntime, "OrtValue", Value)
        monkeypatch.setattr(onnxruntime, "preload_dlls", preload, raising=False)

    @staticmethod
    def _fail(*_: Any) -> None:
        raise RuntimeError("CUDNN_STATUS_NOT_INITIALIZED\nand a trace")


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "small.onnx", half=False)


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full((1, 1, 4, 4), value, np.float32)


def test_what_is_asked_for(played: Played, path: Path) -> None:
    engine = OnnxEngine(path, provider="cuda")
    assert engine.name == "cuda"
    assert played.preloaded == 1  # before the first session: pip's CUDA lies where nobody looks
    last = played.opened[-1]
    assert (last["use_tf32"], last["cudnn_conv_algo_search"]) == ("0", "EXHAUSTIVE")
    assert last["enable_cuda_graph"] == "1"
    assert all("enable_cuda_graph" not in options for options in played.opened[:-1])
    assert engine.captured
    assert played.places == ["cuda"] * 3  # two inputs and the output stay where they are
    assert set(engine.placement) == {CUDA}
    assert any(name.startswith("Conv ") or "Conv" in name for name in engine.placement[CUDA])


def test_runs_through_bound_memory(played: Played, path: Path) -> None:
    engine = OnnxEngine(path, provider="cuda")
    before = engine.run({"picture": full(4), "style": full(1)})["image"]
    assert (engine.run({"style": full(3)})["image"] == 4).all()
    assert (before == 2).all()  # the caller's own, not the place that the next run writes to
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({})


def test_small_nodes_elsewhere_are_told_and_cost_the_graph(
    played: Played, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    played.on_cpu = ("Add",)
    engine = OnnxEngine(path, provider="cuda")
    assert not engine.captured
    assert "enable_cuda_graph" not in played.opened[-1]
    assert "1 elsewhere (Add last/Add)" in caplog.text


def test_heavy_nodes_elsewhere_are_an_error(played: Played, path: Path) -> None:
    played.on_cpu = ("Conv", "FusedConv")
    with pytest.raises(EngineError, match=r"small\.onnx: onnxruntime leaves .*Conv.* to the CPU"):
        OnnxEngine(path, provider="cuda")


def test_a_graph_that_cannot_be_captured_runs_without(
    played: Played, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    played.refuses_capture = True
    engine = OnnxEngine(path, provider="cuda")
    assert not engine.captured
    assert "no CUDA graph" in caplog.text
    assert (engine.run({"picture": full(4), "style": full(1)})["image"] == 2).all()
    assert not OnnxEngine(path, provider="cuda", capture=False).captured


def test_a_first_run_that_fails_says_why(played: Played, path: Path) -> None:
    played.fails_at_once = True
    with pytest.raises(EngineError, match=r"the first run failed on cuda\. CUDNN_STATUS_NOT_INITIALIZED$"):
        OnnxEngine(path, provider="cuda")


def test_placement_is_read_from_a_real_profile(path: Path, tmp_path: Path) -> None:
    found = placement.placement(onnxruntime, path, [CPU], onnxruntime.SessionOptions())
    assert list(found) == [CPU]
    assert any(name.startswith(("Conv", "FusedConv")) for name in found[CPU])
    assert [entry for entry in tmp_path.iterdir() if "profile" in entry.name] == []


def test_gridsample_left_to_the_cpu_is_named() -> None:
    events = [
        {"cat": "Session", "name": "model_run"},
        *(
            {
                "cat": "Node",
                "name": f"{name}_kernel_time",
                "args": {"op_name": operator, "provider": provider},
            }
            for name, operator, provider in (("a", "Mul", CUDA), ("warp", "GridSample", CPU))
        ),
        {"cat": "Node", "name": "warp_fence_before", "args": {"op_name": "GridSample"}},
    ]
    found = placement.of_events(events)
    assert found == {CUDA: ["Mul a"], CPU: ["GridSample warp"]}
    with pytest.raises(EngineError, match="leaves GridSample warp to the CPU"):
        placement.check(found, CUDA, "graph")
    assert placement.check({CUDA: ["Mul a"]}, CUDA, "graph")
