"""Video files: frames, times and colours come back; interrupted runs leave nothing broken."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import av
import av.error
import cv2
import numpy as np
import pytest
from doubles import SmallDisk

from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.sinks.video_file import VideoFileSink

FORMAT = SinkFormat(96, 64, 30)
PATCHES = [(250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 20), (20, 250, 250), (250, 20, 250)]
PATCHES += [(255, 255, 255), (128, 128, 128), (0, 0, 0), (200, 120, 90), (90, 60, 40), (236, 188, 150)]


def grey(level: int, fmt: SinkFormat = FORMAT) -> np.ndarray:
    return np.full((fmt.height, fmt.width, 3), level, np.uint8)


def write(path: Path, times_ns: list[int], fmt: SinkFormat = FORMAT) -> Path:
    sink = VideoFileSink(path)
    sink.open(fmt)
    for index, time in enumerate(times_ns):
        sink.write(OutputFrame(grey(30 + 10 * index, fmt), index, time))
    sink.close()
    return path


def read(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_frames_and_times_come_back(tmp_path: Path, suffix: str) -> None:
    times = [0, 33, 66, 150, 151, 400, 433]
    path = write(tmp_path / f"out.{suffix}", [7_000_000_000 + 1_000_000 * time for time in times])
    frames = read(path)
    # Matroska counts whole milliseconds, MP4 1/90000 s.
    assert np.allclose([1000 * float(frame.pts * frame.time_base) for frame in frames], times, atol=0.51)
    levels = [frame.to_ndarray(format="rgb24").mean() for frame in frames]
    # Flat grey survives H.264 at this quality to within 2 levels.
    assert np.allclose(levels, [30 + 10 * index for index in range(7)], atol=2)
    with av.open(str(path)) as container:
        # The last frame lasts 1/30 s. Players stop at this length, so it must not be shorter.
        assert container.duration / 1e6 == pytest.approx(0.433 + 1 / 30, abs=0.002)
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")


def test_times_always_grow(tmp_path: Path) -> None:
    """A picture that holds has its predecessor's time; a driver that starts over goes back."""
    second = 1_000_000_000
    path = write(tmp_path / "out.mp4", [0, 0, 0, second, second // 2, 2 * second])
    times = [float(frame.pts * frame.time_base) for frame in read(path)]
    assert np.allclose(times, [0, 1 / 30, 2 / 30, 1, 1 + 1 / 30, 2], atol=1e-4)


@pytest.mark.parametrize("width", [len(PATCHES) * 32, 1280])
def test_colours_come_back(tmp_path: Path, width: int) -> None:
    """In a decoder that reads the file's tags, and in OpenCV, which does not."""
    picture = np.zeros((64, width, 3), np.uint8)
    for index, color in enumerate(PATCHES):
        picture[:, 32 * index : 32 * index + 32] = color
    sink = VideoFileSink(tmp_path / "out.mp4")
    sink.open(SinkFormat(width, 64, 30))
    for index in range(3):
        sink.write(OutputFrame(picture, index, index * 33_333_333))
    sink.close()
    frame = read(tmp_path / "out.mp4")[0]
    assert (frame.colorspace, frame.color_range) == (6, 1)  # BT.601, limited
    _, other = cv2.VideoCapture(str(tmp_path / "out.mp4")).read()
    for name, decoded in {"tags": frame.to_ndarray(format="rgb24"), "OpenCV": other[..., ::-1]}.items():
        for index, color in enumerate(PATCHES):
            error = np.abs(decoded[32, 32 * index + 16].astype(int) - color).max()
            # 8-bit YUV and back costs up to 2 levels, the coding as much; a wrong matrix costs 15 and more.
            assert error <= 4, (name, color, decoded[32, 32 * index + 16])


def test_starts_to_play_at_once(tmp_path: Path) -> None:
    """The index lies before the pictures (faststart), so a browser need not load the end first."""
    data = write(tmp_path / "out.mp4", [0, 1_000_000]).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_nothing_under_the_final_name_until_close(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_text("an older file")
    sink = VideoFileSink(target)
    sink.open(FORMAT)
    sink.write(OutputFrame(grey(50), 0, 0))
    assert target.read_text() == "an older file"
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "out.part.mp4"}
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert len(read(target)) == 1


def test_interrupted_run_can_be_played(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "out.mp4")
    sink.open(FORMAT)

    def run() -> None:
        try:
            for index in range(100):
                sink.write(OutputFrame(grey(40 + index), index, index * 33_333_333))
                if index == 20:
                    raise KeyboardInterrupt
        finally:
            sink.close()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(read(tmp_path / "out.mp4")) == 21


def test_close_without_frames_or_without_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sink = VideoFileSink(tmp_path / "out.mp4")
    sink.close()
    sink.open(FORMAT)
    with caplog.at_level(logging.WARNING):
        sink.close()
    sink.close()
    assert list(tmp_path.iterdir()) == []
    assert "no frame came" in caplog.text


def test_file_mode_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    path = write(tmp_path / "out.mp4", [0])
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(("width", "height"), [(95, 64), (96, 63)])
def test_odd_sizes(tmp_path: Path, width: int, height: int) -> None:
    with pytest.raises(UserError, match="odd side"):
        VideoFileSink(tmp_path / "out.mp4").open(SinkFormat(width, height, 30))
    assert list(tmp_path.iterdir()) == []


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mkdir -p .*missing"):
        VideoFileSink(tmp_path / "missing" / "out.mp4").open(FORMAT)


def test_target_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        VideoFileSink(tmp_path / "out.mp4").open(FORMAT)


def test_folder_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(UserError, match="not writable"):
        VideoFileSink(tmp_path / "out.mp4").open(FORMAT)


def noisy(sink: VideoFileSink, count: int) -> None:
    """`count` frames that do not compress: about 9 kB each."""
    random = np.random.default_rng(1)
    for index in range(count):
        pixels = random.integers(0, 255, (FORMAT.height, FORMAT.width, 3), np.uint8)
        sink.write(OutputFrame(pixels, index, index * 33_333_333))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("older", [False, True])
def test_full_disk_keeps_what_was_recorded(tmp_path: Path, suffix: str, older: bool) -> None:
    target = tmp_path / f"out.{suffix}"
    if older:
        target.write_text("an older file")
    sink = VideoFileSink(target)
    sink.open(FORMAT)
    sink._file._file = SmallDisk(sink._file._file, 400_000)
    with pytest.raises(UserError, match=r"no space left on device.*recorded until then") as error:
        noisy(sink, 200)
    sink.close()
    kept = tmp_path / f"out.part.{suffix}" if older else target
    assert str(kept) in error.value.todo
    # A fragment lasts 0.4 s, 12 frames; as many may be cut off, of the 400 kB / 9 kB = 44 that fit.
    assert len(read(kept)) >= 20
    assert {path.name for path in tmp_path.iterdir()} == {kept.name, *([target.name] if older else [])}
    assert not older or target.read_text() == "an older file"


def test_full_disk_at_the_end(tmp_path: Path) -> None:
    """The last fragment does not fit any more."""
    sink = VideoFileSink(tmp_path / "out.mp4")
    sink.open(FORMAT)
    noisy(sink, 60)
    sink._file._file = SmallDisk(sink._file._file, 100)
    with pytest.raises(UserError, match=r"no space left on device.*recorded until then is .*out\.mp4"):
        sink.close()
    assert len(read(tmp_path / "out.mp4")) >= 20


def test_full_disk_from_the_start_leaves_nothing(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "out.mp4")
    sink.open(FORMAT)
    sink._file._file = SmallDisk(sink._file._file, 100)
    with pytest.raises(UserError, match="no space left on device") as error:
        noisy(sink, 100)
    assert "recorded" not in error.value.todo
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="root may mount a tmpfs"
)
def test_real_full_disk(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        sink = VideoFileSink(tmp_path / "out.mp4")
        sink.open(FORMAT)
        with pytest.raises(UserError, match="no space left on device"):
            noisy(sink, 200)
        assert len(read(tmp_path / "out.mp4")) >= 10  # of the 33 that fit, a fragment of 12 may be missing
        assert len(list(tmp_path.iterdir())) == 1
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_without_room_for_a_copy_the_fragments_stay(tmp_path: Path, monkeypatch, caplog) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=0))
    path = write(tmp_path / "out.mp4", [0, 33_000_000, 66_000_000])
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    assert len(read(path)) == 3
    assert "no room for a copy" in caplog.text


def test_a_copy_that_fails_leaves_the_fragments(tmp_path: Path, monkeypatch, caplog) -> None:
    def fail(*_: object) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device", "out.mp4")

    monkeypatch.setattr("livecam.sinks.containers._copy", fail)
    path = write(tmp_path / "out.mp4", [0, 33_000_000, 66_000_000])
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    assert len(read(path)) == 3
    assert "stays in fragments" in caplog.text


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat
from livecam.sinks.video_file import VideoFileSink
fps, random = float(sys.argv[2]), np.random.default_rng(0)
sink = VideoFileSink(Path(sys.argv[1]))
sink.open(SinkFormat(96, 64, fps))
for index in range(int(5 * fps)):
    sink.write(OutputFrame(random.integers(0, 255, (64, 96, 3), np.uint8), index, round(index * 1e9 / fps)))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("fps", [10, 30])
def test_killed_run_can_be_played_up_to_its_last_second(
    tmp_path: Path, suffix: str, fps: int, caplog
) -> None:
    target = tmp_path / f"out.{suffix}"
    target.write_text("an older file")
    subprocess.run([sys.executable, "-c", KILLED, str(target), str(fps)], check=False, timeout=300)
    left = tmp_path / f"out.part.{suffix}"
    assert len(read(left)) >= 4 * fps
    assert target.read_text() == "an older file"
    kept = left.read_bytes()
    write(target, [0])  # the next run to the same file
    assert left.read_bytes() == kept
    assert str(left) in caplog.text
    assert len(read(target)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {target.name, left.name}


def test_a_finished_film_is_no_longer_in_fragments(tmp_path: Path) -> None:
    assert b"moof" not in write(tmp_path / "out.mp4", [500_000_000 * k for k in range(20)]).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("lost", ["part", "folder"])
def test_a_recording_that_was_removed_meanwhile(tmp_path: Path, caplog, suffix: str, lost: str) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    sink = VideoFileSink(folder / f"out.{suffix}")
    sink.open(FORMAT)
    sink.write(OutputFrame(grey(30), 0, 0))
    (folder / f"out.part.{suffix}").unlink()
    if lost == "folder":
        folder.rmdir()
    with pytest.raises(UserError, match="the recording is gone") as error:
        sink.close()
    assert str(tmp_path) not in error.value.todo
    assert caplog.text == ""
    assert list(tmp_path.rglob("*.*")) == []


def test_wrong_shape_is_our_own_mistake(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "out.mp4")
    with pytest.raises(ValueError, match="not open"):
        sink.write(OutputFrame(grey(0), 0, 0))
    sink.open(FORMAT)
    with pytest.raises(ValueError, match="the frame is"):
        sink.write(OutputFrame(np.zeros((64, 64, 3), np.uint8), 0, 0))
    sink.close()


NAMES = [
    "12:30:45.mp4",
    "http:a.mkv",
    "concat:b.mov",
    "-y.mp4",
    "100%.mp4",
    "%05d.mp4",
    "a b\nc.mp4",
    "\u00e4\u30c6.mp4",
]


@pytest.mark.skipif(sys.platform == "win32", reason="some of these names are not legal there")
@pytest.mark.parametrize("name", [*NAMES, 251 * "n" + ".mp4", 83 * "\u30c6" + ".mp4"])
def test_any_name_of_a_file_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), [0, 40_000_000])
    assert os.listdir() == [name]
    Path(name).rename("plain")
    assert len(read(Path("plain"))) == 2
