"""A server of the v2 inference protocol over HTTP, with binary tensors: as much as a client needs.

It serves one model, run with onnxruntime on the CPU, keeps nothing between requests, and is strict about what
it is sent: sizes of binary parts, names, types and shapes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HEADER = "Inference-Header-Content-Length"
TYPES = {"tensor(float)": ("FP32", np.float32), "tensor(uint8)": ("UINT8", np.uint8)}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name: str, graph: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = name
        self.session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
        self.ready = True
        self.bytes_received: list[int] = []
        self.fails = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v2/health/ready":
            self._answer(200 if self.server.ready else 400, b"")
        elif self.path == f"/v2/models/{self.server.model}":
            self._answer(200, json.dumps(self._metadata()).encode())
        else:
            self._error(404, "unknown model")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bytes_received.append(len(body))
        if self.path != f"/v2/models/{self.server.model}/infer":
            self._error(404, "unknown model")
        elif self.server.fails:
            self._error(500, "CUDA error: an illegal memory access was encountered")
        else:
            self._infer(body)

    def _metadata(self) -> dict[str, Any]:
        def told(nodes: Any) -> list[dict[str, Any]]:
            return [
                {"name": node.name, "datatype": TYPES[node.type][0], "shape": list(node.shape)}
                for node in nodes
            ]

        session = self.server.session
        name = self.server.model
        return {"name": name, "inputs": told(session.get_inputs()), "outputs": told(session.get_outputs())}

    def _infer(self, body: bytes) -> None:
        head = int(self.headers[HEADER])
        request, rest = json.loads(body[:head]), body[head:]
        expected = {node.name: node for node in self.server.session.get_inputs()}
        feeds = {}
        for entry in request["inputs"]:
            node = expected.pop(entry["name"])
            name, kind = TYPES[node.type]
            size = entry["parameters"]["binary_data_size"]
            if entry["datatype"] != name or entry["shape"] != list(node.shape) or len(rest) < size:
                return self._error(400, f"unexpected input {entry['name']}")
            feeds[entry["name"]] = np.frombuffer(rest[:size], kind).reshape(node.shape)
            rest = rest[size:]
        if expected or rest:
            return self._error(400, f"missing {list(expected)}, {len(rest)} bytes too many")
        wanted = [entry["name"] for entry in request["outputs"] if entry["parameters"]["binary_data"]]
        results = self.server.session.run(wanted, feeds)
        outputs = [
            {
                "name": name,
                "datatype": "UINT8" if result.dtype == np.uint8 else "FP32",
                "shape": list(result.shape),
                "parameters": {"binary_data_size": result.nbytes},
            }
            for name, result in zip(wanted, results, strict=True)
        ]
        head_bytes = json.dumps({"model_name": self.server.model, "outputs": outputs}).encode()
        self._answer(200, head_bytes + b"".join(result.tobytes() for result in results), len(head_bytes))
        return None

    def _error(self, code: int, words: str) -> None:
        self._answer(code, json.dumps({"error": words}).encode())

    def _answer(self, code: int, body: bytes, head: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        if head is not None:
            self.send_header(HEADER, str(head))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(name: str, graph: Path) -> Iterator[Server]:
    """A server on a free port of this machine."""
    server = Server(name, graph)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
