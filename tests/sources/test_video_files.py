"""Files as a driver that are no films, or have odd names."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from films import (
    HEIGHT,
    WIDTH,
    constant,
    corner_picture,
    write_video,
)

from livecam.errors import UserError
from livecam.sources import open_source
from livecam.sources.video import VideoSource


def audio_only(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def no_frames(path: Path) -> None:
    """A Matroska header that promises a video track, and no frames after it."""
    write_video(path, constant(2))
    with av.open(str(path)) as container:
        codec = container.streams.video[0]
        with av.open(str(path) + ".part", "w", format="matroska") as out:
            out.add_stream_from_template(codec)
            out.start_encoding()
    Path(str(path) + ".part").replace(path)


def still_picture(path: Path) -> None:
    import cv2

    path.write_bytes(cv2.imencode(".png", corner_picture())[1].tobytes())


def all_damaged(path: Path) -> None:
    write_video(path, constant(3))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start : data.index(b"moov") - 4] = b"\xff" * (data.index(b"moov") - 4 - start)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("this is not a video\n" * 200), "not a video"),
        (lambda path: path.write_bytes(bytes(range(256)) * 100), "not a video"),
        (audio_only, "no video stream"),
        (no_frames, "no video frame"),
        (still_picture, "still picture"),
        (all_damaged, "can be decoded"),
    ],
    ids=["missing", "folder", "empty", "text", "bytes", "audio only", "no frames", "picture", "all damaged"],
)
def test_unusable_files_say_why(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    path = tmp_path / "driver.mp4"
    make(path)
    with pytest.raises(UserError) as error:
        open_source(str(path))
    assert why in error.value.why
    assert "driver.mp4" in error.value.what
    assert error.value.todo
    assert "\n" not in str(error.value)


def test_wide_pictures_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", constant(1), size=(8208, 16))
    with pytest.raises(UserError, match=r"8208x16, more than 8192"):
        VideoSource(path)


def test_large_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", constant(1))
    monkeypatch.setattr("livecam.sources.video.MAX_PIXELS", WIDTH * HEIGHT)
    VideoSource(path).close()
    monkeypatch.setattr("livecam.sources.video.MAX_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(UserError, match=r"64x48, more than"):
        VideoSource(path)


def test_playlists_do_not_reach_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        path = tmp_path / "list.m3u8"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(UserError):
            open_source(str(path))
        with pytest.raises(TimeoutError):
            server.accept()


def test_addresses_are_not_opened() -> None:
    with pytest.raises(UserError, match="no such file"):
        open_source("http://127.0.0.1:9/a.mp4")


NAMES = [
    "12:30:45.mp4",
    "http:a.mp4",
    "concat:b.mp4",
    "-i.mp4",
    "100%.mp4",
    "%05d.mp4",
    "a b\nc.mp4",
    "\u00e4\u30c6.mp4",
]


@pytest.mark.skipif(sys.platform == "win32", reason="some of these names are not legal there")
@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_video(tmp_path / "plain.mp4", constant(2)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for source in (open_source(name), VideoSource(Path(name))):
        with source:
            assert source.info.frames == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_no_text_will_do(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    write_video(tmp_path / "plain.mp4", constant(2)).rename(path)
    with open_source(str(path)) as source:
        assert source.info.frames == 2
