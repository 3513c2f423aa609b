from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from livecam.engines import EngineError, available, open_engine, registry


def test_every_engine_has_one_line() -> None:
    statuses = available()
    assert [status.name for status in statuses] == ["cpu", "cuda", "tensorrt", "torch"]
    for status in statuses:
        assert status.detail
        assert "\n" not in status.detail
    assert statuses[0].ok
    assert statuses[0].detail.startswith("onnxruntime")


@pytest.mark.parametrize(
    ("package", "name"),
    [("onnxruntime", "cpu"), ("onnxruntime", "cuda"), ("tensorrt", "tensorrt"), ("torch", "torch")],
)
def test_a_missing_package_is_told_with_what_to_do(
    package: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(registry, "find_spec", lambda wanted: None if wanted == package else real(wanted))
    (status,) = [status for status in available() if status.name == name]
    assert not status.ok
    assert f"{package} is not installed" in status.detail
    with pytest.raises(EngineError):
        open_engine(name, "graph.onnx")


def test_cuda_needs_the_build_and_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    from livecam.engines.onnx_runtime import onnxruntime

    def cuda() -> registry.EngineStatus:
        return available()[1]

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert not cuda().ok
    assert "for CPUs only" in cuda().detail
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])

    def no_driver(name: str) -> Any:
        raise OSError(name)

    monkeypatch.setattr(registry.ctypes, "CDLL", no_driver)
    assert not cuda().ok
    assert "driver" in cuda().detail
    monkeypatch.setattr(registry.ctypes, "CDLL", lambda name: None)
    assert cuda().ok


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("abacus", "graph.onnx"), "'abacus'.*cpu, cuda, tensorrt, torch"),
        (("cpu",), "cpu: it runs an ONNX file"),
        (("torch", "graph.onnx"), "torch: it runs a module"),
        (("tensorrt", "graph.onnx"), "tensorrt: .*or use cuda or cpu"),
    ],
)
def test_opening_wrongly(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        open_engine(*arguments)


def test_engines_know_nothing_of_livecam_and_import_nothing_heavy() -> None:
    code = (
        "import sys, livecam.engines.feeds, livecam.engines.onnx_engine, livecam.engines.torch_engine;"
        "import livecam.engines.trt;"
        "print(sorted(name for name in sys.modules if name.startswith('livecam.')"
        " and not name.startswith('livecam.engines')));"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'torch', 'onnxruntime', 'onnx', 'tensorrt', 'cuda', 'cv2'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]


def test_what_tensorrt_lacks_is_told_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: set[str] = set()
    versions: dict[str, str] = {}

    def found(name: str) -> Any:
        if name == "cuda.bindings.runtime" and "cuda" not in installed:
            raise ModuleNotFoundError(name)
        return name if name in installed or name == "cuda.bindings.runtime" else None

    def version(name: str) -> str:
        if name not in versions:
            raise registry.metadata.PackageNotFoundError(name)
        return versions[name]

    def detail() -> str:
        (status,) = [status for status in available() if status.name == "tensorrt"]
        assert "\n" not in status.detail
        return status.detail if not status.ok else f"ok {status.detail}"

    monkeypatch.setattr(registry, "find_spec", found)
    monkeypatch.setattr(registry.metadata, "version", version)
    monkeypatch.setattr(registry, "_has_nvidia_driver", lambda: False)
    assert "not installed" in detail()
    installed |= {"tensorrt", "tensorrt_bindings"}
    versions["tensorrt"] = "10.8.0"
    assert "tensorrt 10.8.0 is too old" in detail()
    versions["tensorrt"] = "11.4.0"
    assert "without its libraries" in detail()
    installed.add("tensorrt_libs")
    assert "cuda-python is not installed" in detail()
    installed.add("cuda")
    assert "no NVIDIA driver" in detail()
    monkeypatch.setattr(registry, "_has_nvidia_driver", lambda: True)
    assert detail() == "ok tensorrt 11.4.0"


def test_a_graph_engine_needs_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT too: what it builds is compared with onnxruntime."""
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(EngineError, match="tensorrt: onnxruntime is not installed"):
        open_engine("tensorrt", "graph.onnx")
