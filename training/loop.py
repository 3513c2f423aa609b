"""Training from the first step, or from a checkpoint, to the last or until the time is up."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import torch

from livecam.errors import UserError
from livecam.model import tensorfile
from livecam.model.embedder import Embedder
from livecam.model.refiner_model import PartModel, load_refiner_model
from training import checkpoint, dataset, held_out, shards
from training.distributed import SingleProcess
from training.log import Log
from training.perception import load_features
from training.recipe import Recipe, from_dict
from training.system import System

log = logging.getLogger(__name__)

ADVISED = 200
"""Held-out pictures that are measured while training."""


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    resume: bool = False,
    minutes: float | None = None,
    device: str | None = None,
    features: Path | None = None,
    begin: Path | None = None,
    embedder: Path | None = None,
    together: SingleProcess | None = None,
) -> int:
    """Train on the pairs in `data`; `out` receives log.jsonl, sheets and the checkpoint. Returns the last
    step done.

    `minutes`: stop, with a checkpoint, before they are over. `features`: the network of the perceptual
    loss; without it that loss is left out.

    `begin`: a painter.safetensors whose network of this part is the first one, and whose embedder is kept as
    it is. `embedder`: a run or a painter.safetensors whose embedder is kept: networks that ship together
    share one. `together`: the processes that train side by side; the first one writes.

    Raises:
        UserError: no pairs, no checkpoint to resume from, one of another recipe, or one that would be lost.
    """
    ends = None if minutes is None else time.monotonic() + 60 * minutes
    together = together or SingleProcess()
    first = together.rank == 0
    device = together.device or device or ("cuda" if torch.cuda.is_available() else "cpu")
    if not resume and (out / checkpoint.TENSORS).exists():
        raise UserError(
            str(out), "holds a checkpoint already", "Add --resume to go on, or name another folder."
        )
    pairs = dataset.load(data, held_out=False).to(device)
    kept = _held_out(data, device) if first else None
    network = load_features(features) if features else None
    made = set(shards.made_of(data))
    system = System(recipe, pairs.size, device, network, together)
    step = 0
    if begin is not None:
        system.begin_from(begin)
    elif embedder is not None:
        system.keep_embedder(embedder_of(embedder))
    if resume:
        state = checkpoint.restore(out, system.modules, system.optimisers)
        if from_dict(state["recipe"], str(out)) != recipe:
            log.warning("the recipe differs from the one this run was begun with")
        step = state["step"]
        made |= set(state.get("made", ()))
    books = Log(out, step) if first else None
    log.info("%s, %d pairs, steps %d to %d", device, len(pairs), step, recipe.steps)
    began, since = time.monotonic(), step
    try:
        while step < recipe.steps:
            found = system.step(pairs, step)
            step += 1
            if books and (step % recipe.log_every == 0 or step == recipe.steps):
                rate = (step - since) / (time.monotonic() - began)
                values = {name: float(value) for name, value in found.items()}
                books.write(step - 1, {**values, "steps_per_second": rate})
                log.info("%d: %s, %.2f steps/s", step, _short(values), rate)
            up = ends is not None and together.any(time.monotonic() > ends)
            if books and (step % recipe.check_every == 0 or step == recipe.steps or up):
                _check(system, kept, out, step, books, sorted(made))
            if up:
                log.info("time is up at step %d", step)
                break
    finally:
        if books:
            books.close()
    return step


def part_model_of(folder: Path, device: str = "cpu") -> tuple[PartModel, Recipe]:
    """The averaged network of a checkpoint, with its embedder. Raises `UserError` where there is none."""
    try:
        tensors, notes = tensorfile.read(folder / checkpoint.TENSORS, "pt", "average/")
        state = json.loads(notes["state"])
        recipe = from_dict(state["recipe"], str(folder))
    except (*tensorfile.UNREADABLE, KeyError, ValueError) as error:
        why = f"holds no checkpoint that can be read ({error})"
        raise UserError(str(folder), why, "Train one first.") from error
    painter = PartModel.make(recipe.network, state["size"])
    painter.load_state_dict(tensors)
    return painter.to(device).eval(), recipe


def embedder_of(path: Path) -> Embedder:
    """Of a checkpoint's folder or a painter.safetensors. Raises `UserError` where there is none."""
    return load_refiner_model(path)[0].embedder if path.is_file() else part_model_of(path)[0].embedder


def _held_out(data: Path, device: str) -> dataset.Pairs | None:
    if not any(shards.is_held_out(person) for person in shards.person_seeds(data)):
        log.warning("nobody is held out in %s: no figures and no sheets", data)
        return None
    return dataset.load(data, held_out=True, limit=40).to(device)


def _check(
    system: System, kept: dataset.Pairs | None, out: Path, step: int, books: Log, made: list[str]
) -> None:
    """Checkpoint first: figures can be made again."""
    size = system.painter.network.size
    state = {"step": step, "size": size, "recipe": system.recipe.as_dict()}
    state["made"] = made
    checkpoint.save(out, system.modules, system.optimisers, state)
    if kept is None:
        return
    painter: PartModel = system.average  # type: ignore[assignment]
    found = held_out.measure(painter, kept, most=ADVISED)
    books.write(
        step - 1, {f"{who}/{name}": value for who, row in found.items() for name, value in row.items()}
    )
    gains = {name: value - found["warped"][name] for name, value in found["refined"].items()}
    log.info("held out, refined less warped: %s", _short(gains))
    held_out.save_sheet(painter, kept, out / f"sheet-{step:06d}.png")


def _short(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
