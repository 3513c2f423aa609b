"""From an ONNX graph to an engine, with the graph's own types.

TensorRT 11 has no other way, and 10.x takes the same with STRONGLY_TYPED: FP16 is where the graph says FP16.
Weak typing's flags (BuilderFlag.FP16 and its kin) are not asked for, not even where they exist.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from livecam.engines.base import EngineError
from livecam.engines.trt.library import parser_errors, why

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with a phase's name, its steps done and all its steps. May raise KeyboardInterrupt to cancel."""

FLAGS: Final = ("STRONGLY_TYPED", "REFIT", "no TF32", "DETAILED")
"""What `build` asks for: part of an engine's name."""


@dataclass(frozen=True, slots=True)
class Built:
    """An engine as TensorRT writes it, the timings that were measured, and what the graph asked for."""

    engine: bytes
    timings: bytes
    half_convolutions: int
    full_convolutions: int


def build(
    tensorrt: Any,
    logger: Any,
    graph: bytes,
    name: str,
    timings: bytes = b"",
    progress: Progress | None = None,
) -> Built:
    """Takes seconds to minutes and the whole GPU. `graph`: an ONNX file's content; `name` for messages.

    Raises:
        EngineError: the parser does not take the graph, the build failed, or it was cancelled.
    """
    builder = tensorrt.Builder(logger)
    strongly = tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    network = builder.create_network(1 << int(strongly))
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse(graph):
        raise EngineError(
            f"{name}: TensorRT's parser does not take it ({parser_errors(parser)}). "
            "Write the graphs anew with: python -m livecam.export --half --out DIR"
        )
    half, full = _convolutions(tensorrt, network)

    config = builder.create_builder_config()
    config.set_flag(tensorrt.BuilderFlag.REFIT)  # a persona's weights go in without a build
    # TF32 has FP16's ten bits; what is FP32 in the graph is a position, half a pixel off at 512 with those.
    config.clear_flag(tensorrt.BuilderFlag.TF32)
    config.profiling_verbosity = tensorrt.ProfilingVerbosity.DETAILED  # else the inspector tells names only
    monitor = _monitor(tensorrt, progress)
    config.progress_monitor = monitor
    cache = _timing_cache(config, timings)

    plan = builder.build_serialized_network(network, config)
    if monitor.cancelled:
        raise EngineError(f"{name}: the build was cancelled. Run the same command to start again")
    if plan is None:
        raise EngineError(
            f"{name}: TensorRT cannot build it ({why(logger)}). Choose the cuda or the cpu engine"
        )
    measured = b"" if cache is None else bytes(memoryview(config.get_timing_cache().serialize()))
    return Built(bytes(memoryview(plan)), measured, half, full)


def _convolutions(tensorrt: Any, network: Any) -> tuple[int, int]:
    """How many convolutions of the network compute in FP16, and how many do not."""
    kinds = (tensorrt.LayerType.CONVOLUTION, tensorrt.LayerType.DECONVOLUTION)
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    types = [layer.get_input(0).dtype for layer in layers if layer.type in kinds]
    half = sum(1 for kind in types if kind == tensorrt.DataType.HALF)
    return half, len(types) - half


def _timing_cache(config: Any, timings: bytes) -> Any:
    """The cache that this build uses and fills; an empty one where the old one does not fit."""
    for content in (timings, b""):
        cache = config.create_timing_cache(content)
        if cache is not None and config.set_timing_cache(cache, False):
            return cache
    log.warning("TensorRT takes no timing cache; the build takes longer")
    return None


def _monitor(tensorrt: Any, progress: Progress | None) -> Any:
    class Monitor(tensorrt.IProgressMonitor):  # type: ignore[misc]
        """TensorRT may call it from threads of its own. An exception must not pass through its code."""

        def __init__(self) -> None:
            tensorrt.IProgressMonitor.__init__(self)
            self.cancelled = False
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._steps[phase_name] = int(num_steps)
            self._tell(phase_name, 0)

        def step_complete(self, phase_name: str, step: int) -> bool:
            self._tell(phase_name, int(step) + 1)
            return not self.cancelled

        def phase_finish(self, phase_name: str) -> None:
            self._tell(phase_name, self._steps.get(phase_name, 0))
            self._steps.pop(phase_name, None)

        def _tell(self, phase: str, done: int) -> None:
            if progress is None or self.cancelled:
                return
            try:
                progress(phase, done, self._steps.get(phase, done))
            except KeyboardInterrupt:
                self.cancelled = True
            except Exception:
                log.warning("the progress display failed", exc_info=True)

    return Monitor()
