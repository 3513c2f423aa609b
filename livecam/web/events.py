"""News for the pages: every change of a control at once, the state of the run twice a second, notices.

A page that reads too slowly is not waited for: it misses the middle and gets everything anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from livecam.control import Registry

STATUS_SECONDS: Final = 0.5
"""Between two states."""
LONGEST_QUEUE: Final = 200
"""News that wait for one page."""


class Events:
    """What every page hears. `tell` may be called from any thread."""

    def __init__(self, registry: Registry, status: Callable[[], Mapping[str, Any]]) -> None:
        self._registry, self._status = registry, status
        self._pages: dict[asyncio.Queue[dict[str, Any] | None], asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        registry.listen(self._changed)

    def tell(self, news: dict[str, Any]) -> None:
        """To every page, in the order in which it is told."""
        with self._lock:
            pages = list(self._pages.items())
        for queue, loop in pages:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(self._put, queue, news)

    def notice(self, text: str, tone: str = "wait") -> None:
        """A sentence for whoever watches. tone: "good", "wait" or "bad"."""
        self.tell({"notice": {"text": text, "tone": tone}})

    async def serve(self, websocket: WebSocket) -> None:
        """One page, until it goes."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(LONGEST_QUEUE)
        with self._lock:
            self._pages[queue] = asyncio.get_running_loop()
        await websocket.accept()
        listening = asyncio.ensure_future(_until_gone(websocket))
        try:
            await websocket.send_json(self._everything())
            due = time.monotonic() + STATUS_SECONDS
            while not listening.done():
                try:
                    news = await asyncio.wait_for(queue.get(), max(due - time.monotonic(), 0))
                except asyncio.TimeoutError:
                    due = time.monotonic() + STATUS_SECONDS
                    news = {"status": dict(self._status())}
                if news is None:
                    break
                await websocket.send_json(news)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            listening.cancel()
            with self._lock:
                self._pages.pop(queue, None)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await websocket.close()

    def end(self) -> None:
        """Say goodbye to all."""
        with self._lock:
            pages = list(self._pages.items())
        for queue, loop in pages:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_last, queue)

    def _everything(self) -> dict[str, Any]:
        return {"controls": self._registry.described(), "status": dict(self._status())}

    def _changed(self, name: str, value: Any) -> None:
        described = next(one for one in self._registry.described() if one["name"] == name)
        self.tell({"control": described} if described["kind"] != "action" else {"done": name, "told": value})

    def _put(self, queue: asyncio.Queue[dict[str, Any] | None], news: dict[str, Any]) -> None:
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            news = self._everything()
        queue.put_nowait(news)


def _last(queue: asyncio.Queue[dict[str, Any] | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


async def _until_gone(websocket: WebSocket) -> None:
    """Pages say nothing here; what they send is read and let go, so that their going is noticed."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.receive()
