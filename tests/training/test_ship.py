"""What ships: graphs and weights that give back what was trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from pair_data import made_up, write_people

from livecam.engines import open_engine
from livecam.errors import UserError
from livecam.generator import weights
from livecam.model.refiner_model import load_refiner_model
from training import evaluate, recipe, shards, ship
from training.__main__ import recipe_path
from training.loop import part_model_of, train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("pairs"), range(17, 21))


@pytest.fixture(scope="module")
def mouth(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(data, tmp_path_factory.mktemp("mouth"), "mouth")


@pytest.fixture(scope="module")
def eye(data: Path, mouth: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(data, tmp_path_factory.mktemp("eye"), "eye", embedder=mouth)


def trained(data: Path, out: Path, part: str, kind: str = "repair", embedder: Path | None = None) -> Path:
    torch.set_num_threads(1)
    settings = recipe.read(recipe_path("test"))
    network = dataclasses.replace(settings.network, kind=kind, part=part)
    settings = dataclasses.replace(settings, steps=4, network=network)
    train(settings, data, out, device="cpu", embedder=embedder)
    return out


@pytest.mark.parametrize("form", ["parts", "paper"])
def test_graphs_and_weights_agree(form: str, data: Path, mouth: Path, eye: Path, tmp_path: Path) -> None:
    runs = [mouth, eye] if form == "parts" else [trained(data, tmp_path / "run", "face", "paper")]
    assert ship.main([*map(str, runs), "--out", str(tmp_path)]) == 0
    painter, _ = load_refiner_model(tmp_path / ship.WEIGHTS)
    rng = np.random.default_rng(0)
    embedder = open_engine("cpu", tmp_path / "embedder.onnx", threads=1)
    feeds = {spec.name: rng.random(spec.shape, np.float32) for spec in embedder.inputs}
    style = embedder.run(feeds)["style"]
    with torch.no_grad():
        single = painter.embedder.single(*(torch.from_numpy(feeds[spec.name]) for spec in embedder.inputs))
        expected = torch.cat([painter.part(name).projection(single) for name in painter.styles], 1).numpy()
    # The weights are kept in FP16: 3 digits.
    np.testing.assert_allclose(style, expected, rtol=0, atol=3e-3 * np.abs(expected).max())

    for name in painter.styles:
        network, engine = painter.network(name), open_engine("cpu", tmp_path / f"{name}.onnx", threads=1)
        assert engine.inputs == network.inputs
        feeds = {spec.name: rng.random(spec.shape, np.float32) for spec in engine.inputs}
        with torch.no_grad():
            expected = network(*(torch.from_numpy(feeds[spec.name]) for spec in engine.inputs)).numpy()
        np.testing.assert_allclose(engine.run(feeds)["correction"], expected, rtol=0, atol=2e-3)


def test_networks_that_do_not_go_together(data: Path, mouth: Path, tmp_path: Path) -> None:
    alone = trained(data, tmp_path / "eye", "eye")
    with pytest.raises(UserError, match="its embedder is not that of the first"):
        ship.refiner_model_from([mouth, alone])
    with pytest.raises(UserError, match="train one part twice"):
        ship.refiner_model_from([mouth, mouth])


def test_a_run_can_begin_from_what_ships(data: Path, mouth: Path, eye: Path, tmp_path: Path) -> None:
    ship.ship([mouth, eye], tmp_path / "first")
    settings = recipe.read(recipe_path("test"))
    settings = dataclasses.replace(settings, steps=1, learning_rate=0.0)
    begin = tmp_path / "first" / weights.PAINTER
    train(settings, data, tmp_path / "mouth", device="cpu", begin=begin)
    again, _ = part_model_of(tmp_path / "mouth")
    shipped, _ = load_refiner_model(begin)
    for name, value in shipped.part("mouth").state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    face = dataclasses.replace(settings, network=dataclasses.replace(settings.network, part="face"))
    with pytest.raises(UserError, match="has no network 'face'"):
        train(face, data, tmp_path / "face", device="cpu", begin=begin)


def test_foreign_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"\x00" * 16)
    with pytest.raises(UserError, match="not a refiner's weights"):
        load_refiner_model(path)
    with pytest.raises(UserError, match="holds no checkpoint"):
        ship.ship([tmp_path], tmp_path)


def test_held_out_people_are_measured(mouth: Path, tmp_path: Path) -> None:
    data = write_people(tmp_path / "data", range(17, 21))
    target = tmp_path / "figures.json"
    assert evaluate.main([str(mouth), "--data", str(data), "--json", str(target)]) == 0
    assert "held out" in target.read_text()
    assert evaluate.main([str(mouth), "--clips", str(tmp_path)]) == 2


def test_the_card_says_what_the_weights_were_trained_on(mouth: Path, tmp_path: Path) -> None:
    ship.ship([mouth], tmp_path / "rendered")
    card = (tmp_path / "rendered" / "MODEL_CARD.md").read_text()
    assert "Rendered heads only" in card
    assert "no real person" in (tmp_path / "rendered" / "manifest.json").read_text()
    data = write_people(tmp_path / "pairs", range(2))
    shards.save_person(data, 2, made_up(2), made="films of people")
    mixed = dataclasses.replace(recipe.read(recipe_path("test")), steps=1)
    train(mixed, data, tmp_path / "run", device="cpu")
    ship.ship([tmp_path / "run"], tmp_path / "mixed")
    card = (tmp_path / "mixed" / "MODEL_CARD.md").read_text()
    assert "films of people" in card
    assert "Rendered heads only" not in card
    assert "films of people" in (tmp_path / "mixed" / "manifest.json").read_text()


def test_a_graph_in_int8_of_other_weights_goes(mouth: Path, tmp_path: Path) -> None:
    small = tmp_path / weights.small_file("mouth")
    small.write_bytes(b"old")
    ship.ship([mouth], tmp_path)
    assert not small.exists()
