"""Shared by the tests: small networks of mouth and eye with weights at random, and what they are fed. Needs
torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from livecam.engines import Engine, open_engine
from livecam.generator.layout import split_style
from livecam.model.refiner import CropNetwork
from livecam.model.repair import RepairNetwork, RepairShape
from livecam.render.cpu.refiner import CpuRefiner


def small_shape(name: str, size: int = 64) -> RepairShape:
    """`size`: pixels along the face-aligned square."""
    return RepairShape(name, size, widths=(8, 8, 16, 16), deep=1, head=8)


def small_network(name: str, size: int = 64) -> CropNetwork:
    """As if trained: every weight random, so that every layer has a say."""
    return trained(RepairNetwork(small_shape(name, size)))


def both_networks(size: int = 64) -> dict[str, CropNetwork]:
    """By their names."""
    return {name: small_network(name, size) for name in ("mouth", "eye")}


def trained(network: CropNetwork) -> CropNetwork:
    """The same network with weights at random."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    return network.eval().requires_grad_(False)


def inputs_of(network: CropNetwork, batch: int = 1) -> dict[str, torch.Tensor]:
    """Of 0..1 at random, by name: rasters are inside everywhere, so that the gate opens where they moved."""
    return {spec.name: torch.rand(batch, *spec.shape[1:]) for spec in network.inputs}


def random_style(networks: Mapping[str, CropNetwork]) -> np.ndarray:
    """(1, N), float32, as large as trained ones are."""
    count = sum(network.style_size for network in networks.values())
    return np.random.default_rng(0).normal(0, 0.3, (1, count)).astype(np.float32)


def torch_engine(network: CropNetwork) -> Engine:
    """Runs the network itself."""
    return open_engine("torch", module=network, inputs=network.inputs, outputs=network.outputs)


def host_refiner(
    networks: Mapping[str, CropNetwork], picture: np.ndarray, points: np.ndarray, style: np.ndarray
) -> CpuRefiner:
    """The CPU's way with these networks; points (478, 3) in 0..1 of the picture."""
    styles = split_style(style, {name: network.style_size for name, network in networks.items()})
    engines = {name: torch_engine(network) for name, network in networks.items()}
    size = next(iter(networks.values())).size
    return CpuRefiner(engines, picture, points, styles, size)
