"""Files of pairs, how they are loaded, and the order in which they come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pair_data import TARGETS, made_up, write_people

from livecam.errors import UserError
from training import dataset, shards
from training.heads.materials import Material


def test_read_gives_what_was_saved(tmp_path: Path) -> None:
    path = shards.save_person(tmp_path, 4, made_up(4))
    for name, value in shards.read_person(path).items():
        np.testing.assert_array_equal(value, made_up(4)[name])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no unfinished file stays


def test_broken_and_foreign_files_are_named(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = shards.path_of(tmp_path, 1)
    path.write_bytes(b"no such thing")
    with pytest.raises(UserError, match="cannot be read"):
        shards.read_person(path)
    save_file({"warped": np.zeros(1)}, path)
    with pytest.raises(UserError, match="another version"):
        shards.read_person(path)
    with pytest.raises(UserError, match="no training pairs"):
        shards.person_seeds(tmp_path / "empty")


def test_rasters_survive_as_bytes() -> None:
    values = np.linspace(-1, 1, 1001, dtype=np.float32)
    back = shards.quantise(values).astype(np.float32) / 127.5 - 1
    assert np.abs(back - values).max() <= 0.5 / 127.5 + 1e-6  # half a step


def test_held_out_people_are_never_trained_on(tmp_path: Path) -> None:
    write_people(tmp_path, range(shards.HELD_OUT + 2))
    trained, held_out = dataset.load(tmp_path, False), dataset.load(tmp_path, True)
    assert held_out["person"].tolist() == [shards.HELD_OUT - 1]
    assert set(trained["person"].tolist()) == set(range(shards.HELD_OUT + 2)) - {shards.HELD_OUT - 1}
    assert len(trained) == TARGETS * (shards.HELD_OUT + 1)


def test_nobody_held_out_is_an_error_that_says_so(tmp_path: Path) -> None:
    write_people(tmp_path, range(2))
    with pytest.raises(UserError, match="nobody is held out"):
        dataset.load(tmp_path, True)


def test_every_pair_comes_once_before_any_comes_again(tmp_path: Path) -> None:
    pairs = dataset.load(write_people(tmp_path, range(4)), False)  # 12 pairs
    seen = np.concatenate([dataset.choose(pairs, 0, step, 5) for step in range(12)])  # 60: five times all
    for start in range(0, 60, 12):
        assert sorted(seen[start : start + 12]) == list(range(12))
    assert not np.array_equal(seen[:12], seen[12:24])


def test_samples_belong_together(tmp_path: Path) -> None:
    """Warped is half the truth here, sources and shots are the owner's, and the truth is not among the
    shots."""
    pairs = dataset.load(write_people(tmp_path, range(4)), False)
    chosen = np.array([0, 7, 11])
    batch = dataset.gather(pairs, chosen, 3, np.random.default_rng(0))
    for row, pair in enumerate(chosen):
        own = made_up(pair // TARGETS)
        truth = torch.from_numpy(own["truth"]).permute(0, 3, 1, 2).float() / 255
        torch.testing.assert_close(batch.truth[row], truth[pair % TARGETS])
        torch.testing.assert_close(batch.warped[row] * 255, (batch.truth[row] * 255 / 2).floor())
        torch.testing.assert_close(batch.source[row], truth[0])
        torch.testing.assert_close(batch.shots[row, 0], truth[0])
        others = [k for k in range(TARGETS) if k != pair % TARGETS]
        for shot in batch.shots[row, 1:]:
            assert any(torch.equal(shot, truth[k]) for k in others)
        assert batch.person[row] == pair // TARGETS
    assert batch.rasters.max() == 1.0


def test_the_source_is_the_portrait_and_the_first_shot(tmp_path: Path) -> None:
    pairs = dataset.load(write_people(tmp_path, range(1)), False)
    for shots in (1, 3):
        batch = dataset.gather(pairs, np.array([0]), shots, np.random.default_rng(0))
        assert torch.equal(batch.source, pairs["source"] / 255)
        assert torch.equal(batch.shots[:, 0], batch.source)
        assert torch.equal(batch.source_rasters, pairs["source_rasters"] / 127.5 - 1)


def test_true_teeth_are_told_and_taken_for_granted_where_nobody_knows(tmp_path: Path) -> None:
    """Films say nothing of what their pixels show: all zeros, and then every drawn tooth may learn."""
    arrays = made_up(0)
    arrays["material"][1] = 0
    shards.save_person(tmp_path, 0, arrays)
    pairs = dataset.load(tmp_path, held_out=shards.is_held_out(0))
    told = dataset.gather(pairs, np.array([0, 1]), 1, np.random.default_rng(0)).true_teeth
    assert told[1].min() == 1
    np.testing.assert_array_equal(told[0, 0], arrays["material"][0] == int(Material.TEETH))
