"""Runs in pieces: a whole GPU piece with everything small, and what travels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from pair_data import made_up
from refiner_weights import tiny_painter

from livecam.generator import weights
from livecam.model.refiner_model import RefinerModel, load_refiner_model
from training import gpu, pairs, recipe, shards, ship
from training.__main__ import recipe_path
from training.gpu import FEATURES


def test_a_piece_from_rendering_to_shipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer is played; everything else is as on a GPU, and the second piece goes on from the first."""

    def people(folder: Path, *args: object) -> None:
        folder.mkdir(parents=True)
        for person in range(17, 21):
            shards.save_person(folder, person, made_up(person))

    monkeypatch.setattr(gpu, "make_people", people)
    monkeypatch.setattr(gpu, "TIMED", 2)
    start, first, second = tmp_path / "start", tmp_path / "first", tmp_path / "second"
    start.mkdir()
    ship.save_refiner_model(*tiny_painter(), start / weights.PAINTER)
    common = ["--recipe", "test", "--minutes", "0.9", "--feature-steps", "2", "--workers", "1"]
    arguments = [*common, "--out", str(first), "--scratch", str(tmp_path / "a"), "--from", str(start)]
    assert gpu.main(arguments) == 0
    names = {path.name for path in first.iterdir()}
    assert names == {
        "features.safetensors",
        "painter.safetensors",
        "MODEL_CARD.md",
        *(f"{part}.{kind}" for part in ("mouth", "eye") for kind in ("jsonl", "png")),
    }
    assert len(names) <= 8
    arguments = [*common, "--out", str(second), "--scratch", str(tmp_path / "b"), "--from", str(first)]
    assert gpu.main([*arguments, "--piece", "1"]) == 0
    assert (second / FEATURES).read_bytes() == (first / FEATURES).read_bytes()
    before, _ = load_refiner_model(first / weights.PAINTER)
    after, _ = load_refiner_model(second / weights.PAINTER)
    for part in ("mouth", "eye"):
        pair = (model.network(part).stem.weight for model in (before, after))
        assert not torch.equal(*pair), part
    assert torch.equal(before.embedder.last.weight, after.embedder.last.weight)


def test_the_weights_are_small_enough_to_travel() -> None:
    """16 MiB a file; what the GPU recipe builds, at 2 bytes a number."""
    plan = recipe.read(recipe_path("gpu"))
    shapes = {part: dataclasses.replace(plan.network, part=part) for part in gpu.SHARES}
    state = RefinerModel(shapes, 160).state_dict()
    assert 2 * sum(value.numel() for value in state.values()) < 16 * 2**20


def test_pieces_have_people_of_their_own_and_share_those_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pool:
        def __init__(self, *args: object) -> None: ...
        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *args: object) -> None: ...
        def map(self, make: object, jobs: list[tuple[Path, int]]) -> list[int]:
            made.update(seed for _, seed in jobs)
            return [seed for _, seed in jobs]

    monkeypatch.setattr("training.heads.factory.ProcessPoolExecutor", Pool)
    clock = iter(range(100))
    monkeypatch.setattr(gpu.time, "monotonic", lambda: next(clock))
    found = []
    for piece in (0, 1):
        made: set[int] = set()
        clock = iter(range(100))
        gpu.make_people(tmp_path, None, piece, 2, ends=3)
        found.append(made)
    shared = found[0] & found[1]
    assert len(shared) == gpu.HELD_OUT
    assert all(shards.is_held_out(seed) for seed in shared)
    assert not any(shards.is_held_out(seed) for seed in (found[0] | found[1]) - shared)
    assert len(found[0]) > gpu.HELD_OUT
    assert pairs.Plan().size > 160
