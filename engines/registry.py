"""Which engines there are, which can run here and, if one cannot, what to do about it."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from livecam.engines.base import Engine, EngineError

NAMES: Final = ("cpu", "cuda", "tensorrt", "torch")
TENSORRT_PACKAGES: Final = ("tensorrt", "tensorrt-cu13", "tensorrt-cu12")
TENSORRT_TODO: Final = "Install livecam with the tensorrt extra as docs/engines.md says, or use cuda or cpu"


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

    "cpu" and "cuda" take the path of an ONNX file and `threads`; "tensorrt" a path and what `open_tensorrt`
    takes; "torch" no path but `module`, `inputs` and `outputs` (and `device`), as `TorchEngine` does. A URL
    (grpc://HOST:8001/MODEL) is a model of a Triton server, and takes no path.

    Raises:
        EngineError: no such engine, it cannot be used here, or the file is missing or unusable.
    """
    if "://" in name:
        from livecam.engines.triton_engine import TritonEngine

        return TritonEngine(name, **options)
    if name not in NAMES:
        raise EngineError(f"engine {name!r}: not known. Choose one of {', '.join(NAMES)}")
    if name == "torch":
        from livecam.engines.torch_engine import TorchEngine

        if "module" not in options:
            raise EngineError("torch: it runs a module, not a file. Give module, inputs and outputs")
        return TorchEngine(**options)
    if path is None:
        raise EngineError(f"{name}: it runs an ONNX file. Give its path")
    if not _cpu().ok:
        raise EngineError(f"{name}: {_cpu().detail}")
    if name == "tensorrt":
        status = _tensorrt()
        if not status.ok:
            raise EngineError(f"tensorrt: {status.detail}")
        from livecam.engines.trt import open_tensorrt

        return open_tensorrt(path, **options)
    from livecam.engines.onnx_engine import OnnxEngine

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
    from livecam.engines.onnx_runtime import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        detail = "this build of onnxruntime is for CPUs only. Install livecam with the gpu extra"
        return EngineStatus("cuda", False, detail)
    if not _has_nvidia_driver():
        return EngineStatus("cuda", False, "no NVIDIA driver is loaded. Install it, or use the cpu engine")
    return EngineStatus("cuda", True, _version("onnxruntime-gpu", "onnxruntime"))


def _tensorrt() -> EngineStatus:
    detail = _tensorrt_lacks()
    if detail is not None:
        return EngineStatus("tensorrt", False, f"{detail}. {TENSORRT_TODO}")
    if not _has_nvidia_driver():
        return EngineStatus(
            "tensorrt", False, "no NVIDIA driver is loaded. Install it, or use the cpu engine"
        )
    return EngineStatus("tensorrt", True, _version(*TENSORRT_PACKAGES))


def _tensorrt_lacks() -> str | None:
    if find_spec("tensorrt") is None:
        return "tensorrt is not installed"
    found = _version(*TENSORRT_PACKAGES)
    numbers = [int(part) for part in re.findall(r"\d+", found.partition(" ")[2])[:2]]
    if numbers and tuple(numbers) < (10, 9):
        return f"{found} is too old: 10.9 or newer is needed"
    if find_spec("tensorrt_libs") is None and find_spec("tensorrt_bindings") is not None:
        return f"{found} is installed without its libraries, which come from NVIDIA's own package index"
    if not _has_module("cuda.bindings.runtime"):
        return "cuda-python is not installed"
    return None


def _has_module(name: str) -> bool:
    """`find_spec` for a module within packages that may be missing themselves."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _torch() -> EngineStatus:
    if find_spec("torch") is None:
        detail = "torch is not installed. It is for comparison: install livecam with the finetune extra"
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
