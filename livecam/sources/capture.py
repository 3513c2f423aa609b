"""cv2.VideoCapture made usable: opened by the backend that works, quiet, and in RGB.

V4L2 on Linux, Media Foundation or DirectShow on Windows, AVFoundation on macOS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import cv2
import numpy as np

from livecam.frames import RGB

BUFFERS = 2
"""With one, a camera has nowhere to put a picture while we hold the last: half of all frames are lost."""
TRIES = 3
"""Pictures that a camera is asked for before it counts as giving none."""

_BACKENDS = {
    "linux": (cv2.CAP_V4L2,),
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}
NAMES = {
    cv2.CAP_V4L2: "V4L2",
    cv2.CAP_MSMF: "Media Foundation",
    cv2.CAP_DSHOW: "DirectShow",
    cv2.CAP_AVFOUNDATION: "AVFoundation",
    cv2.CAP_ANY: "OpenCV",
}


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used here."""

    def isOpened(self) -> bool: ...
    def set(self, prop: int, value: float, /) -> bool: ...
    def get(self, prop: int, /) -> float: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


New = Callable[[int, int], Capture]
"""Number and backend to a capture that is open, or not."""


def open_capture(
    new: New, number: int, size: tuple[int, int], fps: float, platform: str
) -> tuple[Capture | None, int, str]:
    """A camera that has given a picture, its backend, and ""; or None, any backend, and the reason."""
    why = "it cannot be opened"
    for backend in _BACKENDS.get(platform, (cv2.CAP_ANY,)):
        with _silence():
            capture = new(number, backend)
        if capture.isOpened():
            # The order matters: a size is looked up among those of the pixel format.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
            capture.set(cv2.CAP_PROP_FPS, fps)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)
            if any(grab(capture) and picture(capture) is not None for _ in range(TRIES)):
                return capture, backend, ""
            why = "it opens but gives no picture; another program may be using it"
        capture.release()
    return None, cv2.CAP_ANY, why


def answers(new: New, number: int, platform: str) -> bool:
    """Whether there is a camera of that number at all."""
    with _silence():
        capture = new(number, _BACKENDS.get(platform, (cv2.CAP_ANY,))[0])
    opened = capture.isOpened()
    capture.release()
    return opened


def grab(capture: Capture) -> bool:
    """Wait for the next frame. OpenCV reports some failures as exceptions, depending on the backend."""
    try:
        return bool(capture.grab())
    except cv2.error:
        return False


def picture(capture: Capture) -> RGB | None:
    """The grabbed frame, height x width x 3 RGB, or None where it is damaged."""
    try:
        good, found = capture.retrieve()
        if not good or found is None or found.size == 0:
            return None
        code = cv2.COLOR_GRAY2RGB if found.ndim == 2 else cv2.COLOR_BGR2RGB
        return np.asarray(cv2.cvtColor(found, code), np.uint8)
    except cv2.error:
        return None


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps OpenCV's own warnings from the terminal; the caller reports failures in words."""
    logging_ = cv2.utils.logging
    level = logging_.getLogLevel()
    logging_.setLogLevel(logging_.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging_.setLogLevel(level)


def fourcc(value: float) -> str:
    """Four letters such as MJPG; a question mark where the backend does not know."""
    text = int(value).to_bytes(4, "little", signed=False).decode("latin-1") if 0 < value < 2**32 else ""
    return text.strip() if text.isprintable() and text.strip() else "?"
