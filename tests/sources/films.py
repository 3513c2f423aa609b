"""Films made for tests; colours name the corners of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from livecam.sources.video import VideoSource

WIDTH, HEIGHT, FPS = 64, 48, 25


CORNERS = {"red": (250, 20, 20), "green": (20, 250, 20), "blue": (20, 20, 250), "black": (0, 0, 0)}


def corner_picture(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Red top left, green top right, blue bottom left, black bottom right."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = CORNERS["red"]
    picture[: height // 2, width // 2 :] = CORNERS["green"]
    picture[height // 2 :, : width // 2] = CORNERS["blue"]
    return picture


def corner_names(picture: np.ndarray) -> list[str]:
    height, width = picture.shape[:2]
    points = [(height // 5, width // 5), (height // 5, width * 4 // 5)]
    points += [(height * 4 // 5, width // 5), (height * 4 // 5, width * 4 // 5)]

    def nearest(pixel: np.ndarray) -> str:
        return min(CORNERS, key=lambda name: int(np.abs(pixel.astype(int) - CORNERS[name]).sum()))

    return [nearest(picture[y, x]) for y, x in points]


def grey_level(index: int) -> int:
    return 40 + 15 * index


def write_video(
    path: Path,
    times: Sequence[float],
    *,
    picture: Callable[[int], np.ndarray] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    container: str | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    color: tuple[int, int] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Frames of one grey level each (or `picture(i)`) at `times` in seconds; colour is (matrix, range),
    `aspect` a pixel's width by its height."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        stream.codec_context.options = options or {}
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if color:
            stream.codec_context.colorspace, stream.codec_context.color_range = color
        for index, time in enumerate(times):
            if picture is None:
                pixels = np.full((size[1], size[0], 3), grey_level(index), np.uint8)
            else:
                pixels = picture(index)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if color:
                frame = frame.reformat(format="yuv420p", dst_colorspace=color[0], dst_color_range=color[1])
            frame.pts, frame.time_base = round(time * 90_000), Fraction(1, 90_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def constant(count: int) -> list[float]:
    return [index / FPS for index in range(count)]


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write a, b, c, d into the MP4's track header, as a phone does."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    whole = np.array([matrix[0], matrix[1], 0, matrix[2], matrix[3], 0, 0, 0, 0], np.int64) * 65536
    whole[8] = 1 << 30
    data[at : at + 36] = whole.astype(">i4").tobytes()
    path.write_bytes(data)


def packet_places(path: Path) -> list[tuple[int, int]]:
    """Where each coded frame lies in the file, and its size in bytes."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def read_all(source: VideoSource) -> list:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames
