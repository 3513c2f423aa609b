"""What is uploaded: bounded, private, and never looked at."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

import pytest
from doubles import SmallDisk

from livecam.errors import UserError
from livecam.studio import uploads as module
from livecam.studio.uploads import Uploads


@pytest.fixture
def uploads(tmp_path):
    made = Uploads(tmp_path)
    yield made
    made.close()


def send(uploads, content=b"x", name="Anna.png"):
    with uploads.begin(name) as incoming:
        incoming.write(content)
        return incoming.finish()


def files(uploads):
    return sorted(path for path in uploads.folder.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform == "win32", reason="rights are other ones there")
def test_only_the_user_can_read_them(uploads):
    before = os.umask(0)
    try:
        send(uploads)
    finally:
        os.umask(before)
    [path] = files(uploads)
    assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name",
    [
        "../../x.png",
        "/etc/passwd",
        "..",
        ".",
        "",
        "\x00",
        "a\x00b.png",
        "\u202egnp.exe",
        "x" * 5000,
        "-rf",
        "a\nb",
    ],
)
def test_no_name_of_the_senders_leads_out_of_the_folder(uploads, name):
    send(uploads, name=name)
    [path] = files(uploads)
    assert path.resolve().parent.parent == uploads.folder.resolve()
    assert path.name.isascii()
    assert path.name.isprintable()


def test_what_came_lies_there_as_it_came(uploads):
    content = os.urandom(1000)
    [upload] = uploads.claim([send(uploads, content, "Über.html")])
    assert upload.path.read_bytes() == content
    assert (upload.path.name, upload.name) == ("Uber", "Über.html"), "an ending that is none of ours goes"


def test_one_that_is_too_large_is_refused_at_once_and_nothing_stays(uploads, monkeypatch):
    with pytest.raises(UserError, match=r"big\.png: it is larger than 40 MB"):
        uploads.begin("big.png", module.LARGEST + 1)
    monkeypatch.setattr(module, "LARGEST", 10)
    with uploads.begin("big.png") as incoming:
        incoming.write(b"x" * 10)
        with pytest.raises(UserError, match="larger than"):
            incoming.write(b"x")
    assert files(uploads) == []


def test_a_thousand_are_too_many_and_the_first_ones_are_kept(uploads):
    kept = [send(uploads) for _ in range(module.MOST_WAITING)]
    for _ in range(1000 - len(kept)):
        with pytest.raises(UserError, match="64 pictures wait already"):
            send(uploads)
    assert len(files(uploads)) == len(kept) == 64
    assert len(uploads.claim(kept[:32])) == 32


def test_their_sum_is_bounded(uploads, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 25)
    send(uploads, b"x" * 20)
    with pytest.raises(UserError, match="too many bytes"):
        send(uploads, b"x" * 20)
    assert len(files(uploads)) == 1


def test_those_that_nobody_enrols_make_room(uploads, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    old, claimed = send(uploads), send(uploads)
    uploads.claim([claimed])
    monkeypatch.setattr(module, "PRESSED_SECONDS", 0.0)
    new = send(uploads)
    assert len(uploads.claim([new])) == 1
    with pytest.raises(UserError, match="not there any more"):
        uploads.claim([old])
    uploads.give_back([claimed])
    assert len(uploads.claim([claimed])) == 1


def test_a_claim_is_of_one_to_32_complete_pictures_that_nobody_else_has(uploads):
    id = send(uploads)
    unfinished = uploads.begin("x.png")
    for ids in ([], [id] * 33, [id, id], ["0" * 32], [unfinished._upload.id], [""], ["../x"]):
        with pytest.raises(UserError):
            uploads.claim(ids)
    with unfinished:
        pass
    assert len(uploads.claim([id])) == 1
    with pytest.raises(UserError):
        uploads.claim([id])


def test_nothing_stays_of_one_that_is_empty_or_breaks_off(uploads):
    with pytest.raises(UserError, match="it is empty"), uploads.begin("a.png") as incoming:
        incoming.finish()
    with uploads.begin("a.png") as incoming:
        incoming.write(b"x")
    assert files(uploads) == []


def test_a_full_disk_is_said_and_the_others_stay(uploads):
    kept = send(uploads)
    with uploads.begin("b.png") as incoming:
        incoming._file = SmallDisk(incoming._file, 3)
        incoming.write(b"xxx")
        with pytest.raises(UserError, match=r"b\.png: it cannot be kept \(no space left"):
            incoming.write(b"x")
    assert len(uploads.claim([kept])) == 1
    assert len(files(uploads)) == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    uploads = Uploads(tmp_path)
    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(UserError, match="no space left"):
        uploads.begin("a.png")


def test_all_goes_at_the_end_and_left_overs_after_a_day(tmp_path):
    uploads = Uploads(tmp_path)
    send(uploads)
    uploads.close()
    uploads.close()
    assert list(tmp_path.iterdir()) == []
    for name in ("old", "young"):
        (tmp_path / f"{module.PREFIX}{name}").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / f"{module.PREFIX}link").symlink_to(tmp_path / "other")
    yesterday = time.time() - module.LEFT_OVER_SECONDS - 60
    os.utime(tmp_path / f"{module.PREFIX}old", (yesterday, yesterday))
    os.utime(tmp_path / "other", (yesterday, yesterday))
    Uploads(tmp_path).close()
    assert {path.name.removeprefix(module.PREFIX) for path in tmp_path.iterdir()} == {
        "young",
        "link",
        "other",
    }


def test_what_a_killed_livecam_left_goes_at_the_next_start(tmp_path):
    mine = tmp_path / f"{module.PREFIX}{os.getpid()}-running"
    killed = tmp_path / f"{module.PREFIX}999999999-killed"
    unknown = tmp_path / f"{module.PREFIX}older"
    for folder in (mine, killed, unknown):
        folder.mkdir()
    module.remove_leftovers(tmp_path)
    assert [folder.exists() for folder in (mine, killed, unknown)] == [True, os.name == "nt", True]
