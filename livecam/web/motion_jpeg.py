"""Serves a sink's pictures as Motion JPEG (multipart/x-mixed-replace), on this computer alone.

A slow reader misses pictures and delays nobody: the next
one is the newest there is once the last has gone to the system, which may hold but little of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from livecam.sinks.http import PORT, HttpSink
from livecam.web.lasting import LastingPage

FILE = "stream.mjpg"
BOUNDARY = "livecam"
SEND_BUFFER = 128 * 1024
"""Bytes that the system may hold for a reader: about one picture of 1280x720. It makes twice that of it."""
VIEWERS = 16
"""Readers at once: far more than programs on one machine, and a bound for what they cost."""


class MotionJpeg(LastingPage):
    """Serves `sink` at `http://127.0.0.1:PORT/TOKEN/stream.mjpg`. A context manager."""

    send_buffer = SEND_BUFFER

    def __init__(self, sink: HttpSink, token_file: Path | None = None) -> None:
        super().__init__(sink, PORT, sink.port, token_file)

    def start(self) -> str:
        """The stream's address. Raises `UserError` where a port that was named is taken."""
        self.url = super().start() + FILE
        return self.url

    def _routes(self) -> list[BaseRoute]:
        return [Route(f"/{FILE}", self._stream)]

    async def _stream(self, request: Request) -> Response:
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        if request.method == "HEAD":
            return Response(headers={"content-type": kind})
        if self.sink.viewers >= VIEWERS:
            return Response("Too many programs read this stream.\n", status_code=503)
        return StreamingResponse(self._parts(), headers={"content-type": kind})

    async def _parts(self) -> AsyncIterator[bytes]:
        viewer = self.sink.watch()
        self._viewers.add(viewer)
        if self._ending:  # `stop` came while this viewer was being let in
            viewer.end()
        try:
            yield f"--{BOUNDARY}".encode()
            async for picture in viewer:
                head = f"\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n\r\n"
                # The boundary at once: some readers take a picture for complete when they have seen it.
                yield b"".join((head.encode(), picture.jpeg, f"\r\n--{BOUNDARY}".encode()))
            yield b"--\r\n"
        finally:
            self._viewers.discard(viewer)
            viewer.leave()
