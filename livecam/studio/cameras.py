"""Which cameras there are, looked for while a run goes on: one that appears is taken where none was there."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final

from livecam import assets
from livecam.control import Choice, Registry
from livecam.errors import UserError
from livecam.sources import open_source
from livecam.sources.base import Source
from livecam.video_devices import VideoDevice, video_devices

log = logging.getLogger(__name__)

DEMO: Final = "demo"
"""The clip that comes with livecam, in place of a camera."""
LOOK_SECONDS: Final = 2.0
"""Between two looks; on Linux one reads a folder, and nowhere is a camera opened for it."""
NUMBERS: Final = 4
"""Cameras that are offered by number where the system does not list them."""


def open_camera(name: str, fps: float | None = None) -> Source:
    """The source that the control names: `DEMO`, or as `--driver` has it."""
    return open_source(assets.bundled_file(assets.DRIVER) if name == DEMO else name, fps=fps)


def real_cameras(devices: Callable[[], Sequence[VideoDevice]] = video_devices) -> list[VideoDevice]:
    """What may be a camera: no virtual ones, and no second node of the same hardware."""
    return [one for one in devices() if not one.virtual and not one.secondary]


def offered(found: Sequence[VideoDevice], chosen: str, platform: str = sys.platform) -> list[Choice]:
    """Choices for the page: any camera, each one that is there, the demo, and what the run began with."""
    if platform == "linux":
        why = "" if found else "There is none: connect one, or see the checks below."
        listed = [Choice(f"camera:{one.number}", one.label or f"Camera {one.number}") for one in found]
    else:
        why, listed = "", [Choice(f"camera:{number}", f"Camera {number}") for number in range(NUMBERS)]
    choices = [Choice("camera", "The first one", why), *listed, Choice(DEMO, "No camera: the demo clip")]
    if chosen not in [one.value for one in choices]:
        choices.append(Choice(chosen, chosen if chosen.startswith("camera") else f"File {chosen}"))
    return choices


class CameraWatch:
    """Looks every two seconds, offers what is there, and tells of news.

    news: called when the cameras have changed. A camera that appears while the demo stands in for one is
    taken.
    """

    def __init__(
        self,
        registry: Registry,
        news: Callable[[], None],
        devices: Callable[[], Sequence[VideoDevice]] = video_devices,
        stands_in: bool = False,
    ) -> None:
        self._registry, self._news, self._devices = registry, news, devices
        self._stands_in = stands_in
        self._ended = threading.Event()
        self._found: list[VideoDevice] | None = None
        self._thread = threading.Thread(target=self._run, name="cameras", daemon=True)

    def start(self) -> None:
        self.look()
        self._thread.start()

    def look(self) -> None:
        """Once."""
        found = real_cameras(self._devices)
        if found == self._found:
            return
        first, self._found = self._found is None, found
        self._registry.offer("camera", offered(found, self._registry.value("camera")))
        if not first:
            self._news()
        if found and self._stands_in and self._registry.value("camera") == DEMO:
            self._stands_in = False
            try:
                self._registry.set("camera", "camera")
            except UserError as error:
                log.warning("%s", error)

    def close(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:
                log.exception("cameras cannot be looked for")
