"""Servers of the v2 inference protocol, over HTTP and gRPC: as much as a client needs.

They serve one model, run with onnxruntime on the CPU, keep nothing between requests, and are strict about
what they are sent: sizes, names, types and shapes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from livecam.engines.onnx_runtime import onnxruntime

HEADER = "Inference-Header-Content-Length"
TYPES = {"tensor(float)": ("FP32", np.float32), "tensor(uint8)": ("UINT8", np.uint8)}


class Refused(Exception):
    """What is wrong with a request."""


class Server:
    """What both protocols share. `url` names the model; `stop` takes the server away."""

    url: str

    def __init__(self, name: str, graph: Path) -> None:
        self.model = name
        self.load(graph)
        self.ready, self.fails = True, False
        self.bytes_received: list[int] = []

    def load(self, graph: Path) -> None:
        """As a server does that watches its repository: the old model is gone."""
        self.session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])

    def metadata(self) -> dict[str, Any]:
        def told(nodes: Any) -> list[dict[str, Any]]:
            return [
                {"name": node.name, "datatype": TYPES[node.type][0], "shape": list(node.shape)}
                for node in nodes
            ]

        inputs, outputs = told(self.session.get_inputs()), told(self.session.get_outputs())
        return {"name": self.model, "inputs": inputs, "outputs": outputs}

    def draw(
        self, sent: Mapping[str, tuple[str, list[int], bytes]], wanted: list[str]
    ) -> dict[str, np.ndarray[Any, Any]]:
        """`sent`: by name type, shape and bytes."""
        if self.fails:
            raise Refused("CUDA error: an illegal memory access was encountered")
        expected = {node.name: node for node in self.session.get_inputs()}
        if set(sent) != set(expected):
            raise Refused(f"expected inputs {sorted(expected)}, got {sorted(sent)}")
        feeds = {}
        for name, (datatype, shape, content) in sent.items():
            known, kind = TYPES[expected[name].type]
            if datatype != known or shape != list(expected[name].shape):
                raise Refused(f"unexpected shape for input {name!r}: {expected[name].shape}, got {shape}")
            feeds[name] = np.frombuffer(content, kind).reshape(shape)
        return dict(zip(wanted, self.session.run(wanted, feeds), strict=True))


class HttpServer(Server, ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name: str, graph: Path) -> None:
        Server.__init__(self, name, graph)
        ThreadingHTTPServer.__init__(self, ("127.0.0.1", 0), _Handler)
        self._connections: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/{name}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def handle_error(self, *_: Any) -> None:
        pass  # clients that gave up

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in self._connections:  # they live on in their threads
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v2/health/ready":
            self._answer(200 if self.server.ready else 400, b"")
        elif self.path == f"/v2/models/{self.server.model}":
            self._answer(200, json.dumps(self.server.metadata()).encode())
        else:
            self._error(404, "unknown model")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bytes_received.append(len(body))
        if self.path != f"/v2/models/{self.server.model}/infer":
            return self._error(404, "unknown model")
        head = int(self.headers[HEADER])
        request, rest = json.loads(body[:head]), body[head:]
        sent = {}
        for entry in request["inputs"]:
            size = entry["parameters"]["binary_data_size"]
            sent[entry["name"]] = (entry["datatype"], entry["shape"], rest[:size])
            rest = rest[size:]
        wanted = [entry["name"] for entry in request["outputs"] if entry["parameters"]["binary_data"]]
        try:
            if rest:
                raise Refused(f"{len(rest)} bytes too many")
            results = self.server.draw(sent, wanted)
        except Refused as error:
            return self._error(400, str(error))
        outputs = [
            {**_told(name, result), "parameters": {"binary_data_size": result.nbytes}}
            for name, result in results.items()
        ]
        head_bytes = json.dumps({"model_name": self.server.model, "outputs": outputs}).encode()
        content = b"".join(result.tobytes() for result in results.values())
        return self._answer(200, head_bytes + content, len(head_bytes))

    def _error(self, code: int, words: str) -> None:
        self._answer(code, json.dumps({"error": words}).encode())

    def _answer(self, code: int, body: bytes, head: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        if head is not None:
            self.send_header(HEADER, str(head))
        self.end_headers()
        self.wfile.write(body)


class GrpcServer(Server):
    """`inference.GRPCInferenceService`, by the protocol's own classes, which tritonclient brings along."""

    def __init__(self, name: str, graph: Path) -> None:
        import grpc
        from tritonclient.grpc import service_pb2_grpc

        super().__init__(name, graph)
        limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._server = grpc.server(ThreadPoolExecutor(2), options=limits)
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_servicer(self), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.url = f"grpc://127.0.0.1:{port}/{name}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()


def _servicer(server: GrpcServer) -> Any:
    import grpc
    from tritonclient.grpc import service_pb2 as messages
    from tritonclient.grpc import service_pb2_grpc

    class Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
        def ServerReady(self, request: Any, context: Any) -> Any:
            return messages.ServerReadyResponse(ready=server.ready)

        def ModelMetadata(self, request: Any, context: Any) -> Any:
            if request.name != server.model:
                context.abort(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{request.name}'")
            told = server.metadata()
            tensor = messages.ModelMetadataResponse.TensorMetadata
            sides = {key: [tensor(**entry) for entry in told[key]] for key in ("inputs", "outputs")}
            return messages.ModelMetadataResponse(name=server.model, versions=["1"], **sides)

        def ModelInfer(self, request: Any, context: Any) -> Any:
            server.bytes_received.append(request.ByteSize())
            if request.model_name != server.model:
                context.abort(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{request.model_name}'")
            entries = zip(request.inputs, request.raw_input_contents, strict=True)
            sent = {entry.name: (entry.datatype, list(entry.shape), content) for entry, content in entries}
            try:
                results = server.draw(sent, [entry.name for entry in request.outputs])
            except Refused as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            tensor = messages.ModelInferResponse.InferOutputTensor
            return messages.ModelInferResponse(
                model_name=server.model,
                model_version="1",
                outputs=[tensor(**_told(name, result)) for name, result in results.items()],
                raw_output_contents=[result.tobytes() for result in results.values()],
            )

    return Servicer()


def _told(name: str, result: np.ndarray[Any, Any]) -> dict[str, Any]:
    datatype = "UINT8" if result.dtype == np.uint8 else "FP32"
    return {"name": name, "datatype": datatype, "shape": list(result.shape)}


@contextlib.contextmanager
def serving(scheme: str, name: str, graph: Path) -> Iterator[HttpServer | GrpcServer]:
    """A server on a free port of this machine. `scheme`: "http" or "grpc"."""
    server = HttpServer(name, graph) if scheme == "http" else GrpcServer(name, graph)
    try:
        yield server
    finally:
        server.stop()
