"""Folders that are full, read-only or in the way: what can be made again is a warning, what was asked for is
one line with the variable that moves it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from faces import draw_face, ellipse_mask

from livecam.errors import UserError
from livecam.persona import enroll, store
from livecam.persona.opening import open_persona


@pytest.fixture
def mount(tmp_path):
    """mount(options) -> an empty file system in memory; root alone may, and not in every container."""
    mounted = []

    def do(options):
        folder = tmp_path / "mounted"
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if not hasattr(os, "getuid") or os.getuid() != 0 or sys.platform != "linux":
            pytest.skip("only root may mount")
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("this machine lets nobody mount")
        mounted.append(folder)
        return folder

    yield do
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(params=["full", "read-only", "below a file"])
def unwritable(request, tmp_path, mount):
    if request.param == "full":
        folder = mount("size=64k")
        (folder / "filler").write_bytes(bytes(40_000))
        return folder
    if request.param == "read-only":
        return mount("size=64k,ro")
    (tmp_path / "file").touch()
    return tmp_path / "file" / "folder"


@pytest.fixture
def portrait(face, tmp_path, monkeypatch):
    """A picture whose face is found without a model."""
    path = tmp_path / "drawn.png"
    cv2.imwrite(str(path), draw_face(face)[..., ::-1])
    monkeypatch.setattr("livecam.persona.enroll.find_face", lambda *words: face.copy())
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    return path


def test_a_portrait_that_cannot_be_cached_is_a_warning(portrait, unwritable, monkeypatch, caplog):
    monkeypatch.setenv("LIVECAM_CACHE", str(unwritable))
    for _ in range(2):
        assert enroll.enroll_cached(portrait, 256).size == 256
    assert caplog.text.count("LIVECAM_CACHE") == 2
    assert "LIVECAM_DATA" not in caplog.text


def test_a_persona_that_cannot_be_kept_is_an_error(persona, unwritable, monkeypatch):
    monkeypatch.setenv("LIVECAM_DATA", str(unwritable))
    with pytest.raises(UserError, match="LIVECAM_DATA"):
        store.save(persona)
    assert not store.exists("drawn")


def test_the_command_that_keeps_a_persona_fails_with_one_line(portrait, unwritable, monkeypatch, livecam):
    monkeypatch.setenv("LIVECAM_DATA", str(unwritable))
    code, _, err = livecam("enroll", portrait, "--name", "ada", "--size", "256")
    assert code == 2
    assert "LIVECAM_DATA" in err.splitlines()[-1]
    assert "unexpected" not in err


def test_a_persona_made_anew_for_another_size_is_used_without_being_kept(
    persona, tmp_path, mount, monkeypatch, caplog
):
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    folder = mount("size=8m")
    monkeypatch.setenv("LIVECAM_DATA", str(folder))
    store.save(replace(persona, name="eve"))
    with pytest.raises(OSError, match="space"):
        (folder / "filler").write_bytes(bytes(8_000_000))
    assert open_persona("eve", 512).size == 512
    assert "LIVECAM_DATA" in caplog.text
    assert store.load("eve", 256) is not None  # what was there is whole


@pytest.mark.parametrize(
    ("step", "good"), [("mkdir", 0), ("write_bytes", 0), ("write_bytes", 1), ("replace", 0)]
)
def test_whatever_step_fails_names_the_variable(persona, tmp_path, monkeypatch, step, good):
    """A disk may fill between any two of them. `good`: how often the step still succeeds."""
    owner, left = os if step == "replace" else Path, iter(range(good))
    real = getattr(owner, step)

    def full(*words, **more):
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        return real(*words, **more)

    monkeypatch.setattr(owner, step, full)
    with pytest.raises(UserError, match="LIVECAM_DATA"):
        store.save(persona)
    assert store.load("drawn", 256) is None


def test_forgetting_old_portraits_never_fails(tmp_path):
    store.prune(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    store.prune(tmp_path / "file" / "below")


ALONE = """
import logging, sys
logging.basicConfig(format="%(message)s", stream=sys.stderr)
import numpy as np
from livecam.compiled import compiled

@compiled()
def twice(x):
    return 2 * x

@compiled(fastmath=True)
def four_times(x):
    return twice(twice(x))

print(four_times(np.float32(1.5)))
"""


def run_alone(cache, tmp_path):
    """In a process of its own, as numba reads the variable when it is loaded."""
    script = tmp_path / "script.py"
    script.write_text(ALONE)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, env=environment
    )


def test_compiled_code_that_cannot_be_kept_runs(tmp_path, mount):
    folder = mount("size=16k")
    with pytest.raises(OSError, match="space"):
        (folder / "filler").write_bytes(bytes(16_000 - 4096) + bytes(40_000))
    done = run_alone(folder, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "6.0\n"
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1


def test_compiled_code_with_no_folder_at_all_runs(tmp_path, monkeypatch, caplog):
    from livecam import compiled

    def nowhere(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled, "_Kept", nowhere)
    monkeypatch.setattr(compiled, "_warned", False)
    assert compiled.compiled()(lambda x: x * x)(3) == 9
    assert "NUMBA_CACHE_DIR" in caplog.text


def test_compiled_code_is_kept_where_it_can_be(tmp_path):
    done = run_alone(tmp_path / "cache", tmp_path)
    assert done.stderr == ""
    assert list((tmp_path / "cache").rglob("*.nbc"))
