"""Video files as the driver. Every input is made here; colours name the corners of a picture."""

from __future__ import annotations

import gc
import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import (
    CORNERS,
    FPS,
    HEIGHT,
    WIDTH,
    constant,
    corner_names,
    corner_picture,
    grey_level,
    packet_places,
    read_all,
    set_display_matrix,
    write_video,
)

from livecam.sources import open_source
from livecam.sources.video import VideoSource, _FrameClock, squared


def test_every_frame_once_in_order(tmp_path: Path) -> None:
    # B-frames, so that decoding order and display order differ.
    path = write_video(tmp_path / "a.mp4", constant(12), options={"bf": "3", "x264-params": "b-adapt=0"})
    with VideoSource(path) as source:
        frames = read_all(source)
        assert source.read() is None
    assert [frame.index for frame in frames] == list(range(12))
    levels = [frame.pixels.mean() for frame in frames]
    # Grey survives H.264 to within 2 levels; neighbours are 15 apart.
    assert np.allclose(levels, [grey_level(index) for index in range(12)], atol=3)
    assert [frame.capture_ns for frame in frames] == [round(1e9 * index / FPS) for index in range(12)]
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT)}


def test_frames_stay_as_they_were(tmp_path: Path) -> None:
    """A decoder that reuses its memory must not reach into frames already given."""
    path = write_video(tmp_path / "a.mp4", constant(12))
    with VideoSource(path) as source:
        first = source.read()
        kept = first.pixels.copy()
        read_all(source)
    assert np.array_equal(first.pixels, kept)
    assert first.pixels.dtype == np.uint8
    assert first.pixels.flags.c_contiguous


def test_memory_of_past_frames_is_freed_at_once(tmp_path: Path) -> None:
    """Not when the cycle collector comes by: at 1080p that is hundreds of megabytes later."""
    path = write_video(tmp_path / "a.mp4", constant(12))
    gc.collect()
    gc.disable()
    try:
        before = frames_alive()  # what other tests have left open is not ours
        with VideoSource(path) as source:
            read_all(source)
        kept = frames_alive() - before
    finally:
        gc.enable()
    # The first frame's display matrix was looked at, which keeps that one.
    assert kept <= 1


def frames_alive() -> int:
    return sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())


def test_info(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a clip.mp4", constant(10))
    with open_source(str(path)) as source:
        info = source.info
    assert (info.name, info.width, info.height, info.fps) == ("a clip.mp4", WIDTH, HEIGHT, FPS)
    assert (info.live, info.mirror, info.frames) == (False, False, 10)
    assert "h264" in info.detail


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_variable_frame_rate(tmp_path: Path, suffix: str) -> None:
    times = [0.0, 0.04, 0.12, 0.16, 0.52, 0.6]
    path = write_video(tmp_path / f"a.{suffix}", times)
    with VideoSource(path) as source:
        got = [frame.capture_ns / 1e9 for frame in read_all(source)]
    # Matroska counts in whole milliseconds.
    assert np.allclose(got, times, atol=0.0006)


def test_times_start_at_zero(tmp_path: Path) -> None:
    path = write_video(tmp_path / "late.mkv", [5 + time for time in constant(4)])
    with VideoSource(path) as source:
        assert [frame.capture_ns for frame in read_all(source)] == [0, 40_000_000, 80_000_000, 120_000_000]


def test_clock_mends_missing_repeated_and_backward_times() -> None:
    clock = _FrameClock(fps=25)
    raw = [
        Fraction(2),
        None,
        Fraction(52, 25),
        Fraction(52, 25),
        Fraction(53, 25),
        Fraction(1),
        Fraction(26, 25),
    ]
    times = [clock.next(time) for time in raw]
    assert [time // 1_000_000 for time in times] == [0, 40, 80, 120, 160, 200, 240]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Fraction(2), (2 * WIDTH, HEIGHT)),
        (Fraction(64, 45), (91, HEIGHT)),  # PAL in 16:9
        (Fraction(1, 2), (WIDTH, 2 * HEIGHT)),
        (Fraction(1), (WIDTH, HEIGHT)),
        (Fraction(1279, 1280), (WIDTH, HEIGHT)),
        (Fraction(1, 1000), (WIDTH, HEIGHT)),
        (Fraction(255, 1), (WIDTH, HEIGHT)),
    ],
    ids=str,
)
def test_pixels_are_square(tmp_path: Path, suffix: str, aspect: Fraction, size: tuple[int, int]) -> None:
    """Neither side loses any."""
    path = write_video(
        tmp_path / f"a.{suffix}", constant(5), picture=lambda _: corner_picture(), aspect=aspect
    )
    with VideoSource(path) as source:
        frame, info = source.read(), source.info
    assert (frame.width, frame.height) == (info.width, info.height) == size
    assert frame.pixels.shape == (size[1], size[0], 3)
    assert corner_names(frame.pixels) == list(CORNERS)


def test_pixels_are_made_square_before_the_picture_is_turned(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mp4", constant(2), picture=lambda _: corner_picture(), aspect=Fraction(2)
    )
    set_display_matrix(path, (0, 1, -1, 0))
    with VideoSource(path) as source:
        frame, info = source.read(), source.info
    assert (frame.width, frame.height) == (info.width, info.height) == (HEIGHT, 2 * WIDTH)
    assert corner_names(frame.pixels) == MATRICES[(0, 1, -1, 0)]


def test_the_container_knows_better_than_the_coded_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", constant(3), aspect=Fraction(1, 2))
    data = bytearray(path.read_bytes())
    at = data.index(b"pasp") + 4
    data[at : at + 8] = (3).to_bytes(4, "big") + (2).to_bytes(4, "big")
    path.write_bytes(data)
    with VideoSource(path) as source:
        assert {(frame.width, frame.height) for frame in read_all(source)} == {(3 * WIDTH // 2, HEIGHT)}


def test_a_broadcast_may_change_its_pixels_on_the_way(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f"{k}.ts", [k + t for t in constant(5)], aspect=a, options={"bf": "0"})
        for k, a in enumerate((Fraction(1), Fraction(2)))
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with VideoSource(path) as source:
        assert [frame.width for frame in read_all(source)] == [WIDTH] * 5 + [2 * WIDTH] * 5


def test_where_a_side_may_not_grow_the_other_one_shrinks() -> None:
    assert squared(5000, 3000, Fraction(2)) == (5000, 1500)
    assert squared(3000, 5000, Fraction(1, 2)) == (1500, 5000)
    assert squared(8000, 7900, Fraction(3, 2)) == (8000, 5267)  # too many pixels in all


@pytest.mark.parametrize("aspect", [None, Fraction(0)])
def test_pixels_of_which_nothing_is_said_are_square(aspect: Fraction | None) -> None:
    assert squared(640, 480, aspect) == (640, 480)


# a, b, c, d of the display matrix, and where the corners (top left, top right, bottom left, bottom right)
# then come from: x' = a x + c y, y' = b x + d y.


MATRICES = {
    (1, 0, 0, 1): ["red", "green", "blue", "black"],
    (0, 1, -1, 0): ["blue", "red", "black", "green"],  # a quarter turn clockwise: a phone held upright
    (-1, 0, 0, -1): ["black", "blue", "green", "red"],
    (0, -1, 1, 0): ["green", "black", "red", "blue"],
    (-1, 0, 0, 1): ["green", "red", "black", "blue"],
    (1, 0, 0, -1): ["blue", "black", "red", "green"],
    (0, 1, 1, 0): ["red", "blue", "green", "black"],
    (0, -1, -1, 0): ["black", "green", "blue", "red"],
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_turned_upright(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    path = write_video(tmp_path / "phone.mp4", constant(2), picture=lambda _: corner_picture())
    set_display_matrix(path, matrix)
    with VideoSource(path) as source:
        frame = source.read()
        info = source.info
    assert corner_names(frame.pixels) == MATRICES[matrix]
    size = (HEIGHT, WIDTH) if matrix[0] == 0 else (WIDTH, HEIGHT)
    assert (frame.width, frame.height) == size == (info.width, info.height)
    assert frame.pixels.shape == (size[1], size[0], 3)
    assert frame.pixels.flags.c_contiguous


@pytest.mark.parametrize("matrix", [1, 5], ids=["BT.709", "BT.601"])
@pytest.mark.parametrize("range_", [1, 2], ids=["limited", "full"])
def test_colours_follow_the_file_s_tags(tmp_path: Path, matrix: int, range_: int) -> None:
    path = write_video(
        tmp_path / "a.mp4",
        constant(2),
        picture=lambda _: corner_picture(),
        options={"crf": "1"},
        color=(matrix, range_),
    )
    with VideoSource(path) as source:
        pixels = source.read().pixels
    for name, (y, x) in {"red": (10, 10), "green": (10, 54), "blue": (38, 10)}.items():
        # Rounding to 8-bit YUV and back costs up to 3 levels; a wrong matrix or range costs 15 or more.
        assert np.abs(pixels[y, x].astype(int) - CORNERS[name]).max() <= 4


def test_rewind_gives_the_same_again(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [1 + time for time in constant(6)], options={"bf": "2"})
    with VideoSource(path) as source:
        source.read(), source.read()
        source.rewind()
        first = read_all(source)
        source.rewind()
        second = read_all(source)
    assert [(f.index, f.capture_ns) for f in first] == [(i, 40_000_000 * i) for i in range(6)]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True))


def test_close_twice(tmp_path: Path) -> None:
    source = VideoSource(write_video(tmp_path / "a.mp4", constant(2)))
    source.close()
    source.close()
    assert source.read() is None


def test_damaged_packets_are_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # Key frames only: each frame stands alone, so exactly the damaged ones are lost.
    path = write_video(tmp_path / "a.avi", constant(10), options={"g": "1"})
    data = bytearray(path.read_bytes())
    for at, size in packet_places(path)[3:5]:
        data[at + 8 : at + 8 + size] = b"\xff" * size
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING), VideoSource(path) as source:
        frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(8))
    levels = [frame.pixels.mean() for frame in frames]
    assert np.allclose(levels, [grey_level(i) for i in range(10) if i not in (3, 4)], atol=3)
    assert "skipped a damaged packet" in caplog.text
    assert "2 damaged packets" in caplog.text


def test_truncated_file_gives_what_is_left(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", constant(14), options={"g": "1"})
    path.write_bytes(path.read_bytes()[: packet_places(path)[8][0]])
    with VideoSource(path) as source:
        frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(8))
