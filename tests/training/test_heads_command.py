"""`python -m livecam.training.heads`: files, going on, errors."""

from __future__ import annotations

import numpy as np
from head_data import studio

from livecam.training.heads import data


def test_files_hold_what_was_rendered_and_are_kept(tmp_path):
    from livecam.training.heads import dataset

    made = studio()
    arrays = made.pictures(7)
    path = dataset.save(tmp_path, 7, arrays, made.plan)
    for name, value in dataset.read(path).items():
        np.testing.assert_array_equal(value, arrays[name])
    assert [p.name for p in tmp_path.iterdir()] == ["person-00000007.safetensors"]


def test_a_broken_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    made = studio()
    from livecam.training.heads import __main__ as command
    from livecam.training.heads import dataset

    asked: list[int] = []

    class Quick:
        plan = made.plan

        def pictures(self, seed):
            asked.append(seed)
            return {"seed": np.array(seed)}

    monkeypatch.setattr(command, "_start", lambda folder, plan: setattr(command, "_studio", Quick()))
    monkeypatch.setattr(data, "load", lambda folder: None)
    (tmp_path / "person-00000001.safetensors").write_bytes(b"kept")
    assert command.render(None, tmp_path, range(3), dataset.Plan(), workers=1) == 2
    assert asked == [0, 2]
    assert (tmp_path / "person-00000001.safetensors").read_bytes() == b"kept"


def test_missing_head_data_exits_with_2(tmp_path, caplog):
    from livecam.training.heads import __main__ as command

    assert command.main(["--head-data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "ICT-FaceKit" in caplog.text
    assert not (tmp_path / "out").exists()
