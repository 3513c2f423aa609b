from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from engines import EngineError, available, open_engine, registry


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
    import onnxruntime

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
        (("tensorrt", "graph.onnx"), "tensorrt: .*Use cuda or cpu"),
    ],
)
def test_opening_wrongly(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        open_engine(*arguments)


def test_engines_know_nothing_of_livecam_and_import_nothing_heavy() -> None:
    code = (
        "import sys, engines, engines.feeds, engines.onnx_engine, engines.torch_engine;"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'livecam', 'export', 'torch', 'onnxruntime', 'onnx', 'tensorrt', 'cv2'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
