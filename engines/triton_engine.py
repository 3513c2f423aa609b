"""Runs a graph on another machine: a Triton Inference Server, over the v2 inference protocol (gRPC or HTTP).

A server keeps nothing between requests: what was fed before is sent again with every run. Models with the
portrait inside (`python -m livecam.export triton --persona NAME`) take 140 KB a frame, others 10 MB and more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from livecam.engines.base import Array, EngineError, TensorSpec
from livecam.engines.feeds import check_feeds

SCHEMES: Final = ("grpc", "http")
TIMEOUT: Final = 2.0
"""Seconds for connecting and for one answer; a server that is slower is no live one."""
CHANNEL: Final = (
    ("grpc.max_send_message_length", -1),  # a portrait sent along is more than gRPC's 4 MB
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # straight to the named machine, as over HTTP
)
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

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        """`url`: grpc://HOST:8001/MODEL or http://HOST:8000/MODEL, the model's name being its folder's in the
        repository.

        Raises:
            EngineError: no such URL, tritonclient is not installed, no server answers, or it has no such
                model.
        """
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:  # a port is 0 to 65535
            raise EngineError(
                f"triton: {url!r} is no address ({error}). Give grpc://HOST:8001/MODEL"
            ) from error
        self.address, self.model = parts.netloc, parts.path.strip("/")
        if parts.scheme not in SCHEMES or not self.address or not self.model:
            raise EngineError(f"triton: {url!r} names no model of a server. Give grpc://HOST:8001/MODEL")
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # else it tells of every lost connection by itself
        try:
            library: Any = import_module(f"tritonclient.{parts.scheme}")
        except (ImportError, RuntimeError) as error:  # the second is its own word for a missing extra
            raise EngineError(
                f"triton: tritonclient for {parts.scheme} is not installed. "
                f"Run: pip install 'tritonclient[{parts.scheme}]'"
            ) from error
        self._limit: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        if parts.scheme == "grpc":
            self._client: Any = library.InferenceServerClient(self.address, channel_args=list(CHANNEL))
            self._limit = {"client_timeout": timeout}
            metadata = {"as_json": True}
        else:
            self._client = library.InferenceServerClient(
                self.address, connection_timeout=timeout, network_timeout=timeout
            )
        try:
            told = self._ask(metadata)
            self.inputs = tuple(_spec(entry) for entry in told["inputs"])
            self.outputs = tuple(_spec(entry) for entry in told["outputs"])
        except EngineError:
            self.close()
            raise
        self._requests = {
            spec.name: library.InferInput(spec.name, list(spec.shape), entry["datatype"])
            for spec, entry in zip(self.inputs, told["inputs"], strict=True)
        }
        self._answers = [library.InferRequestedOutput(spec.name) for spec in self.outputs]
        self._given: set[str] = set()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every input that changed by name -> every output by name.

        Raises:
            EngineError: an unknown or missing input, a wrong shape or dtype, no answer or another one than
                the model promised, a closed engine.
        """
        if self._client is None:
            raise EngineError("triton: the engine is closed. Open a new one")
        check_feeds(feeds, self.inputs, self._given, self.model)
        for name, array in feeds.items():
            self._requests[name].set_data_from_numpy(np.ascontiguousarray(array))
            self._given.add(name)
        try:
            answer = self._client.infer(
                self.model, list(self._requests.values()), outputs=self._answers, **self._limit
            )
            results = {spec.name: np.array(answer.as_numpy(spec.name)) for spec in self.outputs}
        except Exception as error:
            raise EngineError(
                f"triton: {self.address} has not drawn the frame ({_words(error)}). See the server's log"
            ) from error
        for spec in self.outputs:
            given = results[spec.name]
            if given.shape != spec.shape or given.dtype != spec.dtype:
                raise EngineError(
                    f"triton: {self.address} answered {spec.name!r} as {given.dtype} of shape {given.shape}, "
                    f"not {spec.dtype} of {spec.shape}. Was the model replaced? Start again"
                )
        return results

    def close(self) -> None:
        """Ends the connection. A second call does nothing."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _ask(self, metadata: dict[str, Any]) -> Any:
        """What the server says of the model."""
        try:
            ready = self._client.is_server_ready(**self._limit)
        except Exception as error:  # of the sockets underneath, by many names
            raise EngineError(
                f"triton: no server answers at {self.address} ({_words(error)}). "
                "Start it, or name another address"
            ) from error
        if not ready:
            raise EngineError(f"triton: the server at {self.address} is not ready. Wait, or see its log")
        try:
            return self._client.get_model_metadata(self.model, **metadata, **self._limit)
        except Exception as error:
            raise EngineError(
                f"triton: the server at {self.address} has no model {self.model!r} ({_words(error)}). "
                "Write it with: python -m livecam.export triton --out DIR"
            ) from error


def _spec(entry: Mapping[str, Any]) -> TensorSpec:
    """A side that is free (-1, of batches) is 1 here."""
    if entry["datatype"] not in _TYPES:
        raise EngineError(
            f"triton: {entry['name']!r} is {entry['datatype']}. Engines take numbers and booleans"
        )
    shape = tuple(max(int(side), 1) for side in entry["shape"])  # gRPC's JSON has numbers as words
    return TensorSpec(str(entry["name"]), shape, np.dtype(_TYPES[entry["datatype"]]))


def _words(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
