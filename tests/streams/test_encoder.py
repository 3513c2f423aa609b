"""The bytes of a stream: readable from any key frame on, nothing held back, frames at their times."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.sinks.streaming.encoder import Encoder

FORMAT = SinkFormat(160, 96, 10)


def frame(number: int, tick: int | None = None) -> OutputFrame:
    """A picture as bright as its number says."""
    pixels = np.full((96, 160, 3), 20 + 5 * number, np.uint8)
    return OutputFrame(pixels, number, round((number if tick is None else tick) * 1e9 / 10))


def decoded(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data)) as film:
        return list(film.decode(video=0))


@pytest.mark.parametrize("container", ["mpegts", "flv"])
def test_every_picture_comes_out_as_it_went_in(container: str) -> None:
    encoder = Encoder(FORMAT, container)
    parts = [encoder.encode(frame(number)) for number in range(25)]
    assert all(parts)  # none is held back for the next
    pictures = decoded(b"".join([*parts, encoder.finish()]))
    assert len(pictures) == 25
    for number, picture in enumerate(pictures):
        assert abs(picture.to_ndarray(format="rgb24").mean() - (20 + 5 * number)) < 3  # of a step of 5
        assert picture.pict_type != av.video.frame.PictureType.B
    assert [number for number, picture in enumerate(pictures) if picture.key_frame] == [0, 10, 20]
    steps = np.diff([float(picture.pts * picture.time_base) for picture in pictures])
    assert steps == pytest.approx(np.full(24, 0.1), abs=0.001)  # FLV counts whole milliseconds


def test_who_comes_in_later_sees_from_the_next_key_frame_on() -> None:
    encoder = Encoder(FORMAT, "mpegts")
    parts = [encoder.encode(frame(number)) for number in range(30)]
    pictures = decoded(b"".join([*parts[5:], encoder.finish()]))
    brightness = [picture.to_ndarray(format="rgb24").mean() for picture in pictures if not picture.is_corrupt]
    assert abs(brightness[-1] - (20 + 5 * 29)) < 3
    assert len(brightness) >= 20  # from the tenth on


def test_skipped_pictures_leave_a_gap_and_times_that_do_not_grow_nothing() -> None:
    encoder = Encoder(FORMAT, "mpegts")
    parts = [encoder.encode(frame(number, tick)) for number, tick in enumerate([3, 4, 4, 2, 7])]
    assert [bool(part) for part in parts] == [True, True, False, False, True]
    pictures = decoded(b"".join([*parts, encoder.finish()]))
    times = [float(picture.pts * picture.time_base) for picture in pictures]
    assert np.diff(times) == pytest.approx([0.1, 0.3])


def test_noise_keeps_to_the_limit_of_the_rate() -> None:
    rng = np.random.default_rng(0)
    encoder = Encoder(FORMAT, "flv")  # which adds next to nothing
    pictures = []
    for number in range(40):
        pixels = rng.integers(0, 256, (12, 20, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        pictures.append(OutputFrame(pixels, number, round(number * 1e9 / 10)))
    parts = [encoder.encode(picture) for picture in pictures]
    limit = 0.15 * 160 * 96 * 10 / 8
    free = Encoder(FORMAT, "flv")
    free._stream.codec_context.options = {
        **free._stream.codec_context.options,
        "maxrate": "0",
        "bufsize": "0",
    }
    assert sum(len(free.encode(picture)) for picture in pictures[10:]) / 3 > 2 * limit
    # From the second on the buffer is used up; a fifth for what one second may take from the next.
    assert sum(map(len, parts[10:])) / 3 < 1.2 * limit
