"""From crops of whole faces to those of a part, as the product cuts them: the training of one network."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from livecam.generator.parts import LEFT_EYE, MOUTH, OF_NETWORK, RIGHT_EYE, Part
from training.dataset import Batch

PARTS: Final = (MOUTH, LEFT_EYE, RIGHT_EYE)
"""In the order of a shard's centres."""
MIRRORED: Final = (0, 2, 1)
"""Where each of them is in a mirrored face."""


def part_batch(batch: Batch, network: str) -> Batch:
    """The samples of a network: of mouths as many as of faces, of eyes twice as many, the right ones
    mirrored. Shots stay whole faces.

    Windows begin at even pixels, so that their rasters, half as fine, need no interpolation: they lie up to
    a pixel beside where the product would cut them.
    """
    parts = OF_NETWORK[network]
    if not parts[0].around:  # the face itself
        return batch
    found = [_cut(batch, part) for part in parts]
    cut = {name: torch.cat([one[name] for one in found]) for name in found[0]}
    again = {
        name: torch.cat([getattr(batch, name)] * len(parts)) for name in ("shots", "shot_rasters", "person")
    }
    return replace(batch, **cut, **again)


def _cut(batch: Batch, part: Part) -> dict[str, Tensor]:
    size = batch.warped.shape[-1]
    pixels = part.pixels(size)
    index = PARTS.index(part)
    moved = _corners(batch.centres[:, index], pixels, size)
    own = _corners(batch.source_centres[:, index], pixels, size)
    cut = {
        name: _window(getattr(batch, name), own if name.startswith("source") else moved, pixels, step)
        for name, step in (
            ("warped", 1),
            ("truth", 1),
            ("source", 1),
            ("teeth", 1),
            ("true_teeth", 2),
            ("rasters", 2),
            ("truth_rasters", 2),
            ("source_rasters", 2),
        )
    }
    return {name: values.flip(-1) if part.mirrored else values for name, values in cut.items()}


def _corners(centres: Tensor, pixels: tuple[int, int], size: int) -> Tensor:
    """(B, 2) in 0..1 -> (B, 2) int64: the first pixel of each window, even, and all of it within the crop."""
    wanted = centres * size - centres.new_tensor(pixels) / 2
    even = (wanted / 2).round().long() * 2
    last = torch.tensor([size - n for n in pixels], device=centres.device)
    return torch.minimum(even.clamp(min=0), last)


def _window(values: Tensor, corners: Tensor, pixels: tuple[int, int], step: int) -> Tensor:
    """(B, C, h, w) -> (B, C, high, wide) from each sample's corner; `step`: pixels of the crop to one."""
    wide, high = (n // step for n in pixels)
    rows = corners[:, 1, None] // step + torch.arange(high, device=values.device)  # (B, high)
    columns = corners[:, 0, None] // step + torch.arange(wide, device=values.device)  # (B, wide)
    sample = torch.arange(len(values), device=values.device)
    return (
        values.permute(0, 2, 3, 1)[sample[:, None, None], rows[:, :, None], columns[:, None, :]]
        .permute(0, 3, 1, 2)
        .contiguous()
    )
