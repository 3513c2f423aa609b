"""Training pairs in memory, and the order in which they come.

Everything random at step n is drawn from (seed, n) alone. A resumed run therefore sees what an uninterrupted
one would have seen, with no generator's state to keep.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livecam.errors import UserError
from training import shards
from training.heads.materials import Material

log = logging.getLogger(__name__)

TEETH: Final = int(Material.TEETH)
PICTURES = ("warped", "truth", "source")


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of some people. N pairs, P people; pictures uint8 planes.

    warped, truth (N, 3, C, C); rasters, truth_rasters (N, 5, C/2, C/2); teeth (N, C, C); centres (N, 3, 2);
    material (N, C/2, C/2); expression (N, E); source (P, 3, C, C); source_rasters (P, 5, C/2, C/2);
    source_centres (P, 3, 2); identity (P, I); person (P,) int64, the seeds; owner (N,) int64: which of the P.
    first, count (P,): each person's own pairs lie together.
    """

    tensors: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.tensors["owner"])

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    @property
    def size(self) -> int:
        """C"""
        return int(self.tensors["warped"].shape[-1])

    def to(self, device: str | torch.device) -> Pairs:
        return Pairs({name: tensor.to(device) for name, tensor in self.tensors.items()})


def load(folder: Path, held_out: bool, limit: int | None = None) -> Pairs:
    """The people of a folder that are trained on, or those held out; `limit`: at most so many.

    Raises:
        UserError: no pairs, or none of that kind.
    """
    chosen = [person for person in shards.person_seeds(folder) if shards.is_held_out(person) == held_out][
        :limit
    ]
    if not chosen:
        kind = "held out" if held_out else "to train on"
        raise UserError(
            str(folder), f"nobody is {kind}", f"Make more people: every {shards.HELD_OUT}th is held out."
        )
    rows: dict[str, list[NDArray[Any]]] = {}
    owner: list[int] = []
    first: list[int] = []
    count: list[int] = []
    for index, person in enumerate(chosen):
        arrays = shards.read_person(shards.path_of(folder, person))
        first.append(len(owner))
        count.append(len(arrays["warped"]))
        owner += [index] * count[-1]
        for name, values in arrays.items():
            if name == "landmarks":  # for looking at, not for training
                continue
            rows.setdefault(name, []).append(values.transpose(0, 3, 1, 2) if name in PICTURES else values)
    tensors = {name: torch.from_numpy(np.concatenate(values)) for name, values in rows.items()}
    tensors |= {"owner": torch.tensor(owner), "first": torch.tensor(first), "count": torch.tensor(count)}
    log.info("%d pairs of %d people from %s", len(owner), len(chosen), folder)
    return Pairs(tensors)


def choose(pairs: Pairs, seed: int, step: int, batch: int) -> NDArray[np.int64]:
    """(batch,): the numbers of the pairs of a step. Every pair comes once before any comes again."""
    total = len(pairs)
    places = np.arange(step * batch, (step + 1) * batch)
    epochs = places // total
    chosen = np.empty(batch, np.int64)
    for epoch in np.unique(epochs):
        order = np.random.default_rng([seed, 1, int(epoch)]).permutation(total)
        chosen[epochs == epoch] = order[places[epochs == epoch] % total]
    return chosen


@dataclass(frozen=True, slots=True)
class Batch:
    """B samples of faces, or of a part of them (`training.part_windows`), H x W of its own then. Pictures and
    teeth in 0..1, rasters in -1..1, float32.

    warped, truth, source (B, 3, C, C); teeth (B, 1, C, C), what is drawn as teeth; true_teeth (B, 1, C/2,
    C/2), 1 where the truth shows some or nobody knows; rasters, truth_rasters, source_rasters (B, 5, C/2,
    C/2); centres, source_centres (B, 3, 2), in 0..1 of the face;
    shots (B, K, 3, C, C) and shot_rasters (B, K, 5, C/2, C/2): pictures of the same person, among them the
    source and never the truth; person (B,) int64.
    """

    warped: Tensor
    truth: Tensor
    source: Tensor
    teeth: Tensor
    true_teeth: Tensor
    rasters: Tensor
    truth_rasters: Tensor
    source_rasters: Tensor
    centres: Tensor
    source_centres: Tensor
    shots: Tensor
    shot_rasters: Tensor
    person: Tensor

    def pictures(self) -> Tensor:
        """(B, 3 + K, 3, C, C): warped, truth, source, shots; what is done to one is done to all."""
        return torch.cat([torch.stack([self.warped, self.truth, self.source], 1), self.shots], 1)


def gather(pairs: Pairs, chosen: NDArray[np.int64], shots: int, rng: np.random.Generator) -> Batch:
    """The samples by their numbers. The K shots are the portrait, which is the source, and K - 1 other
    moments of the person."""
    device = pairs["owner"].device
    index = torch.from_numpy(chosen).to(device)
    owner = pairs["owner"][index]
    others = _others(pairs, chosen, shots - 1, rng)

    def picture(name: str, where: Tensor) -> Tensor:
        return pairs[name][where].float() / 255

    def raster(name: str, where: Tensor) -> Tensor:
        return pairs[name][where].float() / 127.5 - 1

    material = pairs["material"][index][:, None]
    shows_teeth = (material == TEETH) | (material == 0).all((2, 3), keepdim=True)
    shot_pictures, shot_rasters = picture("source", owner)[:, None], raster("source_rasters", owner)[:, None]
    if shots > 1:
        where = torch.from_numpy(others).to(device)
        shot_pictures = torch.cat([shot_pictures, picture("truth", where)], 1)
        shot_rasters = torch.cat([shot_rasters, raster("truth_rasters", where)], 1)
    return Batch(
        warped=picture("warped", index),
        truth=picture("truth", index),
        source=shot_pictures[:, 0],
        teeth=picture("teeth", index)[:, None],
        true_teeth=shows_teeth.float(),
        rasters=raster("rasters", index),
        truth_rasters=raster("truth_rasters", index),
        source_rasters=shot_rasters[:, 0],
        centres=pairs["centres"][index],
        source_centres=pairs["source_centres"][owner],
        shots=shot_pictures,
        shot_rasters=shot_rasters,
        person=pairs["person"][owner],
    )


def _others(
    pairs: Pairs, chosen: NDArray[np.int64], wanted: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(B, wanted): other pairs of the same people, again and again where a person has too few."""
    owner = pairs["owner"].cpu().numpy()[chosen]
    first, count = (pairs[name].cpu().numpy()[owner] for name in ("first", "count"))
    found = np.empty((len(chosen), wanted), np.int64)
    for row, (own, start, many) in enumerate(zip(chosen, first, count, strict=True)):
        rest = np.setdiff1d(np.arange(start, start + many), [own]) if many > 1 else np.array([own])
        found[row] = rng.permutation(np.resize(rng.permutation(rest), max(wanted, 1)))[:wanted]
    return found
