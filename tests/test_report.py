"""The report is there whatever ends a run."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from livecam.errors import UserError
from livecam.report import Report, check_writable


def test_a_killed_run_leaves_its_figures_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr("livecam.report.KEEP_SECONDS", 0.01)
    path, part = tmp_path / "report.json", tmp_path / "report.part.json"
    path.write_text("an older report")
    report = Report()
    report.count()
    deadline = time.monotonic() + 60
    with report.kept(path):
        while not (part.exists() and part.stat().st_size):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert json.loads(part.read_text())["frames"] == 1
        assert path.read_text() == "an older report"
    report.write(path)
    assert json.loads(path.read_text())["frames"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_older_report(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("an older report")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        Report().write(path)
    assert path.read_text() == "an older report"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names")
def test_a_link_and_a_device_stay_what_they_are(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(real)
    report = Report()
    report.write(link)
    assert link.is_symlink()
    assert json.loads(real.read_text())["frames"] == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with report.kept(pipe):
        report.write(pipe)
    assert json.loads(os.read(reader, 10_000))["frames"] == 0
    os.close(reader)
    assert pipe.is_fifo()


def test_a_device_needs_no_folder_that_can_be_written(monkeypatch):
    """/dev belongs to root, and everybody may write to /dev/null."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    check_writable(Path(os.devnull))
