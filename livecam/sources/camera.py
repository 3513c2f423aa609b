"""A webcam as the driver, through OpenCV.

V4L2 on Linux, Media Foundation or DirectShow on Windows, AVFoundation on macOS.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

# Media Foundation otherwise takes ten seconds and more to open some cameras.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
# Seconds until a V4L2 camera that says nothing counts as lost, in place of ten.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")

import cv2
import numpy as np

from livecam.errors import SourceLost, UserError
from livecam.frames import DriverFrame
from livecam.sources.base import SourceInfo
from livecam.video_devices import VideoDevice, by_label, describe, video_devices

log = logging.getLogger(__name__)

DEFAULT_SIZE = (640, 480)
"""The face model looks at 256 pixels; more would only cost USB bandwidth and JPEG decoding."""
DEFAULT_FPS = 30.0
RETRY_SECONDS = 0.5
BUFFERS = 2
"""With one, a camera has nowhere to put a picture while we hold the last: half of all frames are lost."""
BAD_PICTURES = 10
"""Damaged pictures in a row (a glitch on the cable) that are skipped before the camera counts as lost."""
PROBED = 5
"""How many camera numbers are tried for an error message where the system gives no list."""

_BACKENDS = {
    "linux": (cv2.CAP_V4L2,),
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}
_BACKEND_NAMES = {
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


class CameraSource:
    """Frames of the camera `which`: "" for the first one, a number, or a part of its name.

    RGB, not mirrored (`info.mirror` says that a person expects it). `capture_ns` is the driver's own time of
    capture where it gives one on the monotonic clock, else the moment the frame arrived. Close it from the
    thread that reads, or after that thread has ended.

    Raises `UserError` where there is no such camera, or it gives no picture.
    """

    def __init__(
        self,
        which: str = "",
        *,
        fps: float | None = None,
        size: tuple[int, int] | None = None,
        capture: Callable[[int, int], Capture] = cv2.VideoCapture,
        devices: Callable[[], Sequence[VideoDevice]] = video_devices,
        clock: Callable[[], int] = time.monotonic_ns,
        pause: Callable[[float], bool] | None = None,
        platform: str = sys.platform,
    ) -> None:
        self._which, self._fps, self._size = which, fps or DEFAULT_FPS, size or DEFAULT_SIZE
        self._new_capture, self._devices, self._clock, self._platform = capture, devices, clock, platform
        self._closed = threading.Event()
        self._pause = pause or self._closed.wait
        self._index = 0
        self._last_ns = -1
        self._retry_ns = 0
        self._backend = cv2.CAP_ANY
        self._label = ""
        self._capture: Capture | None = None
        self.info = self._start()

    def __enter__(self) -> CameraSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def read(self) -> DriverFrame | None:
        if self._closed.is_set():
            return None
        if self._capture is None:
            self._reopen()
        for _ in range(BAD_PICTURES):
            if self._capture is None or not _quietly(self._capture.grab):
                break
            now = self._clock()
            pixels = self._picture(self._capture)
            if pixels is None:
                continue
            self._last_ns = max(self._capture_time(self._capture, now), self._last_ns + 1)
            height, width = pixels.shape[:2]
            frame = DriverFrame(self._index, self._last_ns, width, height, pixels)
            self._index += 1
            return frame
        if self._closed.is_set():
            return None
        self._lose()
        raise SourceLost(f"{self.info.name} stopped giving pictures")

    def rewind(self) -> None:
        """A camera cannot."""

    def close(self) -> None:
        self._closed.set()
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _start(self) -> SourceInfo:
        number = self._pick(self._devices())
        self._capture, why = self._open(number)
        if self._capture is None:
            raise self._unusable(number, why)
        width = round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 1 <= fps <= 1000 else self._fps
        code = _fourcc(self._capture.get(cv2.CAP_PROP_FOURCC))
        labels = {device.number: device.label for device in self._devices()}
        self._label = labels.get(number, "")
        return SourceInfo(
            name=f"camera {number}" + (f" ({self._label})" if self._label else ""),
            width=width,
            height=height,
            fps=fps,
            live=True,
            mirror=True,
            detail=f"{_BACKEND_NAMES[self._backend]}, {code} {width}x{height} at {fps:g}",
        )

    def _pick(self, devices: Sequence[VideoDevice]) -> int:
        """The number of the camera that `which` means."""
        if self._which.isdecimal():
            number = int(self._which)
            if self._platform == "linux" and number not in [device.number for device in devices]:
                raise self._missing(devices)
            return number
        if self._platform != "linux":
            if self._which:
                raise UserError(
                    f"camera:{self._which}",
                    "cameras have no names here",
                    "Choose by number, such as camera:0.",
                )
            return 0
        if self._which.startswith("/dev/video"):
            chosen = next((device for device in devices if device.path == self._which), None)
        elif self._which:
            chosen = by_label(devices, self._which)
        else:
            # Our own virtual camera must not become the driver by itself; a phone's may.
            usable = [
                d for d in devices if not d.secondary and not (d.virtual and "livecam" in d.label.lower())
            ]
            chosen = min(usable, key=lambda device: (device.virtual, device.number), default=None)
        if chosen is None:
            raise self._missing(devices)
        return chosen.number

    def _open(self, number: int) -> tuple[Capture | None, str]:
        """An opened camera that has given a picture, or None and the reason."""
        why = "it cannot be opened"
        for backend in _BACKENDS.get(self._platform, (cv2.CAP_ANY,)):
            with _silence():
                capture = self._new_capture(number, backend)
            if capture.isOpened():
                # The order matters: a size is looked up among those of the pixel format.
                capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
                capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
                capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
                capture.set(cv2.CAP_PROP_FPS, self._fps)
                capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)
                if any(_quietly(capture.grab) and self._picture(capture) is not None for _ in range(3)):
                    self._backend = backend
                    return capture, ""
                why = "it opens but gives no picture; another program may be using it"
            capture.release()
        return None, why

    def _reopen(self) -> None:
        """Try once, not before `RETRY_SECONDS` after the last try."""
        if self._pause(max(self._retry_ns - self._clock(), 0) / 1e9):
            return
        devices = self._devices()
        try:
            # A camera that was plugged in again may come back under another number.
            same = by_label(devices, self._label) if self._label else None
            number = self._pick(devices) if same is None else same.number
        except UserError:
            self._lose()
            raise SourceLost(f"{self.info.name} is not there") from None
        self._capture, why = self._open(number)
        if self._capture is None:
            self._lose()
            raise SourceLost(f"{self.info.name}: {why}")
        log.info("%s is back", self.info.name)

    def _lose(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
        self._retry_ns = self._clock() + round(RETRY_SECONDS * 1e9)

    def _picture(self, capture: Capture) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
        """The grabbed frame as RGB, or None where it is damaged."""
        try:
            good, picture = capture.retrieve()
            if not good or picture is None or picture.size == 0:
                return None
            code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
            return np.asarray(cv2.cvtColor(picture, code), np.uint8)
        except cv2.error:
            return None

    def _capture_time(self, capture: Capture, now: int) -> int:
        """V4L2 stamps frames on the monotonic clock as they come in, before queues add their delay."""
        if self._backend != cv2.CAP_V4L2:
            return now
        stamp = round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        # Some drivers give nothing, or another clock's time.
        return stamp if 0 < stamp <= now < stamp + 1_000_000_000 else now

    def _missing(self, devices: Sequence[VideoDevice]) -> UserError:
        listed = describe(devices)
        return UserError(
            f"camera:{self._which}" if self._which else "camera",
            "there is no such camera" if listed and self._which else "no camera was found",
            f"Cameras here: {listed}." if listed else "Plug one in, or use a video: --driver FILE.mp4.",
        )

    def _unusable(self, number: int, why: str) -> UserError:
        name = f"camera:{number}"
        if self._platform == "linux":
            path = f"/dev/video{number}"
            if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
                todo = "Run: sudo usermod -aG video $USER, then log in again."
                return UserError(name, f"no permission to open {path}", todo)
            return UserError(name, why, f"Close other programs. Cameras here: {describe(self._devices())}.")
        found = [str(other) for other in range(PROBED) if other != number and self._answers(other)]
        listed = f"Cameras here: {', '.join(found)}." if found else "No other camera answers."
        return UserError(name, why, f"Check the system's camera permission and other programs. {listed}")

    def _answers(self, number: int) -> bool:
        backend = _BACKENDS.get(self._platform, (cv2.CAP_ANY,))[0]
        with _silence():
            capture = self._new_capture(number, backend)
        opened = capture.isOpened()
        capture.release()
        return opened


def _quietly(action: Callable[[], bool]) -> bool:
    """OpenCV reports some failures as exceptions, depending on the backend."""
    try:
        return bool(action())
    except cv2.error:
        return False


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


def _fourcc(value: float) -> str:
    """Four letters such as MJPG; a question mark where the backend does not know."""
    text = int(value).to_bytes(4, "little", signed=False).decode("latin-1") if 0 < value < 2**32 else ""
    return text.strip() if text.isprintable() and text.strip() else "?"
