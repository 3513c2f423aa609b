"""The virtual camera: v4l2loopback on Linux, OBS or UnityCapture on Windows, OBS on macOS (pyvirtualcam)."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.sinks import loopback
from livecam.sinks.base import ClosingSink, SinkFormat
from livecam.video_devices import LABEL, LOAD, RELOAD, VideoDevice, by_label, describe, video_devices

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
LOAD_ADVICE = f"Run: {LOAD}. `livecam camera-setup` shows every step."
"""For a user without a virtual camera, where nothing more is known of this machine."""


class VirtualCameraSink(ClosingSink):
    """Sends RGB frames of one size to the camera `which`: a label, a number, /dev/videoN, or "" for any.

    With no choice given the first device that takes frames is used, one labelled `livecam` before others.
    `open` raises `UserError` with what to do; `write` raises `SinkLost` once the device is gone and then
    tries to reopen it once a second, always in the same format. `advice` is asked what the user can do where
    there is none.
    """

    live = True

    def __init__(
        self,
        which: str = "",
        *,
        devices: Callable[[], Sequence[VideoDevice]] = video_devices,
        fault: Callable[[str, int, int], loopback.Fault] = loopback.sending_fault,
        claim: Callable[[str], loopback.Claim | None] = loopback.claim,
        advice: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        platform: str = sys.platform,
    ) -> None:
        self.name = f"virtual camera {which}".strip()
        self._which, self._devices, self._clock, self._platform = which, devices, clock, platform
        self._fault, self._new_claim, self._advice = fault, claim, advice or (lambda: LOAD_ADVICE)
        self._camera: Any = None
        self._claim: loopback.Claim | None = None
        self._identity: tuple[int, int] | None = None
        self._format: SinkFormat | None = None
        self._retry_at = 0.0

    def open(self, fmt: SinkFormat) -> None:
        if fmt.width % 2 or fmt.height % 2:
            raise UserError(
                self.name,
                f"{fmt.width}x{fmt.height} has an odd side, which video calls show black",
                "Choose an even size, for example --canvas 1280x720.",
            )
        self._camera = self._start(fmt)
        self._format = fmt
        self.name = f"virtual camera {self._camera.device}"
        log.info("%s: %dx%d at %g, %s", self.name, fmt.width, fmt.height, fmt.fps, self._camera.backend)

    def write(self, frame: OutputFrame) -> None:
        if self._format is None:
            raise ValueError("the sink is not open")
        if self._camera is None:
            self._restart(self._format)
        device = str(self._camera.device)
        if device.startswith("/dev/") and loopback.identity(device) != self._identity:
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
        self._release()

    def _start(self, fmt: SinkFormat) -> Any:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise UserError(
                self.name, f"pyvirtualcam cannot be loaded ({error})", "Install it with pip."
            ) from None
        device = self._device(fmt) if self._platform == "linux" else self._which or None
        try:
            camera = pyvirtualcam.Camera(
                width=fmt.width,
                height=fmt.height,
                fps=fmt.fps,
                fmt=pyvirtualcam.PixelFormat.RGB,
                device=device,
            )
        except (RuntimeError, ValueError, OSError) as error:
            self._release()
            raise self._explain("; ".join(str(error).splitlines())) from None
        self._identity = loopback.identity(str(camera.device))
        return camera

    def _device(self, fmt: SinkFormat) -> str:
        """Linux: the path of the first device asked for that takes frames, claimed. Raises `UserError`."""
        candidates = self._candidates()
        faults: list[loopback.Fault] = []
        for path in candidates:
            fault = self._fault(path, fmt.width, fmt.height)
            if not fault:
                self._claim = self._new_claim(path)
                if self._claim is not None:
                    return path
                fault = "claimed"
            faults.append(fault)
        if len(candidates) == 1:
            raise self._refused(candidates[0], faults[0], fmt)
        if len(set(faults)) == 1:
            error = self._refused(candidates[0], faults[0], fmt)
            raise UserError(self.name, f"of {describe(self._virtual())} each: {error.why}", error.todo)
        listed = ", ".join(f"{path} ({fault})" for path, fault in zip(candidates, faults, strict=True))
        raise UserError(
            self.name, f"none takes frames: {listed}", f"Close other programs, or reload it: {RELOAD}"
        )

    def _candidates(self) -> list[str]:
        """Paths in the order in which they are tried; at least one."""
        if self._which.startswith("/dev/"):
            return [self._which]
        virtual = self._virtual()
        if self._which:
            named = [device for device in virtual if str(device.number) == self._which]
            chosen = named[0] if named else by_label(virtual, self._which)
            if chosen is None:
                listed = f"Virtual cameras here: {describe(virtual)}." if virtual else self._advice()
                raise UserError(self.name, "there is no virtual camera of that name", listed)
            return [chosen.path]
        if not virtual:
            raise UserError(self.name, "no virtual camera is there", self._advice())
        ours = by_label(virtual, LABEL)
        return [device.path for device in sorted(virtual, key=lambda device: device != ours)]

    def _virtual(self) -> list[VideoDevice]:
        return [device for device in self._devices() if device.virtual]

    def _refused(self, path: str, fault: loopback.Fault, fmt: SinkFormat) -> UserError:
        """A fault in words."""
        virtual = self._virtual()
        others = f"Virtual cameras here: {describe(virtual)}." if virtual else self._advice()
        if fault == "sending" and any(
            device.path == path for device in self._devices() if not device.virtual
        ):
            return UserError(path, "it is a real camera, not a virtual one", others)
        held = loopback.held_size(path)
        holder = f"a program holds it at {held[0]}x{held[1]}" if held else "a program holds another size"
        canvas = f" or use --canvas {held[0]}x{held[1]}" if held else ""
        words: dict[str, tuple[str, str]] = {
            "missing": ("there is no such device", others),
            "no device": ("it is not a video device", others),
            "permission": (
                "you may not write to it",
                "Run: sudo usermod -aG video $USER, then log in again.",
            ),
            "busy": ("too many programs have it open", "Close some of them."),
            "sending": ("another program sends to it", "Close that program."),
            "claimed": ("another livecam sends to it", "Stop that one, or name another camera."),
            "stuck": (
                "it is stuck: v4l2loopback before 0.15 with exclusive_caps=1 takes a writer only once",
                f"Reload it: {RELOAD}",
            ),
            "size": (
                f"{holder}, not {fmt.width}x{fmt.height}",
                f"Close the programs that use it{canvas}.",
            ),
        }
        why, todo = words.get(fault, ("it does not answer", f"Reload it: {RELOAD}"))
        return UserError(f"virtual camera {path}", why, todo)

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
        self._release()
        self._retry_at = self._clock() + RETRY_SECONDS

    def _release(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def _explain(self, message: str) -> UserError:
        """What is left of pyvirtualcam's own errors: all of Windows and macOS, and races on Linux."""
        if self._platform != "linux":
            start = "click Start Virtual Camera once, then Stop" + (
                " and allow the extension" if self._platform == "darwin" else ""
            )
            return UserError(self.name, message, f"Install OBS Studio, {start}, and close OBS.")
        return UserError(self.name, message, f"Close other programs, or reload it: {RELOAD}")
