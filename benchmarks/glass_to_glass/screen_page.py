"""The page that a camera is pointed at: a running clock, a face to follow, and what livecam makes of it.

Served on the loopback interface under an address that cannot be guessed. The clock shows the page's own
milliseconds as a `screen_panel`, drawn anew for each picture of the screen.
"""

from __future__ import annotations

import base64
import secrets
import socket
import threading
import time
from pathlib import Path

import cv2
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from livecam.benchmarks.glass_to_glass import screen_panel as panel
from livecam.sinks.page import PageSink

HOST = "127.0.0.1"
START_S = 20.0


class ScreenPage:
    """Serves the page with the pictures of `sink` and a clip, from `start` to `stop`."""

    def __init__(self, sink: PageSink, clip: Path) -> None:
        self._sink, self._clip = sink, clip
        self._token = secrets.token_urlsafe(16)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """The address to open."""
        listening = socket.create_server((HOST, 0))
        config = uvicorn.Config(
            self.application(), lifespan="off", log_config=None, log_level="warning", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="screen page", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the page's server did not start")
            time.sleep(0.005)
        return f"http://{HOST}:{listening.getsockname()[1]}/{self._token}/"

    def stop(self) -> None:
        """Twice does no harm."""
        self._sink.close()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)
            self._server = self._thread = None

    def application(self) -> Starlette:
        async def index(_: Request) -> Response:
            return HTMLResponse(html())

        async def clip(_: Request) -> Response:
            return FileResponse(self._clip, media_type="video/mp4")

        inner = [Route("/", index), Route("/clip.mp4", clip), WebSocketRoute("/pictures", self._send)]
        return Starlette(
            routes=[Mount(f"/{self._token}", routes=inner)],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST], www_redirect=False)],
        )

    async def _send(self, websocket: WebSocket) -> None:
        """One picture after another, each once the page has drawn the last one."""
        origin = websocket.headers.get("origin")
        if origin is not None and origin != f"http://{websocket.headers.get('host')}":
            await websocket.close()
            return
        await websocket.accept()
        viewer = self._sink.watch()
        try:
            async for picture in viewer:
                await websocket.send_bytes(picture.jpeg)
                await websocket.receive_text()
            await websocket.close()
        except WebSocketDisconnect:
            pass
        finally:
            viewer.leave()


def html() -> str:
    """The page; it loads nothing from elsewhere."""
    _, png = cv2.imencode(".png", panel.frame(panel.CLOCK))
    values = {
        "WIDTH": panel.WIDTH,
        "HEIGHT": panel.HEIGHT,
        "COLUMNS": panel.COLUMNS,
        "CELLS_X": panel.CELLS_X,
        "CELLS_Y": panel.CELLS_Y,
        "CELL_WIDTH": panel.CELL_WIDTH,
        "CELL_HEIGHT": panel.CELL_HEIGHT,
    }
    constants = "".join(f"const {name} = {value}; " for name, value in values.items())
    page = _PAGE.replace("/*CONSTANTS*/", constants)
    return page.replace("FRAME", f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}")


_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>livecam: point your camera here</title>
<style>
  body { margin: 0; height: 100vh; background: #333; color: #ccc; font: 2vh sans-serif; overflow: hidden;
         display: grid; grid-template-columns: 1fr 1fr; gap: 1vw; align-items: center; justify-items: center }
  #left { display: grid; gap: 2vh; justify-items: center }
  #clock, #result { width: 46vw }
  video { height: 40vh }
</style>
<div id="left">
  <video src="clip.mp4" autoplay loop muted playsinline></video>
  <canvas id="clock"></canvas>
  <div>Point your camera at this screen so that it sees all of it; press F11 for full screen.</div>
</div>
<canvas id="result"></canvas>
<script>
/*CONSTANTS*/
const clock = document.getElementById("clock"), result = document.getElementById("result");
clock.width = WIDTH; clock.height = HEIGHT;
const pen = clock.getContext("2d"), frame = new Image();
frame.src = "FRAME";

function checksum(bytes) {  // CRC-16/CCITT-FALSE
  let sum = 0xFFFF;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 0x8000 ? (sum << 1) ^ 0x1021 : sum << 1) & 0xFFFF;
  }
  return sum;
}

function drawClock(now) {
  const number = Math.round(now) >>> 0;
  const bytes = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
  const sum = checksum(bytes);
  bytes.push(sum >>> 8, sum & 255);
  pen.drawImage(frame, 0, 0);
  pen.fillStyle = "#000";
  for (let bit = 0; bit < 48; bit++) {
    if (bytes[bit >> 3] >> (7 - bit % 8) & 1)
      pen.fillRect(CELLS_X + bit % COLUMNS * CELL_WIDTH, CELLS_Y + Math.floor(bit / COLUMNS) * CELL_HEIGHT,
                   CELL_WIDTH, CELL_HEIGHT);
  }
  requestAnimationFrame(drawClock);
}
frame.decode().then(() => requestAnimationFrame(drawClock));

const socket = new WebSocket(location.href.replace("http", "ws") + "pictures");
socket.binaryType = "blob";
socket.onmessage = async (message) => {
  const picture = await createImageBitmap(message.data);
  result.width = picture.width; result.height = picture.height;
  result.getContext("2d").drawImage(picture, 0, 0);
  socket.send("drawn");
};
</script>
"""
