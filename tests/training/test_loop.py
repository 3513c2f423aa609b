"""A whole run in small: it learns, repeats itself, resumes exactly, and says what is wrong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from pair_data import write_people

from livecam.errors import UserError
from training import __main__ as command
from training import checkpoint, recipe
from training.loop import part_model_of, train
from training.recipe import Recipe


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # sums in one order


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("pairs"), range(16, 24))  # 19 is held out


@pytest.fixture(scope="module")
def tiny() -> Recipe:
    return recipe.read(command.recipe_path("test"))


def losses(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k != "steps_per_second"} for row in rows if "total" in row]


@pytest.fixture(scope="module")
def whole(data: Path, tiny: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    assert train(tiny, data, out, device="cpu") == tiny.steps
    return out


def test_a_run_leaves_log_sheets_and_checkpoint(whole: Path, tiny: Recipe) -> None:
    rows = losses(whole)
    assert [row["step"] for row in rows] == list(range(tiny.steps))
    assert "adversarial" not in rows[0]
    assert {"adversarial", "feature_match", "embedding_match", "discriminator"} <= set(rows[-1])
    assert sorted(p.name for p in whole.iterdir() if p.suffix == ".png") == [
        "sheet-000003.png",
        "sheet-000006.png",
    ]
    text = (whole / "log.jsonl").read_text()
    assert "refined/mouth_psnr" in text
    assert "blurred/eyes_sharpness" in text
    assert json.loads((whole / checkpoint.STATE).read_text())["step"] == tiny.steps


def test_the_same_seed_gives_the_same_losses(data: Path, tiny: Recipe, whole: Path, tmp_path: Path) -> None:
    train(tiny, data, tmp_path, device="cpu")
    assert losses(tmp_path) == losses(whole)
    other = dataclasses.replace(tiny, seed=1)
    train(other, data, tmp_path / "other", device="cpu")
    assert losses(tmp_path / "other") != losses(whole)


def test_resume_equals_no_interruption(data: Path, tiny: Recipe, whole: Path, tmp_path: Path) -> None:
    """Broken off after 4 steps by the clock, of which one lies beyond the last regular checkpoint."""
    out = tmp_path / "out"

    class Broken(Exception):
        pass

    from training.system import System

    step = System.step

    def breaking(self: System, pairs: Any, number: int) -> Any:
        if number == 5:
            raise Broken
        return step(self, pairs, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(System, "step", breaking)
        with pytest.raises(Broken):
            train(tiny, data, out, device="cpu")
    assert json.loads((out / checkpoint.STATE).read_text())["step"] == 3
    train(tiny, data, out, resume=True, device="cpu")
    assert losses(out) == losses(whole)
    first, second = (
        checkpoint.tensorfile.read(folder / checkpoint.TENSORS, "pt")[0] for folder in (whole, out)
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_it_learns(data: Path, tiny: Recipe, tmp_path: Path) -> None:
    """Pictures that are only too dark get repaired: the loss falls by more than half."""
    longer = dataclasses.replace(
        tiny, steps=60, adversarial_from=-1, learning_rate=5e-3, log_every=5, check_every=60
    )
    longer = dataclasses.replace(
        longer, augment=dataclasses.replace(longer.augment, saturation=1.0, gain=0.0)
    )
    train(longer, data, tmp_path, device="cpu")
    rows = losses(tmp_path)
    assert rows[-1]["content"] < 0.5 * rows[0]["content"]


def test_time_that_is_up_leaves_a_checkpoint(data: Path, tiny: Recipe, tmp_path: Path) -> None:
    assert train(tiny, data, tmp_path, minutes=0.0, device="cpu") == 1
    assert json.loads((tmp_path / checkpoint.STATE).read_text())["step"] == 1


def test_a_checkpoint_is_not_lost_and_not_mixed_up(
    data: Path, tiny: Recipe, whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="holds a checkpoint already"):
        train(tiny, data, whole, device="cpu")
    with pytest.raises(UserError, match="no checkpoint"):
        train(tiny, data, tmp_path / "none", resume=True, device="cpu")
    wider = dataclasses.replace(tiny, network=dataclasses.replace(tiny.network, embedder=8))
    with pytest.raises(UserError, match="does not fit"):
        train(wider, data, whole, resume=True, device="cpu")


def test_the_average_can_be_used(whole: Path, tiny: Recipe) -> None:
    painter, used = part_model_of(whole)
    assert used == tiny
    assert not painter.training
    assert any(parameter.abs().max() > 0 for parameter in painter.network.parameters())


def test_the_paper_network_trains_too(data: Path, tiny: Recipe, tmp_path: Path) -> None:
    network = dataclasses.replace(tiny.network, kind="paper", part="face")
    train(dataclasses.replace(tiny, network=network, steps=3), data, tmp_path, device="cpu")
    assert len(losses(tmp_path)) == 3


def test_no_checkpoint_holds_a_pickle(whole: Path) -> None:
    """Safetensors begin with the length of a JSON header; a pickle begins with its protocol, a zip with
    PK."""
    content = (whole / checkpoint.TENSORS).read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert json.loads(content[8 : 8 + length])["__metadata__"]["state"]


def test_the_command(data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert command.main(["test", "--data", str(data), "--out", str(tmp_path / "a"), "--device", "cpu"]) == 0
    assert command.main(["nowhere.toml", "--data", str(data), "--out", str(tmp_path / "b")]) == 2
    assert command.main(["test", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "c")]) == 2
    assert "no training pairs" in caplog.text
