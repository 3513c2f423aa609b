"""The virtual camera: v4l2loopback on Linux, OBS or UnityCapture on Windows, OBS on macOS (pyvirtualcam)."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat
from livecam.video_devices import VideoDevice, by_label, describe, video_devices

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
LABEL = "livecam"
MODPROBE = f"sudo modprobe v4l2loopback devices=1 exclusive_caps=1 card_label={LABEL}"


class VirtualCameraSink:
    """Sends RGB frames of one fixed size to the camera `which`: "" for any, a label, or /dev/videoN.

    With no choice given, a device labelled `livecam` is preferred. `open` raises `UserError` with what to do;
    `write` raises `SinkLost` once the device is gone and then tries to reopen it once a second.
    """

    live = True

    def __init__(
        self,
        which: str = "",
        *,
        devices: Callable[[], Sequence[VideoDevice]] = video_devices,
        clock: Callable[[], float] = time.monotonic,
        platform: str = sys.platform,
    ) -> None:
        self.name = f"virtual camera {which}".strip()
        self._which, self._devices, self._clock, self._platform = which, devices, clock, platform
        self._camera: Any = None
        self._format: SinkFormat | None = None
        self._retry_at = 0.0

    def open(self, fmt: SinkFormat) -> None:
        if fmt.width % 2 or fmt.height % 2:
            raise UserError(
                self.name,
                f"{fmt.width}x{fmt.height} has an odd side, which video calls show black",
                "Choose an even size, for example --canvas 1280x720.",
            )
        self._format = fmt
        self._camera = self._start(fmt)
        self.name = f"virtual camera {self._camera.device}"
        log.info("%s: %dx%d at %g, %s", self.name, fmt.width, fmt.height, fmt.fps, self._camera.backend)

    def write(self, frame: OutputFrame) -> None:
        if self._format is None:
            raise ValueError("the sink is not open")
        if self._camera is None:
            self._restart(self._format)
        device = str(self._camera.device)
        if device.startswith("/dev/") and not os.path.exists(device):
            self._lose()
            raise SinkLost(f"{self.name} is gone")
        try:
            self._camera.send(np.ascontiguousarray(frame.pixels))
        except (RuntimeError, OSError) as error:
            self._lose()
            raise SinkLost(f"{self.name} takes no frames ({error})") from None

    def close(self) -> None:
        self._format = None
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _start(self, fmt: SinkFormat) -> Any:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise UserError(
                self.name, f"pyvirtualcam cannot be loaded ({error})", "Install it with pip."
            ) from None
        try:
            return pyvirtualcam.Camera(
                width=fmt.width,
                height=fmt.height,
                fps=fmt.fps,
                fmt=pyvirtualcam.PixelFormat.RGB,
                device=self._device(),
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise self._explain("; ".join(str(error).splitlines())) from None

    def _device(self) -> str | None:
        """What pyvirtualcam is told: a path on Linux, a camera's name elsewhere, None for any."""
        if self._platform != "linux":
            return self._which or None
        if self._which.startswith("/dev/"):
            return self._which
        devices = [device for device in self._devices() if device.virtual]
        chosen = by_label(devices, self._which or LABEL)
        if chosen is None and self._which:
            listed = f"Virtual cameras here: {describe(devices)}." if devices else f"Run: {MODPROBE}"
            raise UserError(self.name, "there is no virtual camera of that name", listed)
        return chosen.path if chosen else None

    def _restart(self, fmt: SinkFormat) -> None:
        now = self._clock()
        if now < self._retry_at:
            raise SinkLost(f"{self.name} is gone")
        self._retry_at = now + RETRY_SECONDS
        try:
            self._camera = self._start(fmt)
        except UserError as error:
            raise SinkLost(f"{self.name}: {error.why}") from None
        log.info("%s is back", self.name)

    def _lose(self) -> None:
        try:
            self._camera.close()
        except (RuntimeError, OSError):
            log.debug("%s could not be closed", self.name, exc_info=True)
        self._camera = None
        self._retry_at = self._clock() + RETRY_SECONDS

    def _explain(self, message: str) -> UserError:
        """What pyvirtualcam's errors mean and what to do about them."""
        if self._platform != "linux":
            start = "click Start Virtual Camera once, then Stop" + (
                " and allow the extension" if self._platform == "darwin" else ""
            )
            return UserError(self.name, message, f"Install OBS Studio, {start}, and close OBS.")
        virtual = [device for device in self._devices() if device.virtual]
        real = [device for device in self._devices() if not device.virtual]
        reload = f"sudo modprobe -r v4l2loopback && {MODPROBE}"
        if "permission" in message:
            return UserError(
                self.name,
                "you may not write to it",
                "Run: sudo usermod -aG video $USER, then log in again.",
            )
        if "not a video output device" in message:
            if any(device.path in message for device in real):
                return UserError(
                    self.name,
                    f"it is a real camera ({message})",
                    f"Choose a virtual one: {describe(virtual)}." if virtual else f"Run: {MODPROBE}",
                )
            why = "it takes no frames: another program sends to it, or v4l2loopback before 0.15 is stuck"
            return UserError(self.name, why, f"Close other programs, or reload it: {reload}")
        if "busy" in message or "in use" in message:
            return UserError(self.name, f"another program sends to it ({message})", "Close that program.")
        if "does not exist" in message:
            listed = f"Virtual cameras here: {describe(virtual)}." if virtual else f"Run: {MODPROBE}"
            return UserError(self.name, "there is no such device", listed)
        if "No v4l2 loopback device" in message and virtual:
            why = f"none of {describe(virtual)} takes frames: in use, or v4l2loopback before 0.15 is stuck"
            return UserError(self.name, why, f"Close other programs, or reload it: {reload}")
        if "No v4l2 loopback device" in message:
            todo = f"Run: {MODPROBE} (if that fails, first: sudo apt install v4l2loopback-dkms)"
            return UserError(self.name, "no virtual camera is there", todo)
        return UserError(self.name, message, f"Reload it: {reload}")
