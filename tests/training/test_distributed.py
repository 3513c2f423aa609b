"""Two processes hold the same weights after every step, and go on as one."""

from __future__ import annotations

import multiprocessing
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from pair_data import write_people

from livecam.errors import UserError
from training import __main__ as command
from training import dataset, distributed, recipe
from training.system import System

STEPS = 4
"""Of the recipe `test`, whose discriminator joins at the third."""


def _train(rank: int, port: int, data: Path, out: Path) -> None:
    """A process: trains on the CPU and leaves its weights, and the samples it took."""
    os.environ |= {
        "WORLD_SIZE": "2",
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
    }
    torch.set_num_threads(1)
    others = distributed.join_processes("cpu")
    pairs = dataset.load(data, held_out=False)
    system = System(recipe.read(command.recipe_path("test")), pairs.size, "cpu", None, others)
    taken = [float(system.batch(pairs, step).warped.sum()) for step in range(STEPS)]
    for step in range(STEPS):
        system.step(pairs, step)
    weights = torch.cat(
        [p.detach().flatten() for p in [*system.painter.parameters(), *system.judge.parameters()]]
    )
    ended = [others.any(False), others.any(rank == 1)]
    np.savez(out / f"{rank}.npz", weights=weights.numpy(), taken=taken, ended=ended)


@pytest.mark.slow  # two processes that import torch: ten seconds
def test_two_processes_hold_the_same_weights(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    data = write_people(tmp_path / "pairs", range(16, 24))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_train, args=(rank, port, data, tmp_path)) for rank in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(600)
        assert worker.exitcode == 0
    first, second = (np.load(tmp_path / f"{rank}.npz") for rank in range(2))
    # The same sums of the same numbers in both: equal to the last bit.
    assert np.array_equal(first["weights"], second["weights"])
    assert not np.isclose(first["taken"], second["taken"]).any()  # each has samples of its own
    assert first["ended"].tolist() == second["ended"].tolist() == [False, True]


def test_a_process_of_its_own_needs_no_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    alone = distributed.join_processes("cpu")
    assert (alone.rank, alone.count, alone.any(True), alone.any(False)) == (0, 1, True, False)
    chosen = np.arange(6)
    assert np.array_equal(alone.share(chosen), chosen)


def test_several_processes_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(__import__("sys").modules, "accelerate", None)
    with pytest.raises(UserError, match="Accelerate is not installed"):
        distributed.join_processes("cpu")
