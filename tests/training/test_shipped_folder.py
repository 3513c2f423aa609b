"""The folder that ships: graphs equal to the weights, a manifest, and a card of where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from refiner_weights import tiny_painter

from livecam.engines import open_engine
from livecam.errors import UserError
from livecam.generator import weights
from livecam.model.refiner_model import load_refiner_model
from training import checkpoint, ship

FILES = ("mouth.onnx", weights.EMBEDDER, weights.PAINTER)
FIGURES = {"clip d10": {"refined": {"mouth_psnr": 25.125}, "warped": {"mouth_psnr": 23.5}}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a run leaves it."""
    folder = tmp_path_factory.mktemp("run")
    painter, recipes = tiny_painter()
    state = {"step": 1200, "size": painter.size, "recipe": recipes["mouth"].as_dict()}
    checkpoint.save(folder, {"average": painter.part("mouth")}, {}, state)
    lines = [
        {"step": 1179, "content": 0.1, "steps_per_second": 0.5},
        {"step": 1199, "refined/eyes_psnr": 19.875, "warped/eyes_psnr": 18.0},
        {"step": 1199, "content": 0.1, "steps_per_second": 0.5},
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def shipped(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    figures, words = out / "figures.json", out / "more.md"
    figures.write_text(json.dumps(FIGURES))
    words.write_text("### Judged by eye\n\nTeeth look like teeth.\n")
    folder = out / "refiner"
    assert ship.main([str(run), "--out", str(folder), "--figures", str(figures), str(words)]) == 0
    return folder


def test_the_folder_is_what_the_product_looks_for(shipped: Path) -> None:
    found = weights.find_weights({weights.VARIABLE: str(shipped)})
    assert found is not None
    assert {path.name for path in shipped.iterdir()} == {*FILES, weights.MANIFEST, weights.CARD}
    painter, _ = load_refiner_model(found.file(weights.PAINTER))
    assert (found.size, found.styles) == (64, painter.styles)


def test_graphs_hold_the_very_numbers_of_the_weights(shipped: Path) -> None:
    painter, _ = load_refiner_model(shipped / weights.PAINTER)
    network = painter.network("mouth")
    engine = open_engine("cpu", shipped / "mouth.onnx", threads=1)
    rng = np.random.default_rng(0)
    feeds = {spec.name: rng.random(spec.shape, np.float32) for spec in engine.inputs}
    with torch.no_grad():
        expected = network(*(torch.from_numpy(feeds[spec.name]) for spec in engine.inputs)).numpy()
    # FP32 summed in another order: 7 digits, some ten layers.
    np.testing.assert_allclose(engine.run(feeds)["correction"], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["mouth.onnx", weights.EMBEDDER])
def test_weights_are_stored_in_half(shipped: Path, name: str) -> None:
    stored = onnx.load(shipped / name).graph.initializer
    large = [entry for entry in stored if np.prod(entry.dims) >= 256]
    assert large
    assert {entry.data_type for entry in large} == {onnx.TensorProto.FLOAT16}


def test_the_card_says_where_they_come_from(shipped: Path) -> None:
    card = (shipped / weights.CARD).read_text("utf-8")
    found = weights.find_weights({weights.VARIABLE: str(shipped)})
    assert found is not None
    for words in (found.name, "Rendered heads only", "Seed 0", "1200 steps, about 0.7 hours", "## Limits"):
        assert words in card
    assert "| refined | 25.125 |" in card  # figures that were given
    assert "Teeth look like teeth." in card
    assert "| refined | 19.875 |" in card  # and the run's own, on held-out people
    assert all(checksum in card for checksum in found.checksums.values())


def test_the_same_weights_give_the_same_files(run: Path, shipped: Path, tmp_path: Path) -> None:
    ship.ship([run], tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes(), name


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 3}'])
def test_figures_that_are_none(run: Path, tmp_path: Path, content: str) -> None:
    figures = tmp_path / "f.json"
    figures.write_text(content)
    with pytest.raises(UserError, match="not figures"):
        ship.ship([run], tmp_path / "out", [figures])
    assert not (tmp_path / "out").exists()


def test_a_state_that_is_damaged(run: Path, tmp_path: Path) -> None:
    (tmp_path / checkpoint.TENSORS).write_bytes((run / checkpoint.TENSORS).read_bytes()[:-9])
    with pytest.raises(UserError, match="no checkpoint that can be read"):
        ship.ship([tmp_path], tmp_path / "out")
