"""Pictures to H.264 in a container, with no picture held back."""

from __future__ import annotations

from fractions import Fraction

import av

from livecam.frames import OutputFrame
from livecam.sinks import colours
from livecam.sinks.base import SinkFormat

TICKS = 90_000
"""Timestamps per second, the usual clock of video."""
PRESET = "ultrafast"
"""A picture costs half to five sixths of "superfast", 6 to 7 ms at 1280x720, for 0.3 to 1.8 dB and a quarter
more data; a receiver mostly encodes it again anyway (docs/lab/streams.md)."""
CRF = "21"
"""Constant quality below the limit. A film has 18; six more halve the data (x264's rule), so a third less."""
BITS_PER_PIXEL = 0.15
"""Limit of the rate, for each pixel of each frame: 4.1 Mbit/s for 1280x720 at 30, which is what sites that
take streams ask for at that size."""
BUFFER_SECONDS = 0.5
"""Of that rate: the most that a key frame may be larger than its share."""
KEY_SECONDS = 1.0
"""From one key frame to the next: so long a receiver that comes in waits for its first picture, at most."""
_CONTAINERS = {
    # The length of each picture in front of it: else a receiver waits for the next one to know its end.
    "mpegts": {"omit_video_pes_length": "0", "flush_packets": "1"},
    "flv": {"flvflags": "no_duration_filesize", "flush_packets": "1"},
}


class Encoder:
    """One stream from its beginning: libx264, no B-frames, nothing looked ahead at.

    container: "mpegts" or "flv".
    """

    def __init__(self, fmt: SinkFormat, container: str) -> None:
        self._bytes = _Bytes()
        self._container = av.open(self._bytes, "w", format=container, options=_CONTAINERS[container])
        self._stream = self._container.add_stream("libx264", rate=Fraction(fmt.fps).limit_denominator(1001))
        self._stream.width, self._stream.height, self._stream.pix_fmt = fmt.width, fmt.height, "yuv420p"
        rate = round(BITS_PER_PIXEL * fmt.width * fmt.height * fmt.fps)
        codec = self._stream.codec_context
        codec.time_base = Fraction(1, TICKS)
        codec.thread_count = 1  # more cut the picture into slices, for a few milliseconds less
        codec.options = {
            "preset": PRESET,
            "tune": "zerolatency",
            "bf": "0",
            "crf": CRF,
            "maxrate": str(rate),
            "bufsize": str(round(BUFFER_SECONDS * rate)),
            "g": str(max(round(KEY_SECONDS * fmt.fps), 1)),
            "forced-idr": "1",
        }
        colours.tag(codec)
        self._first_ns: int | None = None
        self._last = -1

    def encode(self, frame: OutputFrame) -> bytes:
        """What the picture adds to the stream. Its time is `capture_ns`, counted from the first one; a
        picture whose time does not grow has none to be shown at, and adds nothing."""
        if self._first_ns is None:
            self._first_ns = frame.capture_ns
        ticks = round((frame.capture_ns - self._first_ns) * TICKS / 1e9)
        if ticks <= self._last:
            return b""
        self._last = ticks
        picture = colours.yuv420(frame.pixels)
        picture.pts, picture.time_base = ticks, Fraction(1, TICKS)
        self._container.mux(self._stream.encode(picture))
        return self._bytes.take()

    def finish(self) -> bytes:
        """What ends the stream. The encoder is closed then."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._bytes.take()


class _Bytes:
    """What a muxer has written, until it is taken. It can go forward only, so nothing is written anew."""

    name = "stream"

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
