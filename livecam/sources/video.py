"""A video file as the driver: every frame once, in order, at the times the file itself gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import av.error
import av.stream
import numpy as np

from livecam.errors import UserError
from livecam.files import ffmpeg_name
from livecam.frames import RGB, DriverFrame
from livecam.sources.base import SourceInfo

log = logging.getLogger(__name__)

MAX_SIDE = 8192
MAX_PIXELS = 64_000_000
"""Larger pictures are refused: one RGB frame alone would take more than 190 MB."""
FALLBACK_FPS = 30.0
Matrix = tuple[int, int, int, int]
WIDEST_PIXEL: Final = 4
"""Times as wide as high, or as high as wide: half-D1 PAL in 16:9, the most that is in use, has 2.91. More
than that is a damaged header."""
NEARLY_SQUARE: Final = 0.01
"""Converters that round sizes leave ratios such as 1279:1280; a face is none the wider for it."""
_SECOND_THREAD_FROM = 1_000_000
"""Pixels per frame from which a second decoding thread is worth its memory."""


class VideoSource:
    """Decodes the first video stream of `path` (any container and codec FFmpeg knows) to RGB.

    With square pixels, then turned upright by the file's display matrix. Nothing but the file itself is
    opened: playlists that name other hosts fail. Raises `UserError` where no frame can be had.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = path.name
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._pending: av.VideoFrame | None = None
        self._skipped = 0
        self._index = 0
        self._matrix: Matrix | None = None
        self._aspect = _PixelAspect()
        self._clock = _FrameClock(FALLBACK_FPS)
        self.info = self._open()

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def read(self) -> DriverFrame | None:
        frame, self._pending = self._pending, None
        if frame is None:
            frame = next(self._frames, None)
        if frame is None:
            return None
        self._check_size(frame.width, frame.height)
        width, height = squared(frame.width, frame.height, self._aspect.now())
        # One thread: swscale's own choice of threads costs half as much again in CPU time.
        pixels = cast(RGB, frame.to_ndarray(format="rgb24", width=width, height=height, threads=1))
        pixels = upright(pixels, self._matrix)
        height, width = pixels.shape[:2]
        seconds = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
        result = DriverFrame(
            index=self._index,
            capture_ns=self._clock.next(seconds),
            width=width,
            height=height,
            pixels=pixels,
        )
        self._index += 1
        return result

    def rewind(self) -> None:
        """Opens the file again: exact in every container, where seeking to 0 is not."""
        self.close()
        self.info = self._open()

    def close(self) -> None:
        self._frames, self._pending, self._aspect = iter(()), None, _PixelAspect()
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self) -> SourceInfo:
        try:
            # No other protocol: a playlist must not make us read from the network.
            self._container = av.open(ffmpeg_name(self._path), options={"protocol_whitelist": "file"})
            stream = self._pick_stream(self._container)
            self._check_size(stream.codec_context.width, stream.codec_context.height)
            pixels = stream.codec_context.width * stream.codec_context.height
            stream.thread_type = "AUTO" if pixels >= _SECOND_THREAD_FROM else "NONE"
            stream.codec_context.thread_count = 2 if pixels >= _SECOND_THREAD_FROM else 1
            # Holds for sizes that only the coded data tells, before memory for them is asked for.
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            fps = _frame_rate(stream)
            self._clock = _FrameClock(fps)
            self._index = self._skipped = 0
            self._aspect = _PixelAspect(stream)
            self._frames = self._decode(self._container, stream)
            self._pending = next(self._frames, None)
        except av.error.FFmpegError as error:
            self.close()
            raise self._unusable(_reason(error)) from None
        except UserError:
            self.close()
            raise
        if self._pending is None:
            self.close()
            raise self._unusable(
                f"none of its {self._skipped} video packets can be decoded"
                if self._skipped
                else "it holds no video frame"
            )
        # Once a file: a frame whose side data was looked at lives on until Python's cycle collector runs.
        self._matrix = _display_matrix(self._pending)
        width, height = squared(self._pending.width, self._pending.height, self._aspect.now())
        if self._matrix is not None and _swaps_axes(self._matrix):
            width, height = height, width
        return SourceInfo(
            name=self._name,
            width=width,
            height=height,
            fps=fps,
            live=False,
            frames=stream.frames or None,
            detail=f"{stream.codec_context.name}, {self._pending.format.name}",
        )

    def _pick_stream(self, container: av.container.InputContainer) -> av.VideoStream:
        kind = container.format.name
        if kind == "image2" or kind.endswith("_pipe"):
            raise self._unusable("it is a still picture, not a video")
        for stream in container.streams.video:
            # Cover art of a music file counts as a video stream for FFmpeg, not for us.
            if not stream.disposition & av.stream.Disposition.attached_pic:
                if stream.codec_context is None:
                    raise self._unusable("its codec is not supported")
                return stream
        raise self._unusable("it holds no video stream")

    def _decode(
        self, container: av.container.InputContainer, stream: av.VideoStream
    ) -> Iterator[av.VideoFrame]:
        """Frames in display order; packets that cannot be decoded are skipped and logged."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.error.FFmpegError as error:
                log.warning("%s: the file ends early (%s)", self._name, _reason(error))
                break
            try:
                yield from packet.decode()
            except av.error.EOFError:
                break
            except av.error.FFmpegError as error:
                self._skipped += 1
                level = logging.WARNING if self._skipped == 1 else logging.DEBUG
                log.log(level, "%s: skipped a damaged packet (%s)", self._name, _reason(error))
        if self._skipped > 1:
            log.warning("%s: skipped %d damaged packets in all", self._name, self._skipped)

    def _check_size(self, width: int, height: int) -> None:
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise UserError(
                self._name,
                f"its picture is {width}x{height}, more than {MAX_SIDE} pixels a side or 64 megapixels",
                "Scale it down first, for example to 1280 pixels wide.",
            )

    def _unusable(self, why: str) -> UserError:
        return UserError(self._name, why, "Give a video file such as MP4, MOV, MKV or WebM.")


class _PixelAspect:
    """How many times as wide as high a stream's pixels are: what the container says, else the coded frames,
    which may change it on the way (broadcasts go from 4:3 to 16:9)."""

    def __init__(self, stream: av.VideoStream | None = None) -> None:
        self._codec = None if stream is None else stream.codec_context
        self._container: Fraction | None = None
        if stream is not None and stream.sample_aspect_ratio != stream.codec_context.sample_aspect_ratio:
            self._container = stream.sample_aspect_ratio

    def now(self) -> Fraction | None:
        """As of the frame that was decoded last; None where nobody says."""
        if self._container or self._codec is None:
            return self._container
        return self._codec.sample_aspect_ratio


class _FrameClock:
    """Turns a file's timestamps into nanoseconds that start at 0 and always grow.

    A missing, repeated or backward timestamp gets the nominal distance from the frame before, and all
    later ones keep that shift, so that every frame lasts a while.
    """

    def __init__(self, fps: float) -> None:
        self._step = round(1e9 / fps)
        self._previous: int | None = None
        self._origin = 0

    def next(self, seconds: Fraction | None) -> int:
        raw = None if seconds is None else round(seconds * 1_000_000_000)
        if self._previous is None:
            self._origin = raw or 0
            self._previous = 0
            return 0
        expected = self._previous + self._step
        if raw is None:
            self._previous = expected
        else:
            if raw - self._origin <= self._previous:
                self._origin = raw - expected
            self._previous = raw - self._origin
        return self._previous


def squared(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size at which a picture of `width` x `height` coded pixels has square ones.

    The side that is too short grows, so that nothing is lost; where that would be more than is read, the
    other one shrinks. `aspect`: width of a pixel by its height; None, 0 and what cannot be are taken for 1.
    """
    if not aspect or not Fraction(1, WIDEST_PIXEL) <= aspect <= WIDEST_PIXEL:
        return width, height
    if abs(aspect - 1) < NEARLY_SQUARE:
        return width, height
    grown = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    if max(grown) <= MAX_SIDE and grown[0] * grown[1] <= MAX_PIXELS:
        return grown
    shrunk = (width, round(height / aspect)) if aspect > 1 else (round(width * aspect), height)
    return max(shrunk[0], 1), max(shrunk[1], 1)


def upright(pixels: RGB, matrix: Matrix | None) -> RGB:
    """Turn a picture (H x W x 3, RGB) by the nearest of the eight right-angled display matrices.

    `matrix` is a, b, c, d of ISO/IEC 14496-12, 6.2.2: x' = a x + c y and y' = b x + d y.
    """
    if matrix is None:
        return pixels
    a, b, c, d = matrix
    if _swaps_axes(matrix):
        pixels = pixels.swapaxes(0, 1)
        flip_x, flip_y = c < 0, b < 0
    else:
        flip_x, flip_y = a < 0, d < 0
    return np.ascontiguousarray(pixels[:: -1 if flip_y else 1, :: -1 if flip_x else 1])


def _swaps_axes(matrix: Matrix) -> bool:
    a, b, c, d = matrix
    return abs(b) + abs(c) > abs(a) + abs(d)


def _display_matrix(frame: av.VideoFrame) -> Matrix | None:
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return None
    # Nine int32 in native byte order, row by row; the third column is the projective part.
    values = np.frombuffer(bytes(data), np.int32)
    return (int(values[0]), int(values[1]), int(values[3]), int(values[4]))


def _frame_rate(stream: av.VideoStream) -> float:
    """The average rate; files that give none, or a clock's rate (WebM's 1000), get a plausible one."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and 1 <= rate <= 240:
            return float(rate)
    return FALLBACK_FPS


def _reason(error: av.error.FFmpegError) -> str:
    if isinstance(error, av.error.InvalidDataError):
        return "it is not a video FFmpeg can read, or it is damaged"
    if isinstance(error, av.error.EOFError):
        return "it holds no video frame"
    if isinstance(error, av.error.DecoderNotFoundError):
        return "its codec is not supported"
    return str(error.strerror or error).lower()
