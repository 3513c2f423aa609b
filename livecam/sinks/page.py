"""Hands the newest frame to the page as a JPEG: encoded once, and only while somebody waits for it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import cv2

from livecam.frames import RGB, OutputFrame
from livecam.sinks.base import ClosingSink, SinkFormat

QUALITY = 92


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded frame; `number` grows by one with each new picture."""

    number: int
    jpeg: bytes


class PageSink(ClosingSink):
    """A sink whose viewers always get the newest picture; a slow viewer misses some and delays nobody.

    `write` may be called from any one thread; viewers live on asyncio loops. A frame that shares its pixel
    array with the one before is a picture that holds: it is neither encoded nor sent again.
    """

    name = "page"
    live = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._pixels: RGB | None = None
        self._picture = Picture(0, b"")
        self._closed = False

    def open(self, fmt: SinkFormat) -> None:
        """Any size will do."""
        with self._lock:
            self._closed = False

    def write(self, frame: OutputFrame) -> None:
        held = frame.pixels is self._pixels
        with self._lock:
            if not any(self._wants(viewer, held) for viewer in self._viewers):
                return
        # Not under the lock: viewers' loops would stand still meanwhile.
        if not held:
            self._picture = Picture(self._picture.number + 1, self.encode(frame))
            self._pixels = frame.pixels
        with self._lock:
            for viewer in list(self._viewers):
                if self._wants(viewer, True) and not viewer.give(self._picture):
                    self._viewers.discard(viewer)

    def encode(self, frame: OutputFrame) -> bytes:
        """What viewers are sent of a frame."""
        return jpeg(frame.pixels)

    def close(self) -> None:
        """Viewers are told that no more will come."""
        with self._lock:
            self._closed = True
            for viewer in self._viewers:
                viewer.give(None)

    @property
    def viewers(self) -> int:
        """How many watch now."""
        with self._lock:
            return len(self._viewers)

    def watch(self) -> Viewer:
        """A new viewer; `leave` it when done."""
        viewer = Viewer(self)
        with self._lock:
            self._viewers.add(viewer)
        return viewer

    def wait(self, viewer: Viewer) -> asyncio.Future[Picture | None]:
        """Resolves with the next picture that the viewer has not seen; with None once the sink is closed."""
        with self._lock:
            viewer.promise = asyncio.get_running_loop().create_future()
            promise = viewer.promise
            if self._closed or viewer.ended:
                viewer.give(None)
        return promise

    def end(self, viewer: Viewer) -> None:
        """Let the viewer's loop come to its end, from any thread."""
        with self._lock:
            viewer.ended = True
            viewer.give(None)

    def leave(self, viewer: Viewer) -> None:
        with self._lock:
            viewer.promise = None
            self._viewers.discard(viewer)

    def _wants(self, viewer: Viewer, held: bool) -> bool:
        return viewer.promise is not None and not (held and viewer.seen == self._picture.number)


class Viewer:
    """One watcher: `async for picture in viewer`. Everything else is between it and its sink."""

    def __init__(self, sink: PageSink) -> None:
        self._sink = sink
        self.seen = 0
        self.ended = False
        self.promise: asyncio.Future[Picture | None] | None = None

    def __aiter__(self) -> Viewer:
        return self

    async def __anext__(self) -> Picture:
        picture = await self._sink.wait(self)
        if picture is None:
            raise StopAsyncIteration
        return picture

    def leave(self) -> None:
        self._sink.leave(self)

    def end(self) -> None:
        self._sink.end(self)

    def give(self, picture: Picture | None) -> bool:
        """Resolve the promise from any thread; False where its loop has ended."""
        promise, self.promise = self.promise, None
        if promise is None:
            return True
        if picture is not None:
            self.seen = picture.number
        try:
            promise.get_loop().call_soon_threadsafe(_resolve, promise, picture)
        except RuntimeError:
            return False
        return True


def jpeg(pixels: RGB) -> bytes:
    """H x W x 3 RGB as a baseline JPEG."""
    good, data = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    if not good:
        raise ValueError(f"a picture of shape {pixels.shape} cannot be encoded")
    return bytes(data.tobytes())


def _resolve(promise: asyncio.Future[Picture | None], picture: Picture | None) -> None:
    if not promise.done():
        promise.set_result(picture)
