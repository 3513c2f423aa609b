"""Fine-tuning on a few pictures of one person: `livecam enroll IMAGE... --steps N`.

As in Zakharov et al. 2019 it starts from P e, the style that the embedder gives, and moves the person's own
numbers: scales and shifts of the AdaIN layers. They are inputs of every graph, so no engine is built anew.
The networks themselves stay: a few pictures would unlearn what thousands taught it.

Each network has its share of the numbers, tuned and checked by itself. Three forces: other pictures of the
person where there are some; the portrait at rest, which must come back; and faces that no picture shows,
where the result must stay near the start. What is worse on pictures kept for the check, or has moved too far,
is thrown away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livecam.arrays import F32, U8
from livecam.finetune.own_pairs import Moment, OwnPairs, held_out_indices, unseen_expressions
from livecam.frames import RGB
from livecam.generator.inputs import planes
from livecam.generator.layout import split_style, takes_teeth
from livecam.generator.parts import OF_NETWORK, parts_of
from livecam.model import losses
from livecam.model.refiner import CropNetwork
from livecam.model.refiner_model import load_refiner_model
from livecam.persona.mouth import toothiest
from livecam.persona.person_shots import portrait_view
from livecam.persona.types import PersonaData

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]

RATE: Final = 1.5e-2
"""Of Adam, at first; styles are about .1 in size."""
BATCH: Final = 3
ANCHOR: Final = 2.0
"""Weight of staying near the start on faces that no picture shows."""
CHECKS: Final = 5
"""How often the held-out pairs are looked at on the way; the best of these is kept."""
LEAST_GAIN: Final = 0.005
"""Share of the error that must go for a result to be kept: less is noise."""
MOST_DRIFT: Final = 0.35
"""Share of the correction by which faces that no picture shows may change."""
MOST_SOFTENING: Final = 0.002
"""Likeness of gradients that may be lost: what softens the picture is no gain."""


@dataclass(frozen=True, slots=True)
class TuningResult:
    """style: (1, N), the start itself where nothing better was found: each network's share is kept or not by
    itself. Errors are `losses.content` on the held-out pairs, the mean of the networks. pairs, held_out:
    pictures of the person."""

    style: F32
    kept: bool
    before: float
    after: float
    pairs: int
    held_out: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PairTensors:
    """Pairs of a network's parts as tensors, P of them: warped, truth, source (P, 3, H, W); rasters,
    truth_rasters, source_rasters (P, 5, H/2, W/2); teeth (P, 1, H, W)."""

    warped: Tensor
    truth: Tensor
    source: Tensor
    rasters: Tensor
    truth_rasters: Tensor
    source_rasters: Tensor
    teeth: Tensor

    def __len__(self) -> int:
        return len(self.warped)

    def __getitem__(self, index: Tensor) -> PairTensors:
        return self._each(lambda x: x[index])

    def mirrored(self) -> PairTensors:
        """Rasters have no left and right to exchange."""
        return self._each(lambda x: x.flip(-1))

    def _each(self, change: Callable[[Tensor], Tensor]) -> PairTensors:
        return PairTensors(*(change(getattr(self, entry.name)) for entry in fields(self)))


@dataclass(frozen=True, slots=True)
class Packs:
    """Of a network's parts: to train on; held out; faces that no picture shows, to train on and held out."""

    training: PairTensors
    kept: PairTensors
    anchors: PairTensors
    far: PairTensors


def fine_tune(
    persona: PersonaData,
    others: Sequence[tuple[RGB, F32]],
    painter: Path,
    steps: int,
    progress: Progress = lambda done, total: None,
    seed: int = 0,
) -> TuningResult:
    """`persona` has a style. `others`: further pictures, enrolled squares S x S x 3 with landmarks (478, 3)
    in 0..1. `steps`: of each network.

    Raises:
        UserError: `painter` is no file of weights.
    """
    assert persona.style is not None
    began = time.monotonic()
    model = load_refiner_model(painter)[0].requires_grad_(False)
    if persona.shots is not None:
        # The teeth that are shown cannot be asked for.
        seen = toothiest(*portrait_view(persona), persona.shots)
        others = [other for k, other in enumerate(others, 1) if k != seen]
    packs = make_pairs(persona, others, list(model.styles), model.size, seed)
    styles = split_style(persona.style.values, model.styles)
    found, errors = [], []
    for k, (name, start) in enumerate(styles.items()):
        told = partial(_further, progress, k * steps, steps * len(styles))
        best, *error = Tuner(model.network(name), start).run(packs[name], steps, told, seed)
        found.append((start, best))
        errors.append(error)
    better = any(best is not None for _, best in found)
    joined = np.concatenate([start if best is None else best for start, best in found], 1)
    style = joined if better else persona.style.values
    before, after = np.mean(errors, 0).tolist()
    name = next(iter(styles))
    seen, kept = (len(pack) // len(OF_NETWORK[name]) for pack in (packs[name].training, packs[name].kept))
    return TuningResult(style, better, before, after, seen, kept, time.monotonic() - began)


def _further(progress: Progress, before: int, total: int, done: int, steps: int) -> None:
    progress(before + done, total)


def make_pairs(
    persona: PersonaData, others: Sequence[tuple[RGB, F32]], networks: Sequence[str], size: int, seed: int
) -> dict[str, Packs]:
    """What each network is tuned by. Without other pictures the mirrored portrait, in windows of its own, is
    what is held out."""
    rng = np.random.default_rng(seed)
    make = OwnPairs(persona, parts_of(networks), size)
    found = [moment for moment in (make.beside(*other) for other in others) if moment is not None]
    checked = set(held_out_indices(len(found)))
    training = [make.at_rest(rng) for _ in range(4)]
    training += [moment for k, moment in enumerate(found) if k not in checked]
    kept = [found[k] for k in sorted(checked)] or [make.at_rest(rng) for _ in range(3)]
    moved = [make.moved(points) for points in unseen_expressions(persona.landmarks)]
    packs = {}
    for name in networks:
        one = [_pack(moments, name) for moments in (training, kept, moved[::2], moved[1::2])]
        if not checked:
            one[1] = one[1].mirrored()
        packs[name] = Packs(*one)
    return packs


class Tuner:
    """One person's style for a network. Which of two styles is better is asked of held-out pairs."""

    def __init__(self, network: CropNetwork, start: F32) -> None:
        """`start`: (1, N), the network's share of the person's style."""
        self.network, self.start = network, torch.from_numpy(np.array(start, np.float32))

    def repair(self, pack: PairTensors, style: Tensor) -> Tensor:
        """(P, 3, H, W)"""
        teeth = (pack.teeth,) if takes_teeth(self.network.name) else ()
        told = (*teeth, pack.source, pack.source_rasters, style.expand(len(pack), -1))
        return pack.warped + self.network(pack.warped, pack.rasters, *told)

    def run(
        self,
        packs: Packs,
        steps: int,
        progress: Progress = lambda done, total: None,
        seed: int = 0,
    ) -> tuple[F32 | None, float, float]:
        """The best style of those looked at on the way, or None; the start's error and the best one's."""
        style = self.start.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([style], RATE, betas=(0.9, 0.99))
        with torch.no_grad():
            stay = self.repair(packs.anchors, self.start)
        first = self.judge(packs.kept, packs.far, self.start)
        best, error = None, first.error
        generator = torch.Generator().manual_seed(seed)
        every = max(1, steps // CHECKS)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - 0.9 * step / steps)
            loss = self._loss(packs, stay, style, generator)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if (step + 1) % every == 0 or step + 1 == steps:
                found = self.judge(packs.kept, packs.far, style.detach())
                name = self.network.name
                log.info(
                    "%s, step %d: held-out error %.5f, at first %.5f",
                    name,
                    step + 1,
                    found.error,
                    first.error,
                )
                if found.beats(first) and found.error < error:
                    best, error = style.detach().clone(), found.error
            progress(step + 1, steps)
        return None if best is None else best.numpy(), first.error, error

    def _loss(self, packs: Packs, stay: Tensor, style: Tensor, generator: torch.Generator) -> Tensor:
        training, anchors = packs.training, packs.anchors
        index = torch.randperm(len(training), generator=generator)[:BATCH]
        one = torch.randint(len(anchors), (1,), generator=generator)
        batch, anchor = training[index], anchors[one]
        near = losses.content_loss(self.repair(batch, style), batch.truth, self._weights(batch))
        drift = losses.content_loss(self.repair(anchor, style), stay[one], self._weights(anchor))
        return near + ANCHOR * drift

    def _weights(self, pack: PairTensors) -> Tensor:
        gate = self.network.gate(pack.rasters, pack.source_rasters)
        return losses.region_weights(gate, pack.rasters, pack.truth_rasters)

    @torch.no_grad()
    def judge(self, kept: PairTensors, far: PairTensors, style: Tensor) -> StyleRating:
        """A style on what was held out."""
        repaired, weights = self.repair(kept, style), self._weights(kept)
        error = float(losses.content_loss(repaired, kept.truth, weights))
        alike = _likeness(repaired, kept.truth)
        likeness = float((alike * weights).sum() / (weights.sum() + 1e-6))
        there = self.repair(far, self.start)
        moved = (self.repair(far, style) - there).abs().mean()
        drift = float(moved / ((there - far.warped).abs().mean() + 1e-4))
        return StyleRating(error, likeness, drift)


@dataclass(frozen=True, slots=True)
class StyleRating:
    """error: `losses.content`; likeness of gradients, 1 at best; drift: change of made-up faces as a share
    of their correction."""

    error: float
    likeness: float
    drift: float

    def beats(self, start: StyleRating) -> bool:
        """Nearer, not softer, and elsewhere nearly the same."""
        return (
            self.error < start.error * (1 - LEAST_GAIN)
            and self.likeness > start.likeness - MOST_SOFTENING
            and self.drift < MOST_DRIFT
        )


def _pack(moments: Sequence[Moment], network: str) -> PairTensors:
    """All pairs of a network's parts. Where the truth is not known the warped picture stands in its place."""
    pairs = [moment[part.name] for moment in moments for part in OF_NETWORK[network]]

    def pictures(chosen: Sequence[U8]) -> Tensor:
        return torch.from_numpy(np.concatenate([planes(picture) for picture in chosen]))

    def rasters(chosen: Sequence[F32]) -> Tensor:
        return torch.from_numpy(np.stack(chosen))

    return PairTensors(
        warped=pictures([pair.warped for pair in pairs]),
        truth=pictures([pair.warped if pair.truth is None else pair.truth for pair in pairs]),
        source=pictures([pair.source for pair in pairs]),
        rasters=rasters([pair.rasters for pair in pairs]),
        truth_rasters=rasters(
            [pair.rasters if pair.truth_rasters is None else pair.truth_rasters for pair in pairs]
        ),
        source_rasters=rasters([pair.source_rasters for pair in pairs]),
        teeth=pictures([pair.teeth[..., None] for pair in pairs]),
    )


def _likeness(one: Tensor, other: Tensor) -> Tensor:
    """Gradient magnitude similarity (Xue et al. 2014) of grey pictures in 0..1: (P, 1, C, C)."""
    kernel = one.new_tensor([[1.0, 0.0, -1.0]] * 3).reshape(1, 1, 3, 3) / 3

    def magnitude(picture: Tensor) -> Tensor:
        grey = F.pad(picture.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate") * 255
        across, down = F.conv2d(grey, kernel), F.conv2d(grey, kernel.transpose(2, 3))
        return (across.square() + down.square()).sqrt()

    a, b = magnitude(one), magnitude(other)
    return (2 * a * b + 170.0) / (a.square() + b.square() + 170.0)
