"""`python -m training.heads`: files, going on, errors."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from head_data import studio

from livecam.errors import UserError


def test_files_hold_what_was_rendered_and_are_kept(tmp_path):
    from training.heads import dataset

    made = studio()
    arrays = made.pictures(7)
    path = dataset.save(tmp_path, 7, arrays, made.plan)
    for name, value in dataset.read(path).items():
        np.testing.assert_array_equal(value, arrays[name])
    assert [p.name for p in tmp_path.iterdir()] == ["person-00000007.safetensors"]


def test_a_broken_file_gets_one_clear_line(tmp_path):
    from training.heads import dataset

    path = tmp_path / "person-00000001.safetensors"
    path.write_bytes(b"half a header")
    with pytest.raises(UserError, match=r"cannot be read.*render the person again"):
        dataset.read(path)


def test_a_broken_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    made = studio()
    from training.heads import dataset, factory

    asked: list[int] = []

    class Quick:
        plan = made.plan

        def pictures(self, seed):
            asked.append(seed)
            return {"seed": np.array(seed)}

    monkeypatch.setattr(factory, "_start", lambda *_: monkeypatch.setattr(factory, "_studio", Quick()))
    (tmp_path / "person-00000001.safetensors").write_bytes(b"kept")
    assert list(factory.render(None, tmp_path, range(3), dataset.Plan(), workers=1)) == [0, 2]
    assert asked == [0, 2]
    assert (tmp_path / "person-00000001.safetensors").read_bytes() == b"kept"


@pytest.mark.slow
def test_workers_of_the_real_command_make_what_one_process_makes(tmp_path):
    """A process of its own: workers cannot import what `__main__` holds, and must not hang over it."""
    studio()
    from training.heads import dataset

    folder = os.environ.get("LIVECAM_HEAD_DATA") or "../shared/data/head"
    command = [sys.executable, "-m", "training.heads", "--head-data", folder, "--size", "64"]
    command += ["--count", "2", "--frames", "1", "--out"]
    for name, workers in (("one", "1"), ("two", "2")):
        subprocess.run([*command, str(tmp_path / name), "--workers", workers], check=True, timeout=300)
    for path in sorted((tmp_path / "one").iterdir()):
        other = dataset.read(tmp_path / "two" / path.name)
        for name, value in dataset.read(path).items():
            np.testing.assert_array_equal(other[name], value, err_msg=name)


@pytest.mark.slow
def test_a_worker_that_dies_is_told_and_ends_the_run(tmp_path):
    pytest.importorskip("moderngl")
    from training.heads import dataset, factory

    with pytest.raises(UserError, match="a worker died"):
        # Each worker finds no head data and gives up.
        list(factory.render(tmp_path, tmp_path / "out", range(2), dataset.Plan(), workers=2))


def test_missing_head_data_exits_with_2(tmp_path, caplog):
    from training.heads import __main__ as command

    assert command.main(["--head-data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "ICT-FaceKit" in caplog.text
    assert not (tmp_path / "out").exists()
