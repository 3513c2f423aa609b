"""A stand-in for cuda-python's `cuda.bindings.runtime`: what livecam uses of it, with memory of the host.

Names and arguments as in cuda-python 12.9.10 and 13.5.0 (looked up there; both agree). What a stream is given
runs at once, but while a graph is captured it is kept for the launch. Everything is recorded in `calls`.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any


class Error(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorDevicesUnavailable = 46
    cudaErrorStreamCaptureUnsupported = 900


class CopyKind(enum.IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class CaptureMode(enum.IntEnum):
    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1


class FakeGpu:
    """The GPU behind the module: memory, streams, graphs, and faults to be switched on."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.memory: dict[int, Any] = {}
        self.captures: dict[int, list[Callable[[], None]]] = {}
        self.lost = False
        self.no_capture = False
        self.devices = 1
        self.left = 1 << 30
        self.name = b"NVIDIA Stand-in"
        self.runtime_version = 12090

    def enqueue(self, stream: int, work: Callable[[], None]) -> None:
        """What kernels and copies do."""
        if stream in self.captures:
            self.captures[stream].append(work)
        else:
            work()

    def allocate(self, size: int) -> int:
        content = (ctypes.c_byte * size)()
        address = ctypes.addressof(content)
        self.memory[address] = content
        return address

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def make(gpu: FakeGpu) -> ModuleType:
    """The module; whatever else is asked of it raises AttributeError."""
    module = ModuleType("cuda.bindings.runtime")
    module.cudaError_t, module.cudaMemcpyKind = Error, CopyKind  # type: ignore[attr-defined]
    module.cudaStreamCaptureMode = CaptureMode  # type: ignore[attr-defined]
    module.cudaStreamNonBlocking, module.cudaHostAllocDefault = 1, 0  # type: ignore[attr-defined]

    def function(work: Callable[..., Any]) -> None:
        def called(*arguments: Any) -> tuple[Any, ...]:
            gpu.calls.append((work.__name__, arguments))
            if gpu.lost and work.__name__ != "cudaGetErrorString":
                return (Error.cudaErrorDevicesUnavailable, None)
            return tuple(work(*arguments))

        setattr(module, work.__name__, called)

    @function
    def cudaGetErrorString(error):
        return Error.cudaSuccess, Error(error).name.encode()

    @function
    def cudaGetDeviceCount():
        return Error.cudaSuccess, gpu.devices

    @function
    def cudaGetDevice():
        return Error.cudaSuccess, 0

    @function
    def cudaGetDeviceProperties(device):
        return Error.cudaSuccess, SimpleNamespace(name=gpu.name, major=9, minor=0)

    @function
    def cudaRuntimeGetVersion():
        return Error.cudaSuccess, gpu.runtime_version

    @function
    def cudaDriverGetVersion():
        return Error.cudaSuccess, 13000

    @function
    def cudaMalloc(size):
        if size > gpu.left:
            return Error.cudaErrorMemoryAllocation, None
        return Error.cudaSuccess, gpu.allocate(size)

    @function
    def cudaHostAlloc(size, flags):
        return Error.cudaSuccess, gpu.allocate(size)

    @function
    def cudaFree(devPtr):
        del gpu.memory[devPtr]
        return (Error.cudaSuccess,)

    @function
    def cudaFreeHost(ptr):
        del gpu.memory[ptr]
        return (Error.cudaSuccess,)

    @function
    def cudaMemcpyAsync(dst, src, count, kind, stream):
        assert isinstance(kind, CopyKind)
        gpu.enqueue(stream, lambda: ctypes.memmove(dst, src, count) and None)
        return (Error.cudaSuccess,)

    @function
    def cudaStreamCreateWithFlags(flags):
        return Error.cudaSuccess, 77

    @function
    def cudaStreamDestroy(stream):
        return (Error.cudaSuccess,)

    @function
    def cudaStreamSynchronize(stream):
        assert stream not in gpu.captures, "waiting breaks a capture"
        return (Error.cudaSuccess,)

    @function
    def cudaStreamBeginCapture(stream, mode):
        if gpu.no_capture:
            return (Error.cudaErrorStreamCaptureUnsupported,)
        assert isinstance(mode, CaptureMode)
        gpu.captures[stream] = []
        return (Error.cudaSuccess,)

    @function
    def cudaStreamEndCapture(stream):
        return Error.cudaSuccess, gpu.captures.pop(stream)

    @function
    def cudaGraphInstantiate(graph, flags):
        return Error.cudaSuccess, tuple(graph)

    @function
    def cudaGraphDestroy(graph):
        return (Error.cudaSuccess,)

    @function
    def cudaGraphExecDestroy(graphExec):
        return (Error.cudaSuccess,)

    @function
    def cudaGraphLaunch(graphExec, stream):
        for work in graphExec:
            work()
        return (Error.cudaSuccess,)

    return module
