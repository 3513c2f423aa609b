"""Motion JPEG: who is let in, an address that lasts, and readers of every kind, slow ones among them."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import pytest

from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat, file_of, open_sink
from livecam.sinks.http import PORT, HttpSink
from livecam.web import motion_jpeg
from livecam.web.lasting import kept_token
from livecam.web.motion_jpeg import MotionJpeg

PATIENCE = 60
"""Seconds for what takes a moment: the machine may be busy."""


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[MotionJpeg]:
    served = MotionJpeg(HttpSink(0), tmp_path / "token")
    with served:
        served.sink.open(SinkFormat(320, 160, 30))
        yield served


@pytest.fixture
def writer(stream: MotionJpeg) -> Iterator[None]:
    """Somebody who writes as a run does. Every picture has its number in its grey, and noise, so that it has
    some size."""
    done = threading.Event()
    noise = np.random.default_rng(0).integers(0, 60, (160, 320, 3), np.uint8)

    def write() -> None:
        number = 0
        while not done.wait(0.005):
            number += 1
            stream.sink.write(OutputFrame(noise + number % 150, number, 0))

    thread = threading.Thread(target=write)
    thread.start()
    yield
    done.set()
    thread.join()


def get(url: str, **options: object) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=PATIENCE, **options)


def test_the_sink_that_is_named() -> None:
    assert [open_sink(spec).port for spec in ("http", "http:9000", "http:0")] == [None, 9000, 0]  # type: ignore[attr-defined]
    assert open_sink("http").live
    assert file_of("http") is file_of("http:9000") is None


def test_the_address_is_as_it_is_said_to_be(stream: MotionJpeg) -> None:
    parts = urlsplit(stream.url)
    assert parts.hostname == "127.0.0.1"
    assert parts.path.endswith("/stream.mjpg")
    assert len(parts.path.split("/")[1]) >= 32


def test_a_plain_client_reads_parts(stream: MotionJpeg, writer: None) -> None:
    with httpx.stream("GET", stream.url, trust_env=False, timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
        assert kind == "multipart/x-mixed-replace"
        assert answer.headers["cache-control"] == "no-store"
        data = b""
        for piece in answer.iter_raw():
            data += piece
            if data.count(f"--{boundary}".encode()) > 3:
                break
    parts = data.split(f"--{boundary}\r\n".encode())[1:4]
    for part in parts:
        head, _, body = part.partition(b"\r\n\r\n")
        lines = dict(line.split(": ") for line in head.decode().split("\r\n"))
        jpeg = body[: int(lines["Content-Length"])]
        assert lines["Content-Type"] == "image/jpeg"
        assert body.removesuffix(f"--{boundary}".encode()) in (jpeg, jpeg + b"\r\n")
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (160, 320, 3)


def test_opencv_reads_it(stream: MotionJpeg, writer: None) -> None:
    film = cv2.VideoCapture(stream.url, cv2.CAP_FFMPEG)
    pictures = [film.read()[1] for _ in range(5)]
    film.release()
    assert {picture.shape for picture in pictures} == {(160, 320, 3)}
    assert len({round(float(picture.mean()), 1) for picture in pictures}) > 1


@pytest.mark.parametrize("token", ["", "wrong", "shortened", "longer"])
def test_nothing_without_the_token(stream: MotionJpeg, token: str) -> None:
    parts = urlsplit(stream.url)
    right = parts.path.split("/")[1]
    token = {"shortened": right[:-1], "longer": right + "x"}.get(token, token)
    assert get(f"http://{parts.netloc}/{token}/stream.mjpg").status_code == 403
    assert stream.sink.viewers == 0


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_other_hosts_are_refused(stream: MotionJpeg, host: str) -> None:
    assert get(stream.url, headers={"host": host}).status_code == 400
    assert stream.sink.viewers == 0


def test_it_listens_on_this_computer_alone(stream: MotionJpeg) -> None:
    port = urlsplit(stream.url).port
    with pytest.raises(OSError, match=r"."), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


def test_a_question_for_the_head_opens_no_stream(stream: MotionJpeg) -> None:
    answer = httpx.head(stream.url, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("multipart/")


def test_a_reader_that_stops_reading_holds_nobody_up(stream: MotionJpeg, writer: None) -> None:
    """It gets what fits into the system's buffers; another one sees the newest pictures meanwhile."""
    parts = urlsplit(stream.url)
    with socket.create_connection((parts.hostname, parts.port)) as slow:
        slow.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        slow.recv(1)
        read = 0
        with httpx.stream("GET", stream.url, trust_env=False, timeout=PATIENCE) as quick:
            for piece in quick.iter_raw():
                read += len(piece)
                if read > 4 << 20:  # more than all buffers between it and the slow one hold
                    break
        assert stream.sink._picture.number > 50
        assert stream.sink.viewers >= 1  # the slow one: it is still there


def test_so_many_readers_and_no_more(
    stream: MotionJpeg, writer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion_jpeg, "VIEWERS", 1)
    with httpx.stream("GET", stream.url, trust_env=False, timeout=PATIENCE) as first:
        pieces = first.iter_raw()
        next(pieces)
        assert get(stream.url).status_code == 503


def test_the_end_of_a_run_ends_the_stream(stream: MotionJpeg, writer: None) -> None:
    with httpx.stream("GET", stream.url, trust_env=False, timeout=PATIENCE) as answer:
        pieces = answer.iter_raw()
        data = next(pieces)
        stream.stop()
        data += b"".join(pieces)
    assert data.endswith(b"--livecam--\r\n")


def test_the_address_lasts(tmp_path: Path) -> None:
    token = tmp_path / "deeper" / "token"
    with MotionJpeg(HttpSink(0), token) as stream:
        first = stream.url
    port = urlsplit(first).port
    with MotionJpeg(HttpSink(port), token) as stream:
        assert stream.url == first
    if os.name == "posix":
        assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_a_port_that_was_named_has_to_be_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stream = MotionJpeg(HttpSink(taken.getsockname()[1]), tmp_path / "token")
        with pytest.raises(UserError, match="cannot be served"):
            stream.start()


def test_the_usual_port_may_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert 1024 < PORT < 32768  # where no system gives ports away by itself
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(motion_jpeg, "PORT", taken.getsockname()[1])
        with MotionJpeg(HttpSink(), tmp_path / "token") as stream:
            assert urlsplit(stream.url).port != taken.getsockname()[1]
    (record,) = caplog.records
    assert "another address" in record.message
    assert urlsplit(stream.url).path.split("/")[1] not in record.message


@pytest.mark.parametrize("content", ["", "short", "x" * 40 + "/../", "ü" * 40])
def test_what_is_no_token_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, "utf-8")
    file.chmod(0o600)
    token = kept_token(file)
    assert len(token) >= 32
    assert kept_token(file) == token != content


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_token_that_others_may_read_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = kept_token(file)
    file.chmod(0o644)
    renewed = kept_token(file)
    assert renewed != token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_it_cannot_be_kept_it_is_new_each_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    tokens = [kept_token(tmp_path / "file" / "token") for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert "another address next time" in caplog.text
    assert tokens[0] not in caplog.text
