"""A webcam as the driver, through OpenCV.

V4L2 on Linux, Media Foundation or DirectShow on Windows, AVFoundation on macOS.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

import cv2

from livecam.errors import SourceLost, UserError
from livecam.frames import DriverFrame
from livecam.sources.base import SourceInfo
from livecam.sources.capture import NAMES, Capture, New, answers, fourcc, grab, open_capture, picture
from livecam.sources.steady_clock import SteadyClock
from livecam.video_devices import VideoDevice, by_label, describe, video_devices

log = logging.getLogger(__name__)

DEFAULT_SIZE = (640, 480)
"""The face model looks at 256 pixels; more would only cost USB bandwidth and JPEG decoding."""
DEFAULT_FPS = 30.0
RETRY_SECONDS = 0.5
BAD_PICTURES = 10
"""Damaged pictures in a row (a glitch on the cable) that are skipped before the camera counts as lost."""
PROBED = 5
"""How many camera numbers are tried for an error message where the system gives no list."""


class CameraSource:
    """Frames of the camera `which`: "" for the first one, a number, or a part of its name.

    RGB, not mirrored (`info.mirror` says that a person expects it). `capture_ns` is the driver's own time of
    capture where it gives one on the monotonic clock, else the moment the frame arrived; it grows as time
    does, whatever a driver's stamps do. Close it from the thread that reads, or after that thread has ended.

    Raises `UserError` where there is no such camera, or it gives no picture.
    """

    def __init__(
        self,
        which: str = "",
        *,
        fps: float | None = None,
        size: tuple[int, int] | None = None,
        capture: New = cv2.VideoCapture,
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
        self._retry_ns = 0
        self._backend = cv2.CAP_ANY
        self._label = ""
        self._capture: Capture | None = None
        self.info = self._start()
        self._steady = SteadyClock(self.info.fps)

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
            if self._capture is None or not grab(self._capture):
                break
            now = self._clock()
            pixels = picture(self._capture)
            if pixels is None:
                continue
            height, width = pixels.shape[:2]
            taken = self._steady(self._stamp(self._capture, now), now)
            frame = DriverFrame(self._index, taken, width, height, pixels)
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
        why = self._open(number)
        if self._capture is None:
            raise self._unusable(number, why)
        width = round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        fps = fps if 1 <= fps <= 1000 else self._fps
        code = fourcc(self._capture.get(cv2.CAP_PROP_FOURCC))
        labels = {device.number: device.label for device in self._devices()}
        self._label = labels.get(number, "")
        return SourceInfo(
            name=f"camera {number}" + (f" ({self._label})" if self._label else ""),
            width=width,
            height=height,
            fps=fps,
            live=True,
            mirror=True,
            detail=f"{NAMES[self._backend]}, {code} {width}x{height} at {fps:g}",
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

    def _open(self, number: int) -> str:
        """Why it cannot be opened; "" where it is."""
        self._capture, self._backend, why = open_capture(
            self._new_capture, number, self._size, self._fps, self._platform
        )
        return why

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
        why = self._open(number)
        if self._capture is None:
            self._lose()
            raise SourceLost(f"{self.info.name}: {why}")
        log.info("%s is back", self.info.name)

    def _lose(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
        self._retry_ns = self._clock() + round(RETRY_SECONDS * 1e9)

    def _stamp(self, capture: Capture, now: int) -> int:
        """V4L2 stamps frames on the monotonic clock as they come in, before queues add their delay."""
        if self._backend != cv2.CAP_V4L2:
            return now
        # Some drivers give nothing, or another clock's time.
        return round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)

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
        found = [
            str(other)
            for other in range(PROBED)
            if other != number and answers(self._new_capture, other, self._platform)
        ]
        listed = f"Cameras here: {', '.join(found)}." if found else "No other camera answers."
        return UserError(name, why, f"Check the system's camera permission and other programs. {listed}")
