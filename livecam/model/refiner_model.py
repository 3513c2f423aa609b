"""What ships of a trained refiner: network, embedder and projection, and how their file is read."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from livecam.errors import UserError
from livecam.model import tensorfile
from livecam.model.embedder import Embedder, Projection
from livecam.model.generator import Generator
from livecam.model.paper import PaperNetwork, PaperShape
from livecam.model.refiner import CropNetwork, FaceRefiner
from livecam.model.repair import RepairNetwork, RepairShape


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """`kind`: "repair", or "paper" for the paper's generator without a warper. Widths as in
    `livecam.model`."""

    kind: str = "repair"
    widths: tuple[int, ...] = (24, 48, 96, 128)
    deep: int = 2
    head: int = 12
    confined: bool = True
    embedder: int = 32
    discriminator: int = 48
    people: int = 4096
    """Columns of the discriminator."""


class Samples(Protocol):
    """B samples: warped and source crops, rasters of both, and shots of the person with theirs."""

    warped: Tensor
    rasters: Tensor
    source: Tensor
    source_rasters: Tensor
    shots: Tensor
    shot_rasters: Tensor


class RefinerModel(nn.Module):
    """The refiner as it ships: the network that corrects crops, the embedder and P. Its parts' names are keys
    in painter.safetensors."""

    def __init__(self, settings: NetworkShape, size: int) -> None:
        super().__init__()
        self.network = make_network(settings, size)
        self.embedder = Embedder(settings.embedder)
        self.projection = Projection(self.network.style_size)

    def forward(self, batch: Samples) -> RefinedCrops:
        """Correct every sample."""
        embedding = self.embedder(batch.shots, batch.shot_rasters)
        style = self.projection(embedding)
        inputs = (batch.warped, batch.rasters, batch.source, batch.source_rasters)
        colour, mask = self.network.parts(*inputs, style)
        gate = self.network.gate(batch.rasters, batch.source_rasters)
        picture = batch.warped + (colour * mask * gate).float()
        return RefinedCrops(picture, mask.float(), gate.float(), embedding.float())


@dataclass(frozen=True, slots=True)
class RefinedCrops:
    """picture (B, 3, C, C); mask and gate (B, 1, C, C); embedding (B, 512)."""

    picture: Tensor
    mask: Tensor
    gate: Tensor
    embedding: Tensor


def make_network(settings: NetworkShape, size: int) -> CropNetwork:
    """Raises `UserError` for a kind or widths that there are not."""
    if len(settings.widths) != 4:
        raise UserError("widths", f"{settings.widths} are not four", "Give four numbers of channels.")
    first, second, third, fourth = settings.widths
    widths = (first, second, third, fourth)
    if settings.kind == "repair":
        return RepairNetwork(RepairShape(size, widths, settings.deep, settings.head))
    if settings.kind == "paper":
        return PaperNetwork(PaperShape(size, widths, settings.deep, settings.confined))
    raise UserError(f"kind {settings.kind!r}", "no such network", 'Use "repair" or "paper".')


def load_refiner_model(path: Path) -> tuple[RefinerModel, dict[str, Any]]:
    """The networks of a `painter.safetensors` in FP32, and the recipe they were trained by, as plain values.

    Raises:
        UserError: a file that is no such thing.
    """
    try:
        tensors, notes = tensorfile.read(path, "pt")
        about = json.loads(notes["painter"])
        recipe: dict[str, Any] = about["recipe"]
        model = RefinerModel(network_shape(recipe.get("network", {})), int(about["size"]))
        model.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (*tensorfile.UNREADABLE, KeyError, TypeError, ValueError, RuntimeError) as error:
        why = f"not a refiner's weights ({str(error).splitlines()[0]})"
        raise UserError(str(path), why, "Install livecam again, or name other weights.") from error
    return model.eval(), recipe


def network_shape(values: dict[str, Any]) -> NetworkShape:
    """From plain values. Raises TypeError for a name that there is not."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return dataclasses.replace(NetworkShape(), **known)


def load_generator(painter: Path | None, size: int) -> Generator:
    """The whole generator for pictures of `size` pixels; None: without a refiner.

    Raises:
        UserError: the file is missing, or no refiner's weights.
    """
    if painter is None:
        return Generator(size).eval()
    return Generator(size, FaceRefiner(load_refiner_model(painter)[0].network, size)).eval()
