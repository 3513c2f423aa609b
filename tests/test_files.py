"""Finished files only under final names."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from livecam.errors import UserError
from livecam.files import (
    GrowingFile,
    check_target,
    create_part,
    expanded,
    files_in,
    finish,
    is_stream,
    write_together,
    write_whole,
)


def test_part_becomes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    part = create_part(target)
    assert part == tmp_path / "a.part.mp4"
    part.write_text("new")
    assert target.read_text() == "old"
    finish(part, target)
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_part_that_is_there_is_kept_and_told_of(tmp_path: Path, caplog) -> None:
    first = create_part(tmp_path / "a.mp4")
    assert caplog.text == ""
    assert create_part(tmp_path / "a.mp4") == tmp_path / "a.part2.mp4"
    assert str(first) in caplog.text


def test_the_longest_name_has_a_part(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 125 + ".mp4")
    part = create_part(target)
    assert part.suffix == ".mp4"
    finish(part, target)
    write_whole(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_whole_file_or_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write_whole(path, b"old")
    write_whole(path, b"new", durable=False)
    assert path.read_bytes() == b"new"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"newer")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_of_files_that_belong_together_none_is_replaced_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "tensors", tmp_path / "folder" / "description"
    write_together({first: b"old"})
    with pytest.raises(OSError, match="No such file"):
        write_together({first: b"new", second: b"new"})
    assert first.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [first]
    second.parent.mkdir()
    write_together({first: b"new", second: b"newer"})
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"newer")


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no /dev/shm")
def test_streams_are_told_from_files(tmp_path: Path) -> None:
    """By what they are, not by the folder they lie in."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (tmp_path / "file").open("wb") as file:
        for stream in (pipe, "/dev/null", "/dev/stdout", f"/dev/fd/{file.fileno()}", "/proc/self/fd/1"):
            assert is_stream(Path(stream))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        there = Path(folder) / "a"
        there.touch()
        for other in (there, there.with_name("b"), there.parent, Path(f"/proc/self/root{tmp_path}/file")):
            assert not is_stream(other)


def test_what_grows_is_all_there_at_any_time(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "a.mp4")
    file.write(b"one")
    file.write(b"two")
    assert file.part.read_bytes() == b"onetwo"
    file.close()
    file.close()
    assert file.part.read_bytes() == b"onetwo"


def test_what_grows_is_handed_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livecam.files.SYNC_SECONDS", 0.01)
    synced = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.set(), raising=False)
    file = GrowingFile(tmp_path / "a.mp4")
    assert synced.wait(60)
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, why in {
        tmp_path: "it is a folder",
        tmp_path / "missing" / "a": "does not exist",
        tmp_path / "file" / "a": "does not exist",
    }.items():
        with pytest.raises(UserError, match=why):
            check_target(path)


def test_folder_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read-only mounts show only when a file is made."""

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match="read-only file system"):
        create_part(tmp_path / "a")


def test_old_file_held_open_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: the finished part stays, and the message names it."""
    part = create_part(tmp_path / "a.mp4")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError) as error:
        finish(part, tmp_path / "a.mp4")
    assert str(part) in error.value.todo
    assert part.exists()


def test_a_tilde_may_begin_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.home()
    assert expanded("~/a.mp4") == home / "a.mp4"
    assert expanded(Path("a~.mp4")) == Path("a~.mp4")
    assert expanded("~no-such-user.mp4") == Path("~no-such-user.mp4")


def test_files_in_a_folder(tmp_path):
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in files_in(tmp_path, (".mp4", ".mov"), "video")] == ["a.MOV", "b.mp4"]
    assert files_in(tmp_path / "b.mp4", (".mp4",), "video") == [tmp_path / "b.mp4"]
    with pytest.raises(UserError, match="holds no picture"):
        files_in(tmp_path, (".png",), "picture")
    with pytest.raises(UserError, match="holds no video"):
        files_in(tmp_path / "nowhere", (".mp4",), "video")
