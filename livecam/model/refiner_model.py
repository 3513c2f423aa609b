"""What ships of a trained refiner: a network for each part of the face with its projection, and the embedder;
and how their file is read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from livecam.errors import UserError
from livecam.generator.layout import takes_teeth
from livecam.generator.parts import OF_NETWORK
from livecam.model import tensorfile
from livecam.model.embedder import Embedder, Projection
from livecam.model.generator import Generator
from livecam.model.paper import PaperNetwork, PaperShape
from livecam.model.refiner import CropNetwork, FaceRefiner
from livecam.model.repair import RepairNetwork, RepairShape


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """`part`: the network's name, as in `livecam.generator.parts`: "mouth", "eye", or "face" for both at
    once. `kind`: "repair", or "paper" for the paper's generator without a warper, which draws a face. Widths
    as in `livecam.model`."""

    part: str = "mouth"
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
    """B samples of a part: warped and source crops, rasters of both, teeth, and shots of the person's whole
    face with their rasters."""

    warped: Tensor
    rasters: Tensor
    teeth: Tensor
    source: Tensor
    source_rasters: Tensor
    shots: Tensor
    shot_rasters: Tensor


class PartModel(nn.Module):
    """A network in training: it, the embedder and its P."""

    def __init__(self, network: CropNetwork, embedder: Embedder, projection: Projection) -> None:
        super().__init__()
        self.network, self.embedder, self.projection = network, embedder, projection

    @classmethod
    def make(cls, settings: NetworkShape, size: int) -> PartModel:
        """As it starts. Raises `UserError` for a kind, a part or widths that there are not."""
        network = make_network(settings, size)
        return cls(network, Embedder(settings.embedder), Projection(network.style_size))

    def forward(self, batch: Samples) -> RefinedCrops:
        """Correct every sample."""
        embedding = self.embedder(batch.shots, batch.shot_rasters)
        style = self.projection(embedding)
        teeth = batch.teeth if takes_teeth(self.network.name) else None
        inputs = (batch.warped, batch.rasters, teeth, batch.source, batch.source_rasters)
        correction, mask = self.network.parts(*inputs, style)
        gate = self.network.gate(batch.rasters, batch.source_rasters)
        picture = batch.warped + (correction * gate).float()
        return RefinedCrops(picture, mask.float(), gate.float(), embedding.float())


@dataclass(frozen=True, slots=True)
class RefinedCrops:
    """picture (B, 3, H, W); mask and gate (B, 1, H, W); embedding (B, 512)."""

    picture: Tensor
    mask: Tensor
    gate: Tensor
    embedding: Tensor


class RefinerModel(nn.Module):
    """The refiner as it ships: networks and projections by name, and the embedder that all share. Its parts'
    names are keys in painter.safetensors."""

    def __init__(self, settings: Mapping[str, NetworkShape], size: int) -> None:
        """`settings`: of every network, by its name. Raises `UserError` for shapes that do not go
        together."""
        super().__init__()
        if len({shape.embedder for shape in settings.values()}) != 1:
            raise UserError("these networks", "have not one embedder", "Train the second with the first's.")
        self.size = size
        self.embedder = Embedder(next(iter(settings.values())).embedder)
        made = {name: make_network(shape, size) for name, shape in settings.items()}
        self.networks = nn.ModuleDict(made)
        self.projections = nn.ModuleDict({name: Projection(one.style_size) for name, one in made.items()})

    def network(self, name: str) -> CropNetwork:
        """The network of that name."""
        found = self.networks[name]
        assert isinstance(found, CropNetwork)
        return found

    def part(self, name: str) -> PartModel:
        """The network of that name as in training; its parts are shared with this."""
        return PartModel(self.network(name), self.embedder, self.projection(name))

    def projection(self, name: str) -> Projection:
        """P of the network of that name."""
        found = self.projections[name]
        assert isinstance(found, Projection)
        return found

    @property
    def styles(self) -> dict[str, int]:
        """How many of a person's numbers each network takes."""
        return {name: self.network(name).style_size for name in self.networks}

    def face_refiner(self, size: int) -> FaceRefiner:
        """As a part of the generator for pictures of `size` pixels."""
        return FaceRefiner({name: self.network(name) for name in self.networks}, size)


def make_network(settings: NetworkShape, size: int) -> CropNetwork:
    """Raises `UserError` for a kind, a part or widths that there are not."""
    if len(settings.widths) != 4:
        raise UserError("widths", f"{settings.widths} are not four", "Give four numbers of channels.")
    first, second, third, fourth = settings.widths
    widths = (first, second, third, fourth)
    if settings.part not in OF_NETWORK:
        raise UserError(f"part {settings.part!r}", "no such part", f"Use one of {', '.join(OF_NETWORK)}.")
    if settings.kind == "repair":
        return RepairNetwork(RepairShape(settings.part, size, widths, settings.deep, settings.head))
    if settings.kind == "paper" and settings.part == "face":
        return PaperNetwork(PaperShape(size, widths, settings.deep, settings.confined))
    known = 'Use "repair", or "paper" with part "face".'
    raise UserError(f"kind {settings.kind!r} of {settings.part!r}", "no such network", known)


def load_refiner_model(path: Path) -> tuple[RefinerModel, dict[str, dict[str, Any]]]:
    """The networks of a `painter.safetensors` in FP32, and the recipes they were trained by, as plain values,
    by the networks' names.

    Raises:
        UserError: a file that is no such thing.
    """
    try:
        tensors, notes = tensorfile.read(path, "pt")
        about = json.loads(notes["painter"])
        recipes: dict[str, dict[str, Any]] = about["recipes"]
        shapes = {name: network_shape(recipe.get("network", {})) for name, recipe in recipes.items()}
        model = RefinerModel(shapes, int(about["size"]))
        model.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (*tensorfile.UNREADABLE, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        why = f"not a refiner's weights ({str(error).splitlines()[0]})"
        raise UserError(str(path), why, "Install livecam again, or name other weights.") from error
    return model.eval(), recipes


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
    return Generator(size, load_refiner_model(painter)[0].face_refiner(size)).eval()
