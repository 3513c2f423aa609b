"""One picture file a frame, numbered as the driver's frames are."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import cv2

from livecam.errors import UserError
from livecam.files import check_target, unwritable, write_whole
from livecam.frames import OutputFrame
from livecam.outputs import NUMBER, TOO_WIDE, split_number
from livecam.sinks.base import ClosingSink, SinkFormat

log = logging.getLogger(__name__)


class FrameFilesSink(ClosingSink):
    """Writes `DIR/%05d.png` (lossless, RGB) or `.jpg` (quality 95) with `OutputFrame.index` as the number.

    The last folder is made where only it is missing. Raises `UserError` for a name without exactly one number
    in it, and for a folder that cannot be written.
    """

    live = False

    def __init__(self, pattern: Path) -> None:
        self.name = str(pattern)
        self._folder, self._pattern = pattern.parent, pattern.name
        around = split_number(self._pattern)
        if around is None and TOO_WIDE.search(self._pattern.replace("%%", "")):
            raise UserError(self.name, "the number is too wide", "Write %05d, or up to %099d.")
        if around is None:
            raise UserError(
                self.name,
                "a picture's name needs one number in it",
                f"Write for example {pattern.with_name('%05d' + pattern.suffix)}, and %% for a percent sign.",
            )
        if NUMBER.search(str(self._folder)) and not self._folder.is_dir():
            raise UserError(self.name, "the number stands in the folder's name", "Put it in the file's name.")
        self._before, self._after = around
        self._suffix = ".png" if pattern.suffix.lower() == ".png" else ".jpg"
        # Level 1 is a quarter faster than 3 for a tenth more bytes.
        self._options = (
            [cv2.IMWRITE_PNG_COMPRESSION, 1] if self._suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, 95]
        )

    def open(self, fmt: SinkFormat) -> None:
        if not self._folder.exists() and self._folder.parent.is_dir():
            try:
                self._folder.mkdir()
            except OSError as error:
                raise unwritable(self._folder, error) from None
        check_target(self._path(0))
        shape = re.escape(self._before) + r"\d+" + re.escape(self._after)
        old = sum(1 for path in self._folder.iterdir() if re.fullmatch(shape, path.name))
        if old:
            log.warning(
                "%s: %d pictures of an earlier run are there; same numbers are replaced", self.name, old
            )

    def write(self, frame: OutputFrame) -> None:
        path = self._path(frame.index)
        # Not cv2.imwrite: it fails without a reason, and on Windows for names outside the code page.
        good, data = cv2.imencode(self._suffix, cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR), self._options)
        if not good:
            raise UserError(str(path), "the picture cannot be encoded", "Choose another ending.")
        try:
            write_whole(path, data.tobytes(), durable=False)
        except OSError as error:
            todo = "The pictures before it are whole. Free space or choose another folder."
            raise unwritable(path, error, todo=todo) from None

    def close(self) -> None: ...

    def _path(self, index: int) -> Path:
        return self._folder / (self._pattern % index)
