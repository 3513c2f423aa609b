"""Recipes: those that come with livecam are sound, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecam.errors import UserError
from livecam.model.refiner_model import NetworkShape, PartModel, make_network
from training import recipe
from training.__main__ import recipe_path


@pytest.mark.parametrize("name", ["cpu", "gpu", "test"])
def test_own_recipes_can_be_read_and_built(name: str) -> None:
    found = recipe.read(recipe_path(name))
    assert recipe.from_dict(found.as_dict() | {"network": found.as_dict()["network"]}, "again") == found
    painter = PartModel.make(found.network, 160)
    assert sum(p.numel() for p in painter.network.parameters()) < 6e6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stepps = 3", "no such setting"),
        ("steps = 'many'", "should be like"),
        ("steps = 0", "must be 1 or more"),
        ("precision = 'fp8'", "not known"),
        ("network = 3", "not a table"),
        ("[weights]\nstyle = 1.0", "no such setting"),
        ("steps = ", "not a recipe"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        recipe.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a recipe"):
        recipe.read(tmp_path / "none.toml")


def test_widths_and_kind_are_checked() -> None:
    network = NetworkShape(widths=(1, 2))
    with pytest.raises(UserError, match="not four"):
        make_network(network, 64)
    with pytest.raises(UserError, match="no such network"):
        make_network(NetworkShape(kind="other"), 64)
    with pytest.raises(UserError, match="no such network"):
        make_network(NetworkShape(kind="paper", part="mouth"), 64)
    with pytest.raises(UserError, match="no such part"):
        make_network(NetworkShape(part="nose"), 64)
