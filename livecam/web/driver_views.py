"""What the page shows of the driver: landmarks, and their own picture while "show me" is held down.

That picture goes from the tracker's side straight to this user's own page, never through a sink, and only
while the page keeps a connection open for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect

from livecam.frames import RGB, Landmarks

LANDMARKS_SECONDS: Final = 1 / 15
"""Between two drawings of the landmarks: enough for a small view."""
PEEP_WIDTH: Final = 480
"""Pixels of the driver's picture."""
PEEP_QUALITY: Final = 75
PEEP_SECONDS: Final = 2.0
"""Without a frame for so long the page is told that there is none."""
Seen = Callable[[], tuple["Landmarks | None", tuple[int, int]]]
"""The driver's newest landmarks, and the frame's width and height in pixels."""


def packed(points: Landmarks | None, size: tuple[int, int]) -> bytes:
    """uint16, little endian: width and height of the frame, then x and y of each point as 0 to 65535 of them.
    Without a face the first two alone."""
    width, height = (min(max(side, 0), 65535) for side in size)
    head = np.array([width, height], "<u2")
    if points is None or not width or not height:
        return head.tobytes()
    places = points[:, :2] / np.array([width, height], np.float32) * 65535
    return head.tobytes() + np.clip(np.nan_to_num(places), 0, 65535).astype("<u2").tobytes()


async def send_landmarks(websocket: WebSocket, seen: Seen) -> None:
    """One drawing for each word that the page says."""
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError):
        while True:
            await websocket.receive_text()
            await websocket.send_bytes(packed(*seen()))
            await asyncio.sleep(LANDMARKS_SECONDS)


class Peephole:
    """hold: given what wants the driver's frames, or None as soon as nobody does."""

    def __init__(self, hold: Callable[[Callable[[RGB], None] | None], None]) -> None:
        self._hold = hold
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]] = []
        self._open = 0

    @property
    def open(self) -> bool:
        """Whether anybody looks through it."""
        with self._lock:
            return self._open > 0

    async def serve(self, websocket: WebSocket) -> None:
        """Pictures, one for each word that the page says, while it keeps the connection."""
        await websocket.accept()
        self._count(1)
        try:
            while True:
                try:
                    await websocket.send_bytes(await asyncio.wait_for(self._next(), PEEP_SECONDS))
                except asyncio.TimeoutError:
                    await websocket.send_bytes(b"")
                await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._lock:
            self._open += more
            wanted = self._open > 0
        self._hold(self._offer if wanted else None)

    def _next(self) -> asyncio.Future[bytes]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        with self._lock:
            self._waiting.append((loop, future))
        return future

    def _offer(self, pixels: RGB) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        height = max(round(PEEP_WIDTH * pixels.shape[0] / pixels.shape[1]), 2)
        small = cv2.resize(pixels, (PEEP_WIDTH, height), interpolation=cv2.INTER_AREA)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        good, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, PEEP_QUALITY])
        for loop, future in waiting if good else ():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_give, future, data.tobytes())


def _give(future: asyncio.Future[bytes], data: bytes) -> None:
    if not future.done():
        future.set_result(data)
