"""Recorded performances: what goes in comes out, and broken files say so."""

from __future__ import annotations

import errno
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from doubles import SmallDisk
from hypothesis import given
from hypothesis import strategies as st

from livecam.errors import UserError
from livecam.sources import open_source
from livecam.sources.recording import PerformanceSource, PerformanceWriter, _quantise

STEP_NS = 33_333_333


def a_face(index: int, width: int = 1280, height: int = 720) -> np.ndarray:
    """Points spread over the whole frame: the largest face that fits, so the coarsest steps."""
    random = np.random.default_rng(index)
    return (random.uniform(0, 1, (478, 3)) * [width, height, width / 2]).astype(np.float32)


def record(path: Path, faces: list[np.ndarray | None], start_ns: int = 10**15, **options: bool) -> Path:
    with PerformanceWriter(path, **options) as writer:
        for index, face in enumerate(faces):
            writer.add(start_ns + index * STEP_NS, face, 1280, 720)
    return path


def read_all(source: PerformanceSource) -> list:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_round_trip(tmp_path: Path) -> None:
    faces = [a_face(0), None, a_face(2), a_face(3), None]
    path = record(tmp_path / "take.livecam", faces, mirror=True)
    with open_source(str(path)) as source:
        info = source.info
        frames = read_all(source)
    assert (info.name, info.width, info.height, info.frames) == ("take.livecam", 1280, 720, 5)
    assert (info.live, info.mirror) == (False, True)
    assert info.fps == pytest.approx(30, abs=1e-3)
    assert "2 of 5" in info.detail
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.capture_ns for frame in frames] == [STEP_NS * index for index in range(5)]
    for face, frame in zip(faces, frames, strict=True):
        assert frame.pixels is None
        assert (frame.width, frame.height) == (1280, 720)
        if face is None:
            assert frame.landmarks is None
        else:
            assert frame.landmarks.dtype == np.float32
            # Half a step of 1280 / 65534 pixels, and a little for float32.
            assert np.abs(frame.landmarks - face).max() < 0.0099


@given(st.floats(-4000, 4000), st.floats(0, 3000), st.integers(0, 10))
def test_error_is_half_a_step(offset: float, extent: float, seed: int) -> None:
    face = (np.random.default_rng(seed).uniform(-1, 1, (478, 3)) * extent / 2 + offset).astype(np.float32)
    points, origin, step = _quantise(face)
    back = origin.astype(float) + float(step) * points.astype(float)
    # 0.51: half a step, and float32's rounding of the step itself over 32767 steps.
    assert np.abs(back - face).max() <= 0.51 * max(float(step), 1e-9)
    assert float(step) <= extent / 65_000 + 1e-6


def test_minute_stays_small(tmp_path: Path) -> None:
    """The figure that the documentation gives: 5.2 MB a minute at 30 frames per second."""
    path = record(tmp_path / "take.livecam", [a_face(index % 7) for index in range(180)])
    assert path.stat().st_size * 10 < 5.3e6


def test_rewind_and_close(tmp_path: Path) -> None:
    source = PerformanceSource(record(tmp_path / "take.livecam", [a_face(0), a_face(1)]))
    first = read_all(source)
    source.rewind()
    second = read_all(source)
    assert np.array_equal(first[1].landmarks, second[1].landmarks)
    source.close()
    source.close()
    assert source.read() is None


def test_found_without_the_suffix(tmp_path: Path) -> None:
    path = record(tmp_path / "take.bin", [a_face(0)])
    with open_source(str(path)) as source:
        assert source.read().landmarks is not None


def test_a_size_that_changes_is_kept(tmp_path: Path) -> None:
    with PerformanceWriter(tmp_path / "take.livecam") as writer:
        writer.add(0, a_face(0), 1280, 720)
        writer.add(1, a_face(1), 640, 480)
    frames = read_all(PerformanceSource(tmp_path / "take.livecam"))
    assert [(frame.width, frame.height) for frame in frames] == [(1280, 720), (640, 480)]


def test_times_that_do_not_grow_are_left_out(tmp_path: Path) -> None:
    with PerformanceWriter(tmp_path / "take.livecam") as writer:
        for time in (100, 100, 90, 150):
            writer.add(time, None, 64, 48)
    assert [f.capture_ns for f in read_all(PerformanceSource(tmp_path / "take.livecam"))] == [0, 50]


def test_interrupted_recording_is_kept(tmp_path: Path) -> None:
    def interrupted() -> None:
        with PerformanceWriter(tmp_path / "take.livecam") as writer:
            writer.add(0, a_face(0), 1280, 720)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(read_all(PerformanceSource(tmp_path / "take.livecam"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["take.livecam"]


def test_a_killed_recording_can_be_replayed(tmp_path: Path) -> None:
    """Nothing that was added is held back, and `close` is never called. Half a row at the end is left out."""
    writer = PerformanceWriter(tmp_path / "take.livecam", mirror=True)
    for index, face in enumerate([a_face(0), None, a_face(2)]):
        writer.add(index * STEP_NS, face, 1280, 720)
    left = tmp_path / "killed.bin"  # told by its first line, without the suffix, too
    left.write_bytes((tmp_path / "take.part.livecam").read_bytes() + b"half a row")
    writer.close()
    assert {p.name for p in tmp_path.iterdir()} == {"take.livecam", "killed.bin"}
    with open_source(str(left)) as half, open_source(str(tmp_path / "take.livecam")) as whole:
        assert half.info.mirror
        assert half.info.fps == pytest.approx(whole.info.fps)
        for one, other in zip(read_all(half), read_all(whole), strict=True):
            assert one.capture_ns == other.capture_ns
            assert np.array_equal(one.landmarks, other.landmarks) or other.landmarks is None is one.landmarks


def test_a_part_without_a_whole_row_says_so(tmp_path: Path) -> None:
    PerformanceWriter(tmp_path / "take.livecam")
    with pytest.raises(UserError, match="no frame"):
        PerformanceSource(tmp_path / "take.part.livecam")


@pytest.mark.parametrize("older", [False, True])
def test_full_disk_keeps_what_was_recorded(tmp_path: Path, older: bool) -> None:
    target = tmp_path / "take.livecam"
    if older:
        target.write_text("an older file")
    writer = PerformanceWriter(target)
    writer._file._file = SmallDisk(writer._file._file, 10_000)  # three rows and a bit
    for index in range(3):
        writer.add(index * STEP_NS, a_face(index), 1280, 720)
    with pytest.raises(UserError, match=r"no space left on device.*recorded until then") as error:
        writer.add(3 * STEP_NS, a_face(3), 1280, 720)
    writer.add(10**12, a_face(0), 1280, 720)
    writer.close()
    kept = tmp_path / "take.part.livecam" if older else target
    assert str(kept) in error.value.todo
    assert len(read_all(PerformanceSource(kept))) == 3
    assert not older or target.read_text() == "an older file"


def test_full_disk_at_the_end_keeps_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = PerformanceWriter(tmp_path / "take.livecam")
    writer.add(0, a_face(0), 1280, 720)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("livecam.sources.recording.write_whole", full)
    with pytest.raises(UserError, match=r"no space left.*take\.part\.livecam"):
        writer.close()
    assert len(read_all(PerformanceSource(tmp_path / "take.part.livecam"))) == 1


def test_nothing_recorded_writes_nothing(tmp_path: Path) -> None:
    writer = PerformanceWriter(tmp_path / "take.livecam")
    writer.close()
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_writer_wants_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mkdir -p"):
        PerformanceWriter(tmp_path / "not there" / "take.livecam")


@pytest.mark.parametrize("face", [np.zeros((468, 3), np.float32), np.full((478, 3), np.nan, np.float32)])
def test_writer_refuses_what_is_not_a_face(tmp_path: Path, face: np.ndarray) -> None:
    writer = PerformanceWriter(tmp_path / "take.livecam")
    with pytest.raises(ValueError, match="landmarks are"):
        writer.add(0, face, 64, 48)


def rewrite(change: Callable[[dict, dict], None]) -> Callable[[Path], None]:
    """Change the tensors and metadata of a file, which stays a valid safetensors file."""

    def apply(path: Path) -> None:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        change(tensors, metadata)
        path.write_bytes(safetensors.numpy.save(tensors, metadata))

    return apply


def header_of_another_shape(path: Path) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header["points"]["data_offsets"][1] += 1_000_000
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


BROKEN: dict[str, Callable[[Path], None]] = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "header only": lambda path: path.write_bytes(path.read_bytes()[:50]),
    "text": lambda path: path.write_text("hello"),
    "length too large": lambda path: path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:]),
    "offsets outside": header_of_another_shape,
    "other format": rewrite(lambda tensors, metadata: metadata.update(format="weights")),
    "newer version": rewrite(lambda tensors, metadata: metadata.update(version="2")),
    "no metadata": rewrite(lambda tensors, metadata: metadata.clear()),
    "tensor missing": rewrite(lambda tensors, metadata: tensors.pop("present")),
    "wrong dtype": rewrite(lambda tensors, metadata: tensors.update(times=tensors["times"].astype(np.int32))),
    "lengths differ": rewrite(lambda tensors, metadata: tensors.update(step=tensors["step"][:1])),
    "scalar times": rewrite(lambda tensors, metadata: tensors.update(times=np.array(3, np.int64))),
    "no frames": rewrite(
        lambda tensors, metadata: tensors.update({name: value[:0] for name, value in tensors.items()})
    ),
    "not finite": rewrite(lambda tensors, metadata: tensors["origin"].fill(np.nan)),
    "a huge step": rewrite(lambda tensors, metadata: tensors["step"].fill(3e38)),
    "a huge origin": rewrite(lambda tensors, metadata: tensors["origin"].fill(-3e38)),
    "a step below zero": rewrite(lambda tensors, metadata: tensors["step"].fill(-1)),
    "far outside the frame": rewrite(lambda tensors, metadata: tensors["step"].fill(1e6 / 32_767)),
    "no step": rewrite(lambda tensors, metadata: tensors["step"].fill(0)),
    "present in part": rewrite(lambda tensors, metadata: tensors["present"].fill(2)),
    "times of 292 years": rewrite(lambda tensors, metadata: tensors["times"].put(-1, 2**63 - 1)),
    "times whose difference is none": rewrite(
        lambda tensors, metadata: tensors.update(
            {name: np.repeat(value[:1], 3, 0) for name, value in tensors.items()}
            | {"times": np.array([0, 2**63 - 1, -(2**63)])}
        )
    ),
    "times stand still": rewrite(lambda tensors, metadata: tensors["times"].fill(0)),
    "size zero": rewrite(lambda tensors, metadata: tensors["sizes"].fill(0)),
}


@pytest.mark.parametrize("breakage", BROKEN)
def test_broken_files_say_so(tmp_path: Path, breakage: str) -> None:
    path = record(tmp_path / "take.livecam", [a_face(0), a_face(1)])
    BROKEN[breakage](path)
    with pytest.raises(UserError) as error:
        open_source(str(path))
    assert error.value.what == "take.livecam"
    assert "\n" not in str(error.value)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
@pytest.mark.parametrize("lost", ["part", "folder"])
def test_a_recording_that_was_removed_meanwhile(tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    writer = PerformanceWriter(folder / "take.livecam")
    writer.add(0, a_face(0), 1280, 720)
    (folder / "take.part.livecam").unlink()
    if lost == "folder":
        folder.rmdir()
    with pytest.raises(UserError, match="the recording is gone") as error:
        writer.close()
    assert str(tmp_path) not in error.value.todo
    assert list(tmp_path.rglob("*.*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_full_disk_does_not_point_to_a_removed_part(tmp_path: Path) -> None:
    writer = PerformanceWriter(tmp_path / "take.livecam")
    writer.add(0, a_face(0), 1280, 720)
    (tmp_path / "take.part.livecam").unlink()
    writer._file._file = SmallDisk(writer._file._file, 100)
    with pytest.raises(UserError, match="no space left on device") as error:
        writer.add(STEP_NS, a_face(1), 1280, 720)
    assert str(tmp_path) not in error.value.todo
