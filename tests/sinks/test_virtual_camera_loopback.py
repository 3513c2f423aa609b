"""What is found out about a loopback device before it is opened."""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import sys

import pytest

from livecam import video_devices
from livecam.sinks import loopback

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="v4l2loopback is Linux's")


def an_open_device(monkeypatch, capabilities: int, error: OSError | None = None) -> None:
    """/dev/null stands in for the device; its answer is made up."""

    def answer(descriptor: int, request: int, buffer: bytearray) -> None:
        if error is not None:
            raise error
        struct.pack_into("<II", buffer, 84, 0x85200003, capabilities)

    monkeypatch.setattr("fcntl.ioctl", answer)


@pytest.mark.parametrize(
    ("capabilities", "fault"),
    [
        (video_devices.OUTPUT | video_devices.CAPTURE, ""),
        (0x2, ""),
        (0x1, "sending"),
        (0x01000000, "stuck"),
    ],
)
def test_capabilities(monkeypatch, tmp_path, capabilities, fault) -> None:
    an_open_device(monkeypatch, capabilities)
    assert loopback.sending_fault("/dev/null", 640, 480, tmp_path) == fault


@pytest.mark.parametrize(("code", "fault"), [(errno.ENOTTY, "no device"), (errno.EIO, "silent")])
def test_devices_that_are_none(monkeypatch, tmp_path, code, fault) -> None:
    an_open_device(monkeypatch, 0, OSError(code, "x"))
    assert loopback.sending_fault("/dev/null", 640, 480, tmp_path) == fault


def test_a_plain_file_and_no_file(tmp_path) -> None:
    path = tmp_path / "video10"
    assert loopback.sending_fault(str(path), 640, 480) == "missing"
    path.touch()
    assert loopback.sending_fault(str(path), 640, 480) == "no device"


@pytest.mark.parametrize(
    ("code", "fault"),
    [(errno.EACCES, "permission"), (errno.EBUSY, "busy"), (errno.ENXIO, "missing"), (errno.EIO, "silent")],
)
def test_what_open_says(monkeypatch, code, fault) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(code, "x")

    monkeypatch.setattr("os.open", refuse)
    assert loopback.sending_fault("/dev/null", 640, 480) == fault


def test_a_size_held_by_another_program(monkeypatch, tmp_path) -> None:
    an_open_device(monkeypatch, video_devices.OUTPUT | video_devices.CAPTURE)
    folder = tmp_path / "null"
    folder.mkdir()
    (folder / "format").write_text("YU12:640x480@30\n")
    assert loopback.held_size("/dev/null", tmp_path) == (640, 480)
    assert loopback.sending_fault("/dev/null", 640, 480, tmp_path) == ""
    assert loopback.sending_fault("/dev/null", 1280, 720, tmp_path) == "size"
    (folder / "format").write_text("\n")
    assert loopback.sending_fault("/dev/null", 1280, 720, tmp_path) == ""


def test_nothing_stays_open(monkeypatch, tmp_path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for error in (None, OSError(errno.ENOTTY, "x")):
        an_open_device(monkeypatch, 0x2, error)
        for _ in range(20):
            loopback.sending_fault("/dev/null", 640, 480, tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_identity(tmp_path) -> None:
    path = tmp_path / "device"
    assert loopback.identity(str(path)) is None
    path.touch()
    assert loopback.identity(str(path)) == loopback.identity(str(path))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert loopback.identity("/dev/null") != loopback.identity("/dev/zero")


@pytest.fixture
def entry(tmp_path):
    folder = tmp_path / "video10"
    folder.mkdir()
    (folder / "name").write_text("livecam\n")
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_one_claim_at_a_time(entry):
    first = loopback.claim("/dev/video10", entry)
    assert first is not None
    assert loopback.claim("/dev/video10", entry) is None
    first.release()
    first.release()
    again = loopback.claim("/dev/video10", entry)
    assert again is not None
    again.release()


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_a_claim_ends_with_its_process(entry):
    code = (
        "import sys; from pathlib import Path; from livecam.sinks import loopback;"
        "kept = loopback.claim('/dev/video10', Path(sys.argv[1])); print(kept is not None, flush=True);"
        "sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(entry)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert loopback.claim("/dev/video10", entry) is None
    other.kill()
    other.communicate()
    assert loopback.claim("/dev/video10", entry) is not None


def test_what_cannot_be_claimed_counts_as_free(tmp_path):
    claim = loopback.claim("/dev/video10", tmp_path)
    assert claim is not None
    claim.release()
