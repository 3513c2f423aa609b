"""Finished files only under final names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livecam.errors import UserError
from livecam.files import check_target, create_part, finish


def test_part_becomes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    part = create_part(target)
    assert part.parent == tmp_path
    assert part.name.startswith(".a.mp4.")
    part.write_text("new")
    assert target.read_text() == "old"
    finish(part, target)
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_two_parts_do_not_meet(tmp_path: Path) -> None:
    assert create_part(tmp_path / "a") != create_part(tmp_path / "a")


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
