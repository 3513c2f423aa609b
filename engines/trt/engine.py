"""Runs an engine that TensorRT has built: fixed buffers, one stream, one captured graph."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from livecam.engines.base import Array, EngineError, TensorSpec
from livecam.engines.feeds import check_feeds
from livecam.engines.trt.cuda import Cuda, Slot
from livecam.engines.trt.library import parser_errors, why

log = logging.getLogger(__name__)


class NotLoaded(EngineError):
    """TensorRT does not take an engine that is whole: it was built elsewhere, or by another version."""


class TensorRtEngine:
    """Inputs live on the GPU and are kept from run to run. Not thread-safe.

    The first run goes operator by operator (TensorRT sets up what it needs); the second captures the same as
    a CUDA graph, and from then on one launch does it all.
    """

    name = "tensorrt"

    def __init__(
        self, tensorrt: Any, logger: Any, content: bytes, label: str, cuda: Cuda | None = None
    ) -> None:
        """`content`: an engine as `building.build` makes it; `label`: the graph's name, for messages.
        `cuda` becomes the engine's own: it closes it.

        Raises:
            EngineError: TensorRT does not take the engine, or there is no GPU or memory for it.
        """
        self.label = label
        self._tensorrt, self._logger = tensorrt, logger
        self._cuda: Cuda | None = cuda or Cuda()
        try:
            self._runtime = tensorrt.Runtime(logger)
            self._engine = self._runtime.deserialize_cuda_engine(content)
            if self._engine is None:
                raise NotLoaded(
                    f"{label}: TensorRT does not load the engine ({why(logger)}). Run: livecam build --force"
                )
            self._context = self._engine.create_execution_context()
            if self._context is None:
                raise EngineError(
                    f"{label}: TensorRT has no memory for it ({why(logger)}). Close other programs"
                )
            self._slots: dict[str, Slot] = {}
            inputs: list[TensorSpec] = []
            outputs: list[TensorSpec] = []
            for index in range(self._engine.num_io_tensors):
                spec, is_input = self._spec(self._engine.get_tensor_name(index))
                (inputs if is_input else outputs).append(spec)
                slot = self._slots[spec.name] = self._cuda.slot(spec)
                if not self._context.set_tensor_address(spec.name, slot.device):
                    raise EngineError(f"{label}: TensorRT refuses memory for {spec.name} ({why(logger)})")
        except BaseException:
            self.close()
            raise
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._given: set[str] = set()
        self._graph: Any = None
        self._runs = 0
        self._capturable = True

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every input that changed by name -> every output by name. Arrays are copied, in and out.

        Raises:
            EngineError: an unknown or missing input, a wrong shape or dtype, a failed run, a closed engine.
        """
        cuda = self._open()
        check_feeds(feeds, self.inputs, self._given, self.label)
        for name, array in feeds.items():
            np.copyto(self._slots[name].host, array)
            cuda.upload(self._slots[name])
            self._given.add(name)
        if self._graph is None and self._runs > 0 and self._capturable:
            self._capture(cuda)
        if self._graph is not None:
            cuda.launch(self._graph)
        else:
            self._work()
        cuda.wait()
        self._runs += 1
        return {spec.name: self._slots[spec.name].host.copy() for spec in self.outputs}

    def refit(self, graph: Path) -> None:
        """Puts the weights of another graph of the same structure in place: a person's fine-tuned ones.

        Takes milliseconds, where a build takes minutes. `graph`: an ONNX file in the same precision. After
        an error some weights may be the new ones: close the engine.

        Raises:
            EngineError: the file is missing or of another structure, or TensorRT does not take a weight.
        """
        cuda = self._open()
        try:
            content = graph.read_bytes()
        except OSError as error:
            raise EngineError(f"{graph}: it cannot be read ({error.strerror}). Give an ONNX file") from error
        refitter = self._tensorrt.Refitter(self._engine, self._logger)
        parser = self._tensorrt.OnnxParserRefitter(refitter, self._logger)
        if not parser.refit_from_bytes(content):
            raise EngineError(
                f"{graph.name}: its weights do not fit {self.label} ({parser_errors(parser)}). "
                "Export it with the same settings"
            )
        missing = refitter.get_missing_weights()
        if missing:
            raise EngineError(
                f"{graph.name}: it lacks weights of {self.label} ({', '.join(list(missing)[:3])}). "
                "Export it with the same settings"
            )
        cuda.wait()
        if not refitter.refit_cuda_engine():
            raise EngineError(f"{graph.name}: TensorRT refuses its weights ({why(self._logger)})")
        self._forget_graph(cuda)

    def information(self) -> str:
        """The inspector's JSON about every layer."""
        self._open()
        inspector = self._engine.create_engine_inspector()
        told: str = inspector.get_engine_information(self._tensorrt.LayerInformationFormat.JSON)
        return told

    @property
    def captured(self) -> bool:
        """Whether runs go as one CUDA graph."""
        return self._graph is not None

    def close(self) -> None:
        """Frees the GPU's memory. A second call does nothing."""
        if self._cuda is None:
            return
        if getattr(self, "_graph", None) is not None:
            self._forget_graph(self._cuda)
        self._context = self._engine = self._runtime = None  # in this order: each lives in the next
        self._slots = {}
        self._cuda.close()
        self._cuda = None

    def _open(self) -> Cuda:
        if self._cuda is None:
            raise EngineError(f"{self.label}: the engine is closed. Open a new one")
        return self._cuda

    def _work(self) -> None:
        cuda = self._open()
        if not self._context.execute_async_v3(int(cuda.stream)):
            raise EngineError(f"{self.label}: the run failed on tensorrt. {why(self._logger)}")
        for spec in self.outputs:
            cuda.download(self._slots[spec.name])

    def _capture(self, cuda: Cuda) -> None:
        try:
            self._graph = cuda.capture(self._work)
        except EngineError as error:  # a GPU that is gone fails again right after, and is told then
            self._capturable = False
            log.warning("no CUDA graph, frames take longer: %s", error)

    def _forget_graph(self, cuda: Cuda) -> None:
        if self._graph is not None:
            cuda.forget(self._graph)
            self._graph = None

    def _spec(self, name: str) -> tuple[TensorSpec, bool]:
        """Of an input or output, and whether it is an input."""
        shape = tuple(int(side) for side in self._engine.get_tensor_shape(name))
        if any(side < 0 for side in shape):
            raise EngineError(f"{self.label}: {name} has the shape {shape}. Engines take fixed shapes only")
        kind = np.dtype(self._tensorrt.nptype(self._engine.get_tensor_dtype(name)))
        is_input = self._engine.get_tensor_mode(name) == self._tensorrt.TensorIOMode.INPUT
        return TensorSpec(name, shape, kind), is_input
