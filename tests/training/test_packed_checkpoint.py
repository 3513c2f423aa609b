"""Runs in pieces: weights that travel, and a whole GPU piece with everything small."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from pair_data import made_up, write_people

from livecam.errors import UserError
from training import gpu, packed_checkpoint, pairs, recipe, shards
from training.__main__ import recipe_path
from training.loop import train


@pytest.fixture
def data(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    return write_people(tmp_path / "pairs", range(17, 22))


def test_weights_travel_and_the_run_goes_on_at_its_step(data: Path, tmp_path: Path) -> None:
    tiny = recipe.read(recipe_path("test"))
    train(dataclasses.replace(tiny, steps=3), data, tmp_path / "first", device="cpu")
    files = packed_checkpoint.pack(tmp_path / "first", tmp_path / "packed")
    assert sorted(path.name for path in files) == [
        "average.safetensors", "judge.safetensors", "painter.safetensors", "state.json",
    ]  # fmt: skip
    assert train(tiny, data, tmp_path / "second", start=tmp_path / "packed", device="cpu") == tiny.steps
    log = (tmp_path / "second" / "log.jsonl").read_text()
    assert min(json.loads(line)["step"] for line in log.splitlines()) == 3
    state = json.loads((tmp_path / "second" / "state.json").read_text())
    assert state["warmed_from"] == 3


def test_missing_and_foreign_weights_are_named(data: Path, tmp_path: Path) -> None:
    tiny = recipe.read(recipe_path("test"))
    with pytest.raises(UserError, match="holds no checkpoint"):
        packed_checkpoint.pack(tmp_path / "none", tmp_path / "packed")
    train(dataclasses.replace(tiny, steps=1), data, tmp_path / "first", device="cpu")
    packed_checkpoint.pack(tmp_path / "first", tmp_path / "packed")
    wider = dataclasses.replace(tiny, network=dataclasses.replace(tiny.network, embedder=8))
    with pytest.raises(UserError, match="does not hold these networks"):
        train(wider, data, tmp_path / "second", start=tmp_path / "packed", device="cpu")


def test_a_piece_from_rendering_to_packing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer is played; everything else is as on a GPU, and the second piece goes on from the first."""

    def people(folder: Path, *args: object) -> None:
        folder.mkdir(parents=True)
        for person in range(17, 21):
            shards.save_person(folder, person, made_up(person))

    monkeypatch.setattr(gpu, "make_people", people)
    first, second = tmp_path / "first", tmp_path / "second"
    common = ["--recipe", "test", "--minutes", "1", "--feature-steps", "2", "--workers", "1"]
    assert gpu.main([*common, "--out", str(first), "--scratch", str(tmp_path / "a")]) == 0
    names = {path.name for path in first.iterdir()}
    assert {"features.safetensors", "painter.safetensors", "log.jsonl", "sheet-000006.png"} <= names
    assert len(names) <= 8
    tiny = recipe_path("test").read_text().replace("steps = 6", "steps = 9")
    (tmp_path / "longer.toml").write_text(tiny)
    common[1] = str(tmp_path / "longer.toml")
    arguments = [*common, "--out", str(second), "--scratch", str(tmp_path / "b"), "--from", str(first)]
    assert gpu.main([*arguments, "--piece", "1"]) == 0
    assert json.loads((second / "state.json").read_text())["step"] == 9


def test_recipes_files_are_small_enough_to_travel() -> None:
    """16 MiB a file; what the GPU recipe builds, at 4 bytes a number."""
    from training.system import System

    system = System(recipe.read(recipe_path("gpu")), 160)
    for name, module in system.modules.items():
        size = 4 * sum(value.numel() for value in module.state_dict().values())
        assert size < 16 * 2**20, name


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
