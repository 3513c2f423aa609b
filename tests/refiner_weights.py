"""Shared by the tests: a folder of weights of tiny networks, made as the shipped ones are. Needs torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from livecam.generator import weights
from livecam.model.refiner_model import RefinerModel
from training import recipe, ship
from training.__main__ import recipe_path

NETWORKS = ("mouth", "eye")


def tiny_painter(
    seed: int = 0, size: int = 64, deviation: float = 0.1
) -> tuple[RefinerModel, dict[str, recipe.Recipe]]:
    """As if trained: every weight random, so that every layer has a say. `size`: pixels along the
    face-aligned square."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    settings = recipe.read(recipe_path("test"))
    recipes = {
        name: replace(settings, network=replace(settings.network, part=name, kind="repair"))
        for name in NETWORKS
    }
    painter = RefinerModel({name: one.network for name, one in recipes.items()}, size)
    for parameter in painter.parameters():
        nn.init.normal_(parameter, std=deviation)
    return painter.eval(), recipes


def write_weights(folder: Path, seed: int = 0, size: int = 64, deviation: float = 0.1) -> weights.Weights:
    """What `training.ship` writes."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "source.safetensors"
    ship.save_refiner_model(*tiny_painter(seed, size, deviation), source)
    out = folder / "refiner"
    ship.ship([source], out)
    found = weights.find_weights({weights.VARIABLE: str(out)})
    assert found is not None
    return found
