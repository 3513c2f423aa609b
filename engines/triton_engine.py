"""Runs a graph on another machine: a Triton Inference Server, over the v2 inference protocol (HTTP).

A server keeps nothing between requests: what was fed before is sent again with every run. Models with the
portrait inside (`python -m export.triton --persona NAME`) take 140 KB a frame, others 10 MB and more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import numpy as np

from engines.base import Array, EngineError, TensorSpec
from engines.feeds import check_feeds

log = logging.getLogger(__name__)

TIMEOUT: Final = 2.0
"""Seconds for connecting and for one answer; a server that is slower is no live one."""
_TYPES: Final = {
    "FP32": np.float32,
    "FP16": np.float16,
    "UINT8": np.uint8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
}


class TritonEngine:
    """One model of one server. Not thread-safe."""

    name = "triton"

    def __init__(self, address: str, model: str, *, timeout: float = TIMEOUT) -> None:
        """`address`: "host:8000", without a scheme. `model`: its folder's name in the repository.

        Raises:
            EngineError: tritonclient is not installed, no server answers, or it has no such model.
        """
        try:
            client: Any = import_module("tritonclient.http")
        except ImportError as error:
            raise EngineError(
                "triton: tritonclient is not installed. Run: pip install 'tritonclient[http]'"
            ) from error
        self.model, self.address = model, address
        self._client: Any = client.InferenceServerClient(
            address, connection_timeout=timeout, network_timeout=timeout
        )
        try:
            ready = self._client.is_server_ready()
        except Exception as error:  # of the sockets underneath, by many names
            raise EngineError(
                f"triton: no server answers at {address} ({_words(error)}). Start it, or name another address"
            ) from error
        if not ready:
            raise EngineError(f"triton: the server at {address} is not ready. Wait, or see its log")
        try:
            told = self._client.get_model_metadata(model)
        except Exception as error:
            raise EngineError(
                f"triton: the server at {address} has no model {model!r} ({_words(error)}). "
                "Write it with: python -m export.triton --out DIR"
            ) from error
        self.inputs = tuple(_spec(entry) for entry in told["inputs"])
        self.outputs = tuple(_spec(entry) for entry in told["outputs"])
        self._requests = {
            spec.name: client.InferInput(spec.name, list(spec.shape), entry["datatype"])
            for spec, entry in zip(self.inputs, told["inputs"], strict=True)
        }
        self._answers = [client.InferRequestedOutput(spec.name, binary_data=True) for spec in self.outputs]
        self._given: set[str] = set()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every input that changed by name -> every output by name.

        Raises:
            EngineError: an unknown or missing input, a wrong shape or dtype, no answer, a closed engine.
        """
        if self._client is None:
            raise EngineError("triton: the engine is closed. Open a new one")
        check_feeds(feeds, self.inputs, self._given, self.model)
        for name, array in feeds.items():
            self._requests[name].set_data_from_numpy(np.ascontiguousarray(array), binary_data=True)
            self._given.add(name)
        try:
            answer = self._client.infer(self.model, list(self._requests.values()), outputs=self._answers)
        except Exception as error:
            raise EngineError(
                f"triton: {self.address} has not drawn the frame ({_words(error)}). See the server's log"
            ) from error
        return {spec.name: answer.as_numpy(spec.name) for spec in self.outputs}

    def close(self) -> None:
        """Ends the connection. A second call does nothing."""
        if self._client is not None:
            self._client.close()
        self._client = None


def _spec(entry: Mapping[str, Any]) -> TensorSpec:
    """A side that is free (-1, of batches) is 1 here."""
    if entry["datatype"] not in _TYPES:
        raise EngineError(
            f"triton: {entry['name']!r} is {entry['datatype']}. Engines take numbers and booleans"
        )
    shape = tuple(max(int(side), 1) for side in entry["shape"])
    return TensorSpec(str(entry["name"]), shape, np.dtype(_TYPES[entry["datatype"]]))


def _words(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
