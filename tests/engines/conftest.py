"""A machine with a GPU and TensorRT, both played."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import standin_cuda
import standin_tensorrt
from small_graph import write_graph


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> standin_cuda.FakeGpu:
    """A GPU that cuda-python sees."""
    fake = standin_cuda.FakeGpu()
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", standin_cuda.make(fake))
    return fake


@pytest.fixture(params=standin_tensorrt.VERSIONS)
def tensorrt(
    request: pytest.FixtureRequest, gpu: standin_cuda.FakeGpu, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """Every version in turn."""
    module = standin_tensorrt.make(request.param, gpu)
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    return module


@pytest.fixture
def newest(gpu: standin_cuda.FakeGpu, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The newest version only, for what does not depend on it."""
    module = standin_tensorrt.make(standin_tensorrt.VERSIONS[-1], gpu)
    monkeypatch.setitem(sys.modules, "tensorrt", module)
    return module


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """small-fp16.onnx, with "small.onnx" as the path by which it is asked for."""
    write_graph(tmp_path / "small-fp16.onnx")
    return tmp_path / "small.onnx"
