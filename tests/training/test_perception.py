"""The feature network's training, in a few steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pair_data import write_people

from livecam.errors import UserError
from training import perception, recipe
from training.__main__ import recipe_path
from training.loop import train


def test_it_trains_is_kept_and_serves_as_a_loss(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    data = write_people(tmp_path / "data", range(3))
    path = tmp_path / "features.safetensors"
    arguments = ["--data", str(data), "--out", str(path), "--steps", "3", "--batch", "2", "--device", "cpu"]
    assert perception.main(arguments) == 0
    loaded = perception.load_features(path)
    again = perception.learn(data, 3, 2)
    for name, value in again.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name]), name
    train(recipe.read(recipe_path("test")), data, tmp_path / "run", features=path, device="cpu")
    assert "perceptual" in (tmp_path / "run" / "log.jsonl").read_text()


def test_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a feature network"):
        perception.load_features(tmp_path / "none.safetensors")


def test_every_material_of_the_renderer_is_a_class() -> None:
    from livecam.model.features import MATERIALS
    from training.heads.materials import Material

    assert max(Material) + 1 == MATERIALS
