"""Runs an ONNX file with onnxruntime, on the CPU or on an NVIDIA GPU through its CUDA provider."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from livecam.engines import placement
from livecam.engines.base import Array, EngineError, TensorSpec
from livecam.engines.feeds import check_feeds
from livecam.engines.saturation import bytes_saturate

log = logging.getLogger(__name__)

PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

CUDA_OPTIONS: Final = {
    "use_tf32": "0",  # ten bits: what is FP32 in the graph is a position, half a pixel off at 512 with those
    "cudnn_conv_algo_search": "EXHAUSTIVE",  # shapes are fixed: seconds at the start for less in every frame
    "cudnn_conv_use_max_workspace": "1",
    "do_copy_in_default_stream": "1",
}
CAPTURE: Final = {"enable_cuda_graph": "1"}
"""One launch a frame. Possible only where every node is on the GPU and nothing moves in its memory."""

PRECISE_BYTES: Final = "session.x64quantprecision"
"""Multiplies unsigned by unsigned bytes, which no processor gets wrong."""

_DTYPES: Final = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


class OnnxEngine:
    """One onnxruntime session. Inputs live where the graph runs and are kept from run to run.

    On a GPU outputs have a fixed place there too, and runs are one CUDA graph where every node is on the GPU.
    Not thread-safe: one thread at a time may call `run`.
    """

    placement: dict[str, list[str]]
    """Which provider ran which nodes, on a GPU; empty on the CPU, where there is no choice."""

    def __init__(
        self,
        path: str | Path,
        *,
        provider: Literal["cpu", "cuda"] = "cpu",
        threads: int | None = None,
        capture: bool = True,
    ) -> None:
        """`threads` for work within one operator on the CPU; None leaves it to onnxruntime (every core).
        `capture`: use CUDA graphs where it can be.

        Raises:
            EngineError: no such file, not an ONNX graph with fixed shapes, no such provider here, or one that
                leaves what matters to the CPU.
        """
        from livecam.engines.onnx_runtime import onnxruntime as ort

        self.name: str = provider
        self.path = Path(path)
        if provider not in PROVIDERS:
            raise EngineError(f"provider {provider!r}: not known. Choose one of {', '.join(PROVIDERS)}")
        if not self.path.is_file():
            raise EngineError(
                f"{self.path}: no such file. Write the graphs with: python -m livecam.export --out DIR"
            )
        if PROVIDERS[provider] not in ort.get_available_providers():
            raise EngineError(
                f"{provider}: this build of onnxruntime does not have it. "
                "Install livecam with the gpu extra, or choose the cpu engine"
            )
        self.placement = {}
        self.captured = False
        if provider == "cuda":
            self._session: Any = self._open_cuda(ort, capture)
        else:
            options = _options(ort, threads)
            if bytes_saturate():
                options.add_session_config_entry(PRECISE_BYTES, "1")
            self._session = _open(ort, self.path, provider, options, [PROVIDERS[provider]])
        self.inputs = tuple(_spec(node, self.path) for node in self._session.get_inputs())
        self.outputs = tuple(_spec(node, self.path) for node in self._session.get_outputs())

        self._binding: Any = self._session.io_binding()
        self._given: set[str] = set()
        self._values: dict[str, Any] = {}
        for spec in self.inputs:
            value = ort.OrtValue.ortvalue_from_shape_and_type(spec.shape, spec.dtype.type, provider)
            self._binding.bind_ortvalue_input(spec.name, value)
            self._values[spec.name] = value
        self._results: list[Any] = []
        for spec in self.outputs:
            if provider == "cpu":
                self._binding.bind_output(spec.name, "cpu")
            else:
                value = ort.OrtValue.ortvalue_from_shape_and_type(spec.shape, spec.dtype.type, provider)
                self._binding.bind_ortvalue_output(spec.name, value)
                self._results.append(value)
        log.info("%s runs on %s", self.path.name, provider)

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every input that changed by name -> every output by name. Arrays are copied, in and out.

        Raises:
            EngineError: an unknown or missing input, a wrong shape or dtype, a failed run, a closed engine.
        """
        if self._session is None:
            raise EngineError(f"{self.path.name}: the engine is closed. Open a new one")
        check_feeds(feeds, self.inputs, self._given, self.path.name)
        try:
            for name, array in feeds.items():
                self._values[name].update_inplace(np.ascontiguousarray(array))
                self._given.add(name)
            self._session.run_with_iobinding(self._binding)
            if self._results:
                results = [value.numpy() for value in self._results]  # copies, and waits for the GPU
            else:
                results = self._binding.copy_outputs_to_cpu()
        except Exception as error:  # onnxruntime's errors share no base class with a name
            raise EngineError(
                f"{self.path.name}: the run failed on {self.name}. {_first_line(error)}"
            ) from error
        return {spec.name: result for spec, result in zip(self.outputs, results, strict=True)}

    def close(self) -> None:
        """Frees the session and its memory. A second call does nothing."""
        self._binding = None
        self._values = {}
        self._results = []
        self._session = None

    def _open_cuda(self, ort: Any, capture: bool) -> Any:
        """Looks where the nodes go first: whether one graph can be captured depends on it."""
        if hasattr(ort, "preload_dlls"):
            ort.preload_dlls()  # CUDA and cuDNN from pip's packages, which no search path knows
        provider = PROVIDERS["cuda"]
        _open(ort, self.path, "cuda", _options(ort, None), [(provider, CUDA_OPTIONS)])  # says what is missing
        try:
            self.placement = placement.placement(
                ort, self.path, [(provider, CUDA_OPTIONS)], _options(ort, None)
            )
        except Exception as error:
            raise EngineError(
                f"{self.path.name}: the first run failed on cuda. {_first_line(error)}"
            ) from error
        if placement.check(self.placement, provider, self.path.name) and capture:
            try:
                session = _open(
                    ort, self.path, "cuda", _options(ort, None), [(provider, CUDA_OPTIONS | CAPTURE)]
                )
            except EngineError as error:
                log.warning("no CUDA graph, frames take longer: %s", error)
            else:
                self.captured = True
                return session
        return _open(ort, self.path, "cuda", _options(ort, None), [(provider, CUDA_OPTIONS)])


def _options(ort: Any, threads: int | None) -> Any:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    if threads is not None:
        options.intra_op_num_threads = threads
    # Waiting threads sleep instead of spinning: the cores belong to the call that the picture goes into.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _open(ort: Any, path: Path, provider: str, options: Any, providers: list[Any]) -> Any:
    try:
        session = ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise EngineError(
            f"{path}: onnxruntime cannot open it. {_first_line(error)}. "
            "Write the graphs anew with: python -m livecam.export --out DIR"
        ) from error
    session.disable_fallback()  # which would go on with the CPU where a run on the GPU fails
    if session.get_providers()[0] != PROVIDERS[provider]:
        raise EngineError(
            f"{provider}: onnxruntime fell back to {session.get_providers()[0]}. "
            "The driver, CUDA or cuDNN is missing or too old; see the log, or choose the cpu engine"
        )
    return session


def _spec(node: Any, path: Path) -> TensorSpec:
    if node.type not in _DTYPES:
        raise EngineError(f"{path}: {node.name!r} is a {node.type}. Engines take numbers and booleans")
    if not all(isinstance(side, int) for side in node.shape):
        raise EngineError(f"{path}: {node.name!r} has the shape {node.shape}. Engines take fixed shapes only")
    return TensorSpec(node.name, tuple(node.shape), np.dtype(_DTYPES[node.type]))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
