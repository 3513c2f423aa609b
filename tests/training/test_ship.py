"""What ships: graphs and weights that give back what was trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from pair_data import made_up, write_people
from torch import nn

from livecam.engines import open_engine
from livecam.errors import UserError
from livecam.generator import weights
from livecam.model.refiner_model import RefinerModel, load_refiner_model
from training import evaluate, recipe, shards, ship
from training.__main__ import recipe_path
from training.loop import train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("pairs"), range(17, 21))


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(data, tmp_path_factory.mktemp("run"), "repair")


def trained(data: Path, out: Path, kind: str) -> Path:
    torch.set_num_threads(1)
    settings = recipe.read(recipe_path("test"))
    settings = dataclasses.replace(
        settings, steps=4, network=dataclasses.replace(settings.network, kind=kind)
    )
    train(settings, data, out, device="cpu")
    return out


@pytest.fixture
def painter() -> RefinerModel:
    """As if trained, at the real size."""
    torch.manual_seed(0)
    made = RefinerModel(recipe.read(recipe_path("test")).network, 160)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.1)
    return made.eval()


@pytest.mark.parametrize("kind", ["repair", "paper"])
def test_graphs_and_weights_agree(kind: str, data: Path, tmp_path: Path) -> None:
    assert ship.main([str(trained(data, tmp_path / "run", kind)), "--out", str(tmp_path)]) == 0
    painter, _ = load_refiner_model(tmp_path / ship.WEIGHTS)
    rng = np.random.default_rng(0)
    embedder = open_engine("cpu", tmp_path / "embedder.onnx", threads=1)
    feeds = {spec.name: rng.random(spec.shape, np.float32) for spec in embedder.inputs}
    style = embedder.run(feeds)["refiner_style"]
    with torch.no_grad():
        single = painter.embedder.single(*(torch.from_numpy(feeds[spec.name]) for spec in embedder.inputs))
        expected = painter.projection(single).numpy()
    # The weights are kept in FP16: 3 digits.
    np.testing.assert_allclose(style, expected, rtol=0, atol=3e-3 * np.abs(expected).max())

    refiner = open_engine("cpu", tmp_path / "refiner.onnx", threads=1)
    assert refiner.inputs == painter.network.inputs
    feeds = {spec.name: rng.random(spec.shape, np.float32) for spec in refiner.inputs}
    with torch.no_grad():
        expected = painter.network(*(torch.from_numpy(feeds[spec.name]) for spec in refiner.inputs)).numpy()
    np.testing.assert_allclose(refiner.run(feeds)["correction"], expected, rtol=0, atol=2e-3)


def test_foreign_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"\x00" * 16)
    with pytest.raises(UserError, match="not a refiner's weights"):
        load_refiner_model(path)
    with pytest.raises(UserError, match="holds no checkpoint"):
        ship.ship(tmp_path, tmp_path)


def test_held_out_people_are_measured(run: Path, tmp_path: Path) -> None:
    data = write_people(tmp_path / "data", range(17, 21))
    target = tmp_path / "figures.json"
    assert evaluate.main([str(run), "--data", str(data), "--json", str(target)]) == 0
    assert "held out" in target.read_text()
    assert evaluate.main([str(run), "--clips", str(tmp_path)]) == 2


def test_the_card_says_what_the_weights_were_trained_on(run: Path, tmp_path: Path) -> None:
    ship.ship(run, tmp_path / "rendered")
    card = (tmp_path / "rendered" / "MODEL_CARD.md").read_text()
    assert "Rendered heads only" in card
    assert "no real person" in (tmp_path / "rendered" / "manifest.json").read_text()
    data = write_people(tmp_path / "pairs", range(2))
    shards.save_person(data, 2, made_up(2), made="films of people")
    mixed = dataclasses.replace(recipe.read(recipe_path("test")), steps=1)
    train(mixed, data, tmp_path / "run", device="cpu")
    ship.ship(tmp_path / "run", tmp_path / "mixed")
    card = (tmp_path / "mixed" / "MODEL_CARD.md").read_text()
    assert "films of people" in card
    assert "Rendered heads only" not in card
    assert "films of people" in (tmp_path / "mixed" / "manifest.json").read_text()


def test_a_graph_in_int8_of_other_weights_goes(run: Path, tmp_path: Path) -> None:
    (tmp_path / weights.SMALL).write_bytes(b"old")
    ship.ship(run, tmp_path)
    assert not (tmp_path / weights.SMALL).exists()
