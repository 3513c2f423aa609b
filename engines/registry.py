"""Which engines there are, which can run here and, if one cannot, what to do about it."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from engines.base import Engine, EngineError

NAMES: Final = ("cpu", "cuda", "tensorrt", "torch")


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether an engine can be opened here, as far as can be told without opening it."""

    name: str
    ok: bool
    detail: str
    """A version where it can; else what is missing and how to get it. One line."""


def available() -> list[EngineStatus]:
    """The status of every engine, in the order of `NAMES`. Imports onnxruntime at most; opens nothing."""
    return [_cpu(), _cuda(), _tensorrt(), _torch()]


def open_engine(name: str, path: str | Path | None = None, **options: Any) -> Engine:
    """Opens an engine by its name on the command line.

    "cpu" and "cuda" take the path of an ONNX file and `threads`; "torch" takes no path but `module`,
    `inputs` and `outputs` (and `device`), as `TorchEngine` does.

    Raises:
        EngineError: no such engine, it cannot be used here, or the file is missing or unusable.
    """
    if name not in NAMES:
        raise EngineError(f"engine {name!r}: not known. Choose one of {', '.join(NAMES)}")
    if name == "tensorrt":
        raise EngineError(f"tensorrt: {_tensorrt().detail}")
    if name == "torch":
        from engines.torch_engine import TorchEngine

        if "module" not in options:
            raise EngineError("torch: it runs a module, not a file. Give module, inputs and outputs")
        return TorchEngine(**options)
    if path is None:
        raise EngineError(f"{name}: it runs an ONNX file. Give its path")
    if not _cpu().ok:
        raise EngineError(f"{name}: {_cpu().detail}")
    from engines.onnx_engine import OnnxEngine

    return OnnxEngine(path, provider="cuda" if name == "cuda" else "cpu", **options)


def _cpu() -> EngineStatus:
    if find_spec("onnxruntime") is None:
        return EngineStatus(
            "cpu", False, "onnxruntime is not installed. Install livecam again: pip install livecam"
        )
    return EngineStatus("cpu", True, _version("onnxruntime", "onnxruntime-gpu"))


def _cuda() -> EngineStatus:
    if find_spec("onnxruntime") is None:
        return EngineStatus("cuda", False, "onnxruntime is not installed. Install livecam with the gpu extra")
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        detail = "this build of onnxruntime is for CPUs only. Install livecam with the gpu extra"
        return EngineStatus("cuda", False, detail)
    if not _has_nvidia_driver():
        return EngineStatus("cuda", False, "no NVIDIA driver is loaded. Install it, or use the cpu engine")
    return EngineStatus("cuda", True, _version("onnxruntime-gpu", "onnxruntime"))


def _tensorrt() -> EngineStatus:
    if find_spec("tensorrt") is None:
        detail = "tensorrt is not installed, and this version of livecam does not use it yet. Use cuda or cpu"
    else:
        found = _version("tensorrt", "tensorrt-cu13", "tensorrt-cu12")
        detail = f"{found} is installed, but this version of livecam does not use it yet. Use cuda or cpu"
    return EngineStatus("tensorrt", False, detail)


def _torch() -> EngineStatus:
    if find_spec("torch") is None:
        detail = (
            "torch is not installed. It is for training and comparison: install livecam with the train extra"
        )
        return EngineStatus("torch", False, detail)
    return EngineStatus("torch", True, _version("torch"))


def _version(*distributions: str) -> str:
    """Name and version of the first distribution that is installed."""
    for name in distributions:
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return f"{distributions[0]}, version unknown"


def _has_nvidia_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
