"""Serves a sink's pictures as Motion JPEG (multipart/x-mixed-replace), on this computer alone.

Programs keep the address that they were told, so here it lasts: the token is kept in a file that only its
user can read, and the port is the same each time. A slow reader misses pictures and delays nobody: the next
one is the newest there is once the last has gone to the system, which may hold but little of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from livecam import folders
from livecam.errors import UserError
from livecam.sinks.http import PORT, HttpSink
from livecam.web.server import NAMES, Gate, Page, headers

log = logging.getLogger(__name__)

FILE = "stream.mjpg"
BOUNDARY = "livecam"
TOKEN_FILE = "stream-token"
SEND_BUFFER = 128 * 1024
"""Bytes that the system may hold for a reader: about one picture of 1280x720. It makes twice that of it."""
VIEWERS = 16
"""Readers at once: far more than programs on one machine, and a bound for what they cost."""


class MotionJpeg(Page):
    """Serves `sink` at `http://127.0.0.1:PORT/TOKEN/stream.mjpg`. A context manager."""

    send_buffer = SEND_BUFFER

    def __init__(self, sink: HttpSink, token_file: Path | None = None) -> None:
        super().__init__(PORT if sink.port is None else sink.port, sink=sink)
        self._fallback = sink.port is None
        self._token = kept_token(token_file or folders.data_folder() / TOKEN_FILE)

    def start(self) -> str:
        """The stream's address. Raises `UserError` where a port that was named is taken."""
        try:
            super().start()
        except UserError as error:
            if not self._fallback:
                raise
            log.warning("%s, so the stream has another address this time", str(error).partition(". ")[0])
            self._port = 0
            super().start()
        self.url += FILE
        return self.url

    def application(self, port: int) -> ASGIApp:
        routes = [Route(f"/{FILE}", self._stream)]
        return Starlette(
            routes=routes,
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False),
                Middleware(Gate, token=self._token, headers=headers("", port)),
            ],
        )

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


def kept_token(path: Path) -> str:
    """The token in that file, which is made where it is not there, holds none, or others may read it. Where
    it cannot be kept a new one is made each time."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = path.read_text("ascii").strip()
        private = os.name != "posix" or not path.stat().st_mode & 0o077
        if private and re.fullmatch(r"[\w-]{32,64}", kept):
            return kept
    token = secrets.token_urlsafe(24)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except OSError as error:
        log.warning(
            "%s cannot be written (%s), so the stream has another address next time", path, error.strerror
        )
    return token
