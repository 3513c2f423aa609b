"""`livecam demo`: the bundled portrait moved by the bundled clip, side by side with its driver.

The one place where a driver's pixels are written to a file: the driver is the rendered person that comes
with livecam, never a camera.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from livecam import assets, session
from livecam.frames import OutputFrame
from livecam.outputs import check_outputs
from livecam.report import Report
from livecam.settings import Settings
from livecam.sinks import open_sink
from livecam.sinks.base import Sink, SinkFormat
from livecam.sources import open_source
from livecam.sources.base import Source


class SideBySide:
    """A sink that sets every frame beside the driver's frame of the same number."""

    name = "side by side"
    live = False

    def __init__(self, film: Sink, driver: Source) -> None:
        self._film, self._driver = film, driver
        self._left = np.zeros((2, 2, 3), np.uint8)

    def open(self, fmt: SinkFormat) -> None:
        self._height = fmt.height
        info = self._driver.info
        self._width = round(info.width * fmt.height / info.height / 2) * 2
        self._film.open(replace(fmt, width=self._width + fmt.width))

    def write(self, frame: OutputFrame) -> None:
        driver = self._driver.read()
        if driver is not None and driver.pixels is not None:
            self._left = np.asarray(cv2.resize(driver.pixels, (self._width, self._height)), np.uint8)
        self._film.write(replace(frame, pixels=np.hstack([self._left, frame.pixels])))

    def close(self) -> None:
        self._film.close()
        self._driver.close()


def write_film(out: Path, settings: Settings, hooks: session.Hooks | None = None) -> Report:
    """Render the demo to `out`; MediaPipe really tracks the clip."""
    hooks = hooks or session.Hooks()
    driver = str(assets.bundled_file(assets.DRIVER))
    portrait = assets.bundled_file(assets.PORTRAIT)
    check_outputs([out], {"the driver": Path(driver), "the portrait": portrait})
    sink = SideBySide(open_sink(str(out)), open_source(driver))
    request = session.Request(driver=driver)
    return session.run(request, settings, replace(hooks, extra_sinks=(sink,)))
