"""Looks that no renderer gives: colours, tones, softness and grain, alike for all pictures of a sample.

All that is drawn comes from one generator of the step's own. On average a third of the samples stay as they
are in each respect, so that plain photographs are never rare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from training.dataset import Batch
from training.part_windows import MIRRORED

LUMINANCE = (0.30, 0.59, 0.11)
TONE = (0.08, 0.0, -0.12)
"""Of old paper, in shares of red, green and blue."""


@dataclass(frozen=True, slots=True)
class Strength:
    """Standard deviations of logarithms where nothing else is said; shares of samples."""

    saturation: float = 1.5
    """The most that colours are strengthened; 0 is grey."""
    grey: float = 0.15
    """Share without any colour: engravings, old photographs."""
    tint: float = 0.10
    gain: float = 0.40
    gamma: float = 0.25
    contrast: float = 0.15
    sepia: float = 0.1
    """Share of all that are grey and toned: drawings on old paper, old photographs."""
    coarse: float = 0.3
    """Share that was a small picture once."""
    blur: float = 0.8
    """The most, in pixels of the crop."""
    grain: float = 0.02
    flip: float = 0.5


def augment(batch: Batch, strength: Strength, generator: torch.Generator) -> Batch:
    """A batch of other looks. `generator` lives on the CPU; the batch anywhere."""
    pictures = batch.pictures()  # (B, V, 3, C, C)
    count = len(pictures)
    device = pictures.device

    def uniform(low: float = 0.0, high: float = 1.0) -> Tensor:
        drawn = torch.rand(count, generator=generator) * (high - low) + low
        return drawn.to(device).reshape(-1, 1, 1, 1, 1)

    def spread(deviation: float, *more: int) -> Tensor:
        """exp(N(0, deviation)), and 1 for a third."""
        drawn = torch.randn(count, *more, generator=generator) * deviation
        keep = torch.rand(count, generator=generator) < 1 / 3
        drawn[keep] = 0
        return drawn.exp().to(device).reshape(count, 1, *(more or (1,)), 1, 1)

    weights = pictures.new_tensor(LUMINANCE).reshape(1, 1, 3, 1, 1)
    light = (pictures * weights).sum(2, keepdim=True)
    saturation = torch.where(uniform() < 1 / 3, torch.ones_like(uniform()), uniform(0, strength.saturation))
    grey = uniform() < strength.grey
    saturation = torch.where(grey, torch.zeros_like(saturation), saturation)
    pictures = light + (pictures - light) * saturation
    pictures = pictures * spread(strength.tint, 3) * spread(strength.gain)
    toned = grey & (uniform() * strength.grey < strength.sepia)
    pictures = pictures * (1 + toned * pictures.new_tensor(TONE).reshape(1, 1, 3, 1, 1))
    pictures = pictures.clamp(0, 1.2).add(1e-4) ** spread(strength.gamma)
    middle = pictures.mean((1, 2, 3, 4), keepdim=True)
    pictures = (middle + (pictures - middle) * spread(strength.contrast)).clamp(0, 1)
    pictures = _soften(pictures, strength, generator)
    amount = torch.where(uniform() < 0.5, torch.zeros_like(uniform()), uniform(0, strength.grain))
    grain = torch.randn(pictures.shape[1:], generator=generator).to(device)
    pictures = (pictures + grain * amount).clamp(0, 1)
    made = replace(
        batch, warped=pictures[:, 0], truth=pictures[:, 1], source=pictures[:, 2], shots=pictures[:, 3:]
    )
    flips = (torch.rand(count, generator=generator) < strength.flip).to(device)
    return flip(made, flips)


def flip(batch: Batch, flips: Tensor) -> Batch:
    """Mirror the samples where `flips` (B,) says so. Rasters have no left and right to exchange."""

    def mirrored(values: Tensor) -> Tensor:
        return torch.where(flips.reshape(-1, *[1] * (values.dim() - 1)), values.flip(-1), values)

    names = (
        "warped",
        "truth",
        "source",
        "teeth",
        "true_teeth",
        "rasters",
        "truth_rasters",
        "source_rasters",
        "shots",
        "shot_rasters",
    )
    changed = {name: mirrored(getattr(batch, name)) for name in names}
    for name in ("centres", "source_centres"):
        centres: Tensor = getattr(batch, name)
        other = centres[:, list(MIRRORED)] * centres.new_tensor([-1, 1]) + centres.new_tensor([1, 0])
        changed[name] = torch.where(flips[:, None, None], other, centres)
    return replace(batch, **changed)


def _soften(pictures: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Half of the samples get one blur, some are made from a smaller picture; (B, V, 3, C, C)."""
    count, views, _, size, _ = pictures.shape
    order = torch.randperm(count, generator=generator)
    sigma = float(torch.rand((), generator=generator)) * strength.blur
    scale = 0.45 + 0.5 * float(torch.rand((), generator=generator))
    pictures = pictures.clone()
    soft = order[: count // 2].to(pictures.device)
    if sigma > 0.2 and len(soft):
        pictures[soft] = blur(pictures[soft].flatten(0, 1), sigma).reshape(-1, views, 3, size, size)
    coarse = order[count - round(strength.coarse * count) :].to(pictures.device)
    if len(coarse):
        small = F.interpolate(
            pictures[coarse].flatten(0, 1), scale_factor=scale, mode="bilinear", antialias=True
        )
        large = F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)
        pictures[coarse] = large.reshape(-1, views, 3, size, size)
    return pictures


def blur(pictures: Tensor, sigma: float) -> Tensor:
    """Gaussian; (N, 3, C, C)."""
    radius = max(1, round(2.5 * sigma))
    x = torch.arange(-radius, radius + 1, device=pictures.device, dtype=pictures.dtype)
    kernel = torch.exp(-(x * x) / (2 * sigma * sigma))
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    pictures = F.conv2d(F.pad(pictures, (radius, radius, 0, 0), mode="replicate"), kernel, groups=3)
    kernel = kernel.transpose(2, 3)
    return F.conv2d(F.pad(pictures, (0, 0, radius, radius), mode="replicate"), kernel, groups=3)
