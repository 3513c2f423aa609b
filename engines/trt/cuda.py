"""CUDA through cuda-python: memory that does not move, one stream, one captured graph. No torch.

Every call is checked. What is taken is given back by `close`, the last first.
"""

from __future__ import annotations

import ctypes
import logging
import re
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from livecam.engines.base import Array, EngineError, TensorSpec

log = logging.getLogger(__name__)

DRIVER_FILE: Final = Path("/proc/driver/nvidia/version")


def load_runtime() -> Any:
    """cuda-python's module of the CUDA runtime (12.6 and newer; 12.9 and 13.5 have what is used here).

    Raises:
        EngineError: cuda-python is not installed or does not load.
    """
    try:
        runtime = import_module("cuda.bindings.runtime")
    except Exception as error:  # a binding that meets the wrong library raises what it likes
        raise EngineError(
            f"cuda-python: it cannot be imported ({error}). Install livecam with the tensorrt extra, "
            "see docs/engines.md, or choose another engine"
        ) from error
    return runtime


class Slot:
    """One input or output: memory on the GPU, and pinned memory of the host as an array."""

    def __init__(self, spec: TensorSpec, device: int, host: Array) -> None:
        self.spec, self.device, self.host = spec, device, host


class Cuda:
    """The current GPU with one stream of its own. Not thread-safe."""

    def __init__(self) -> None:
        """Raises `EngineError` where there is no GPU, no driver or no cuda-python."""
        self.runtime = load_runtime()
        self._taken = ExitStack()
        count = self.call("cudaGetDeviceCount")
        if not count:
            raise EngineError("CUDA: no GPU is visible. Choose the cpu engine")
        self.stream: Any = self._take(
            "cudaStreamDestroy", self.call("cudaStreamCreateWithFlags", self.runtime.cudaStreamNonBlocking)
        )

    def __enter__(self) -> Cuda:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, name: str, *arguments: Any) -> Any:
        """A function of the runtime by its name; its result without the error code.

        Raises:
            EngineError: the code is not cudaSuccess. After some (a lost GPU) every later call fails too.
        """
        error, *values = getattr(self.runtime, name)(*arguments)
        if error != self.runtime.cudaError_t.cudaSuccess:
            _, words = self.runtime.cudaGetErrorString(error)
            raise EngineError(
                f"CUDA: {name} failed ({words.decode(errors='replace')}). "
                "See the driver's log (nvidia-smi, dmesg), or choose the cpu engine"
            )
        return values[0] if values else None

    def slot(self, spec: TensorSpec) -> Slot:
        """Memory for one tensor on both sides. It keeps its place: a captured graph remembers addresses."""
        size = max(int(np.prod(spec.shape)) * spec.dtype.itemsize, 1)
        device = int(self._take("cudaFree", self.call("cudaMalloc", size)))
        flags = self.runtime.cudaHostAllocDefault
        address = int(self._take("cudaFreeHost", self.call("cudaHostAlloc", size, flags)))
        content: Any = (ctypes.c_byte * size).from_address(address)
        host: Array = np.frombuffer(content, spec.dtype, int(np.prod(spec.shape))).reshape(spec.shape)
        return Slot(spec, device, host)

    def upload(self, slot: Slot) -> None:
        """Host to GPU, in the stream's order; the host's side must stay as it is until `wait`."""
        kind = self.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self.call("cudaMemcpyAsync", slot.device, slot.host.ctypes.data, slot.host.nbytes, kind, self.stream)

    def download(self, slot: Slot) -> None:
        """GPU to host, in the stream's order; to be read after `wait`."""
        kind = self.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", slot.host.ctypes.data, slot.device, slot.host.nbytes, kind, self.stream)

    def wait(self) -> None:
        """Until the stream has done everything."""
        self.call("cudaStreamSynchronize", self.stream)

    def capture(self, work: Any) -> Any:
        """What `work()` puts into the stream, as one graph to `launch`. Nothing of it runs yet."""
        mode = self.runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", self.stream, mode)
        try:
            work()
        finally:
            graph = self.call("cudaStreamEndCapture", self.stream)  # leaves capture mode in any case
        try:
            return self.call("cudaGraphInstantiate", graph, 0)
        finally:
            self.call("cudaGraphDestroy", graph)

    def launch(self, graph: Any) -> None:
        self.call("cudaGraphLaunch", graph, self.stream)

    def forget(self, graph: Any) -> None:
        """Frees a captured graph."""
        self._give_back("cudaGraphExecDestroy", graph)

    def close(self) -> None:
        """Frees everything. A second call does nothing."""
        self._taken.close()

    def gpu(self) -> str:
        """Name and compute capability: "NVIDIA H100 80GB HBM3 (9.0)"."""
        device = self.call("cudaGetDevice")
        found = self.call("cudaGetDeviceProperties", device)
        name = found.name.rstrip(b"\0").decode(errors="replace")
        return f"{name} ({found.major}.{found.minor})"

    def version(self) -> int:
        """Of the CUDA runtime: 12090 is 12.9."""
        return int(self.call("cudaRuntimeGetVersion"))

    def driver(self) -> str:
        """The driver's own version where the system tells it, else the newest CUDA that it knows."""
        try:
            found = re.search(r"\b\d+\.\d+(\.\d+)?\b", DRIVER_FILE.read_text(errors="replace"))
        except OSError:
            found = None
        return found.group() if found else str(self.call("cudaDriverGetVersion"))

    def _take(self, undo: str, value: Any) -> Any:
        self._taken.callback(self._give_back, undo, value)
        return value

    def _give_back(self, undo: str, value: Any) -> None:
        """A GPU that is gone cannot take its memory back, and that must not hide why it went."""
        try:
            self.call(undo, value)
        except EngineError as error:
            log.debug("%s", error)
