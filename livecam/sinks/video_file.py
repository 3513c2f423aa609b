"""An H.264 video file that every browser plays."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from livecam.errors import UserError
from livecam.files import create_part, ffmpeg_name, finish, unwritable
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat

log = logging.getLogger(__name__)

TICKS = 90_000
"""Timestamps per second, the usual clock of video."""
CRF = "18"
"""Constant quality: 18 is taken for visually lossless."""
PRESET = "veryfast"
THREADS = 2
_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}


class VideoFileSink:
    """Writes `path` (.mp4, .mov or .mkv): libx264, yuv420p, the frames' own times.

    The file gets its name on `close`; until then it is a hidden `.part` beside it, and an older file stays. A
    run that was interrupted still ends in a playable file, as long as `close` is called.

    Times are the frames' `capture_ns` from the first one on, so a variable rate is kept; a frame whose time
    does not grow follows its predecessor by 1 / fps. Colours are BT.601 and tagged so: the matrix that
    programs which ignore the tag assume, OpenCV among them.

    `open` raises `UserError` for an odd size or a folder that cannot be written, `write` and `close` for a
    full disk.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._part: Path | None = None
        self._container: av.container.OutputContainer | None = None

    def open(self, fmt: SinkFormat) -> None:
        if fmt.width % 2 or fmt.height % 2:
            raise UserError(
                self.name,
                f"{fmt.width}x{fmt.height} has an odd side, which H.264 cannot store",
                "Choose an even size, for example --canvas 1280x720.",
            )
        self._size = (fmt.height, fmt.width, 3)
        self._step = max(round(TICKS / fmt.fps), 1)
        self._first_ns: int | None = None
        self._last = -1
        self._part = create_part(self._path)
        container = av.open(
            ffmpeg_name(self._part),
            "w",
            format=_CONTAINERS[self._path.suffix.lower()],
            options={"movflags": "+faststart"} if self._path.suffix.lower() != ".mkv" else {},
        )
        stream = container.add_stream("libx264", rate=Fraction(fmt.fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = fmt.width, fmt.height, "yuv420p"
        codec = stream.codec_context
        codec.time_base = Fraction(1, TICKS)
        codec.thread_count = THREADS
        # No B-frames: with them MP4 miscounts the length of a clip whose rate varies, and players stop early.
        codec.options = {"crf": CRF, "preset": PRESET, "bf": "0"}
        codec.colorspace = 6  # AVCOL_SPC_SMPTE170M, the matrix of BT.601
        codec.color_range = ColorRange.MPEG
        codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._container, self._stream = container, stream

    def write(self, frame: OutputFrame) -> None:
        if self._container is None:
            raise ValueError("the sink is not open")
        if frame.pixels.shape != self._size:
            raise ValueError(f"the frame is {frame.pixels.shape}, not {self._size}")
        # BT.601, limited range, as the tags say; a quarter of swscale's time for the same accuracy.
        yuv = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2YUV_I420)
        picture = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        picture.pts, picture.time_base = self._timestamp(frame.capture_ns), Fraction(1, TICKS)
        picture.duration = self._step  # counts for the last frame only
        try:
            self._container.mux(self._stream.encode(picture))
        except av.error.FFmpegError as error:
            self._discard()
            raise _failed(self._path, error) from None

    def close(self) -> None:
        if self._container is None or self._part is None:
            return
        if self._first_ns is None:
            log.warning("%s: no frame came, so no file was written", self.name)
            self._discard()
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except av.error.FFmpegError as error:
            self._discard()
            raise _failed(self._path, error) from None
        self._container = None
        finish(self._part, self._path)
        self._part = None

    def _timestamp(self, capture_ns: int) -> int:
        if self._first_ns is None:
            self._first_ns = capture_ns
        ticks = round((capture_ns - self._first_ns) * TICKS / 1e9)
        self._last = ticks if ticks > self._last else self._last + self._step
        return self._last

    def _discard(self) -> None:
        if self._container is not None:
            try:
                self._container.close()
            except av.error.FFmpegError:
                log.debug("%s: could not be closed", self.name, exc_info=True)
            self._container = None
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None


def _failed(path: Path, error: av.error.FFmpegError) -> UserError:
    if isinstance(error, OSError):
        return unwritable(path, error)
    return UserError(str(path), f"encoding failed ({error.strerror})", "Try another name or ending.")
