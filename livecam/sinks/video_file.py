"""An H.264 video file that every browser plays."""

from __future__ import annotations

import contextlib
import logging
import threading
from fractions import Fraction
from pathlib import Path

import av
import av.error

from livecam.errors import UserError
from livecam.files import WRITTEN_VIDEOS, GrowingFile, finish, keep_cut_short, unwritable
from livecam.frames import OutputFrame
from livecam.sinks import colours
from livecam.sinks.base import ClosingSink, SinkFormat
from livecam.sinks.containers import has_picture, remux, whole_fragments

log = logging.getLogger(__name__)

TICKS = 90_000
"""Timestamps per second, the usual clock of video."""
CRF = "18"
"""Constant quality: 18 is taken for visually lossless."""
PRESET = "veryfast"
THREADS = 2
_FRAGMENTS = {"movflags": "+empty_moov+default_base_moof", "frag_duration": "400000"}
"""Microseconds of film in a fragment. It need not begin with a key frame: nobody seeks in a part."""
_CLUSTERS = {"cluster_time_limit": "400"}
"""The same of Matroska, in milliseconds."""


class VideoFileSink(ClosingSink):
    """Writes `path` (.mp4, .mov or .mkv): libx264, yuv420p, the frames' own times.

    The file gets its name on `close`; until then it is `NAME.part.mp4` beside it, and an older file stays.
    That part plays at any time, up to the last second: a killed run loses no more. It is written in
    fragments, which some editors do not read; `close` copies them, not encoded again, into an ordinary file
    that starts to play at once. That takes the film's size on the disk once more for a moment; where there
    is no room the fragments keep the name. (Matroska is one form for both and needs no copy.)

    Times are the frames' `capture_ns` from the first one on, so a variable rate is kept; a frame whose time
    does not grow follows its predecessor by 1 / fps. For colours see `livecam.sinks.colours`.

    `open` raises `UserError` for an odd size or a folder that cannot be written. `write` and `close` raise it
    for a full disk: what was recorded until then is finished, plays, and is named in the message.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._file: GrowingFile | None = None
        self._container: av.container.OutputContainer | None = None
        self._lock = threading.Lock()  # a live run's thread may still write as the run is closed

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
        suffix = self._path.suffix.lower()
        self._file = GrowingFile(self._path)
        container = av.open(
            self._file,
            "w",
            format=WRITTEN_VIDEOS[suffix],
            options={"flush_packets": "1", **(_CLUSTERS if suffix == ".mkv" else _FRAGMENTS)},
        )
        stream = container.add_stream("libx264", rate=Fraction(fmt.fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = fmt.width, fmt.height, "yuv420p"
        codec = stream.codec_context
        codec.time_base = Fraction(1, TICKS)
        codec.thread_count = THREADS
        # No B-frames: with them MP4 miscounts the length of a clip whose rate varies, and players stop early.
        codec.options = {"crf": CRF, "preset": PRESET, "bf": "0", "rc-lookahead": str(_lookahead(fmt.fps))}
        colours.tag(codec)
        self._container, self._stream = container, stream

    def write(self, frame: OutputFrame) -> None:
        if frame.pixels.shape != getattr(self, "_size", frame.pixels.shape):
            raise ValueError(f"the frame is {frame.pixels.shape}, not {self._size}")
        picture = colours.yuv420(frame.pixels)
        with self._lock:
            if self._container is None:
                raise ValueError("the sink is not open")
            picture.pts, picture.time_base = self._timestamp(frame.capture_ns), Fraction(1, TICKS)
            picture.duration = self._step  # counts for the last frame only
            try:
                self._container.mux(self._stream.encode(picture))
            except (av.error.FFmpegError, OSError) as error:
                raise self._cut_short(error) from None

    def close(self) -> None:
        with self._lock:
            if self._container is None or self._file is None:
                return
            if self._first_ns is None:
                log.warning("%s: no frame came, so no file was written", self.name)
                self._abandon()
                self._file.discard()
                return
            try:
                self._container.mux(self._stream.encode(None))
                self._container.close()
            except (av.error.FFmpegError, OSError) as error:
                raise self._cut_short(error) from None
            self._container = None
            self._file.close()
            if self._path.suffix.lower() != ".mkv" and remux(self._file.part, self._path):
                self._file.discard()
            else:
                finish(self._file.part, self._path)

    def _timestamp(self, capture_ns: int) -> int:
        if self._first_ns is None:
            self._first_ns = capture_ns
        ticks = round((capture_ns - self._first_ns) * TICKS / 1e9)
        self._last = ticks if ticks > self._last else self._last + self._step
        return self._last

    def _cut_short(self, error: Exception) -> UserError:
        """Finish what is there after a failed write; the error that says where it lies."""
        assert self._file is not None
        self._abandon()
        if self._path.suffix.lower() != ".mkv":
            with contextlib.suppress(OSError):
                self._file.truncate(whole_fragments(self._file.part))
        self._file.close()
        todo = "Free space or choose another folder."
        if has_picture(self._file.part):
            where = keep_cut_short(self._file.part, self._path)
            todo = f"What was recorded until then is {where} and plays. {todo}"
        else:
            self._file.discard()
        if isinstance(error, OSError):
            return unwritable(self._path, error, todo=todo)
        why = getattr(error, "strerror", None) or str(error)
        return UserError(self.name, f"encoding failed ({why})", todo)

    def _abandon(self) -> None:
        if self._container is not None:
            try:
                self._container.close()
            except (av.error.FFmpegError, OSError):
                log.debug("%s: could not be closed", self.name, exc_info=True)
            self._container = None


def _lookahead(fps: float) -> int:
    """Frames that x264 holds back: 10 are its preset's, and at most a third of a second."""
    return max(min(round(fps / 3), 10), 1)
