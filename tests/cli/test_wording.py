"""What messages tell the user to type can be typed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livecam.cli.wording import as_typed

posix = pytest.mark.skipif(sys.platform == "win32", reason="paths are written otherwise")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """installed(folder) -> the program lies there, and is called by its path."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.chdir(tmp_path)

    def make(folder: str) -> Path:
        program = tmp_path / folder / "livecam"
        program.parent.mkdir(parents=True)
        program.touch(0o755)
        monkeypatch.setattr(sys, "argv", [str(program)])
        return program

    return make


@posix
def test_a_program_that_the_shell_does_not_find_is_named_by_its_path(installed, monkeypatch, tmp_path):
    program = installed(".venv/bin")
    text = "Run `livecam doctor`, or: livecam run --sink camera (sudo livecam camera-setup)."
    path = ".venv/bin/livecam"
    assert as_typed(text) == f"Run `{path} doctor`, or: {path} run --sink camera (sudo {path} camera-setup)."
    monkeypatch.chdir(program.parent)
    assert as_typed("livecam build") == "./livecam build"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert as_typed("livecam build") == f"{program} build"
    monkeypatch.chdir(tmp_path)
    installed("a folder")
    assert as_typed("livecam build") == "'a folder/livecam' build"


@posix
def test_a_program_that_the_shell_finds_keeps_its_name(installed):
    program = installed("path")
    assert as_typed("livecam build") == "livecam build"
    assert as_typed("sudo livecam camera-setup") == "sudo path/livecam camera-setup"  # root's path is another
    assert program.exists()


@posix
def test_another_program_of_that_name_is_not_meant(installed):
    installed("path")
    installed(".venv/bin")
    assert as_typed("livecam build") == ".venv/bin/livecam build"


@posix
def test_in_a_folder_that_is_gone(installed, monkeypatch, tmp_path):
    program = installed(".venv/bin")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert as_typed("livecam build") == f"{program} build"
    monkeypatch.setattr(sys, "argv", ["bin/livecam"])
    assert as_typed("livecam build") == "bin/livecam build"


def test_nothing_else_is_touched(installed):
    installed(".venv/bin")
    for text in (
        "livecam: live",
        "no livecam runs",
        "livecam is",
        "a/livecam run",
        "my-livecam run",
    ):
        assert as_typed(text) == text


@posix
def test_as_a_module():
    words = [sys.executable, "-m", "livecam.cli", "run", "no.jpg", "--sink", "null", "--loop"]
    driver = ["--driver", str(ROOT / "livecam" / "assets" / "driver.mp4"), "--max-frames", "1"]
    done = subprocess.run([*words, *driver], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "python" in done.stderr
    assert "-m livecam.cli personas`" in done.stderr


@pytest.mark.parametrize("words", [("--help",), ("demo", "--help")])
def test_help_tells_what_comes_next(livecam, words):
    code, out, err = livecam(*words)
    assert (code, err) == (0, "")
    assert "livecam run YOUR_PICTURE --sink page" in " ".join(out.split())


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_help_lists_every_target():
    def make(*words):
        command = ["make", "--no-print-directory", *words]
        return subprocess.check_output(command, cwd=ROOT, text=True, timeout=60)

    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert targets is not None
    listed = [line.split()[1] for line in make("help").splitlines()]
    assert sorted(listed) == sorted(targets[1].split())
    assert "livecam demo" in make("-n")  # what it does without a word
