"""The page's server: on this computer only, and only for whoever knows the address that livecam printed.

Every route lies under a random token. Besides, the Host header must name this computer, which keeps out other
sites that had their name point here, and a WebSocket must come from the page itself.

Pictures go over a WebSocket: the page asks for the next one when it has drawn the last, so none ever queue
up, and that answer measures how long a picture takes to the screen.
"""

from __future__ import annotations

import logging
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from livecam.errors import UserError
from livecam.sinks.page import PageSink, Viewer
from livecam.web.static import static_routes

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
START_SECONDS = 10.0
Status = Callable[[], Mapping[str, Any]]


class Page:
    """Serves the page for `sink` on `port` (0: any free one). A context manager.

    `status` is called from the server's thread at most twice a second per viewer and gives a JSON object for
    `/api/status`. The page knows the keys `state` ("starting", "live", "no face", "camera lost"; others are
    shown as they are), `message`, `portrait` and `latency_ms` (camera to sink), all optional.
    """

    send_buffer: int | None = None
    """Bytes that the system may hold for a viewer; None: as it likes."""

    def __init__(
        self,
        port: int = 0,
        *,
        sink: PageSink | None = None,
        status: Status | None = None,
        routes: Sequence[BaseRoute] = (),
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        """routes: more than the page itself has. ending: called as it ends, for those to let go."""
        self.sink = sink or PageSink()
        self.url = ""
        self._more, self._end_more = tuple(routes), ending
        self._port, self._status = port, status or dict
        self._token = secrets.token_urlsafe(24)
        self._viewers: set[Viewer] = set()
        self._ending = False
        self._screen_ms: float | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Page:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> str:
        """Begin to serve in a thread; the address to open. Raises `UserError` where the port is taken."""
        listening = _listen(self._port)
        if self.send_buffer is not None:  # what is accepted there has it, too
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)
        port = int(listening.getsockname()[1])
        config = uvicorn.Config(
            self.application(port),
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,  # it would put the token into logs
            proxy_headers=False,
            server_header=False,
            ws_per_message_deflate=False,  # JPEGs do not get smaller
            ws_max_size=1024,
            timeout_graceful_shutdown=2,
        )
        self._server, self._ending = uvicorn.Server(config), False
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="page", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the page's server did not start")
            time.sleep(0.005)
        self.url = f"http://{HOST}:{port}/{self._token}/"
        return self.url

    def stop(self) -> None:
        """Say goodbye to the viewers and end the thread. Twice does no harm."""
        self._ending = True
        self._end_more()
        for viewer in list(self._viewers):
            viewer.end()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)
            self._server = self._thread = None

    def application(self, port: int) -> ASGIApp:
        """The ASGI application, for a server that listens on `port`."""
        return Starlette(
            routes=self._routes(),
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False),
                Middleware(Gate, token=self._token, headers=headers(port)),
            ],
        )

    def _routes(self) -> list[BaseRoute]:
        """What is served below the token; for subclasses, which serve something else."""

        async def status(_: Request) -> Response:
            return JSONResponse(self.read_status())

        return [
            *static_routes(),
            Route("/api/status", status),
            WebSocketRoute("/pictures", self._send_pictures),
            *self._more,
        ]

    def read_status(self) -> dict[str, Any]:
        """What `status` says, with who watches and how long a picture takes to the screen."""
        try:
            status = dict(self._status())
        except Exception:
            log.exception("the status cannot be read")
            status = {"state": "unknown"}
        return {**status, "viewers": self.sink.viewers, "screen_ms": self._screen_ms}

    async def _send_pictures(self, websocket: WebSocket) -> None:
        """One picture after another, each once the page has said that the last one is drawn."""
        await websocket.accept()
        viewer = self.sink.watch()
        self._viewers.add(viewer)
        if self._ending:  # `stop` came while this viewer was being let in
            viewer.end()
        try:
            async for picture in viewer:
                begun = time.perf_counter()
                await websocket.send_bytes(picture.jpeg)
                await websocket.receive_text()
                self._note(1000 * (time.perf_counter() - begun))
            await websocket.close()
        except (WebSocketDisconnect, KeyError):  # it goes, or sends what is no text
            pass
        finally:
            self._viewers.discard(viewer)
            viewer.leave()

    def _note(self, milliseconds: float) -> None:
        # A hidden page does not answer until it is shown again; that is no delay of ours.
        if milliseconds < 1000:
            before = milliseconds if self._screen_ms is None else self._screen_ms
            self._screen_ms = round(before + 0.1 * (milliseconds - before), 2)


class Gate:
    """Lets requests under /TOKEN/ through with that part removed, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, token: str, headers: Mapping[str, str]) -> None:
        self._app, self._token, self._headers = app, token.encode(), headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        # "*" of OPTIONS and the host of CONNECT have no slash.
        _, token, *rest = f"{scope['path']}{'' if '/' in scope['path'] else '/'}".split("/", 2)
        asks = Headers(scope=scope)
        origin = asks.get("origin")
        if not secrets.compare_digest(token.encode(), self._token):
            refusal = PlainTextResponse("Open the address that livecam printed.\n", status_code=403)
            await refusal(scope, receive, send_with_headers)
        elif not rest:
            await RedirectResponse(f"/{token}/")(scope, receive, send_with_headers)
        else:
            # Other programs send no origin; every browser does, and only our own page may come in and change
            # something. (It does so for what is only read, too, but not always.)
            if origin is not None and origin != f"http://{asks.get('host')}":
                refusal = PlainTextResponse("Only livecam's own page may do this.\n", status_code=403)
                await refusal(scope, receive, send_with_headers)
                return
            inner = {**scope, "path": f"/{rest[0]}", "raw_path": f"/{rest[0]}".encode()}
            await self._app(inner, receive, send_with_headers)


def headers(port: int) -> dict[str, str]:
    """Nothing may run or load but the page's own files; pictures may also be made by the page itself."""
    # 'self' does not cover WebSockets in every browser.
    sockets = " ".join(f"ws://{name}:{port}" for name in NAMES)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": f"'self' {sockets}",
        "img-src": "'self' blob: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "cache-control": "no-store",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # On Windows "reuse" would let another program take the port over; elsewhere it allows a quick restart.
    if sys.platform == "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"port {port}",
            f"the page cannot be served there ({reason.lower()})",
            "Choose another, or 0 for any.",
        ) from None
    return listening
