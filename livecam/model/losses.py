"""What training minimises. Every loss is a mean, so that weights mean the same at any size and batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from livecam.generator.layout import EYES, LIDS, LIPS, MOUTH, REACH
from livecam.model.discriminator import Verdict

OPENING = 4.0
"""How much more an error counts inside mouth and eyes than around them."""
OPENING_EDGE = 0.03
"""Distance from an opening, in sides of the crop, over which that fades."""
FARTHEST = 2
"""Pixels: how far the truth may be bent. The tracker errs by .016 of the eyes' distance, 1.2 pixels."""
BLOCK = 16
"""Pixels of the crop, 1.3 cm: the truth is bent anew so often. Twice as many are looked at together."""
GRADIENTS = 170 / 255**2
"""The constant c of gradient magnitude similarity, for colours in 0..1."""
AROUND = 16
"""Pixels of the crop, 1.3 cm, over which the strength of gradients is averaged."""
PLACE = 8
"""Pixels of the crop, 7 mm, over which a place's colour is averaged."""
RELUCTANCE = 0.03
"""Share by which a shift by a pixel must be better than none."""


def region_weights(gate: Tensor, rasters: Tensor, truth_rasters: Tensor) -> Tensor:
    """(B, 1, C, C): 0 where nothing can change, 1 around mouth and eyes, 1 + `OPENING` inside them.

    Inside by the moved landmarks or by the true ones. gate (B, 1, C, C), rasters (B, 5, C/2, C/2).
    """
    both = torch.maximum(rasters, truth_rasters)
    openings = torch.maximum(both[:, MOUTH : MOUTH + 1], both[:, EYES : EYES + 1])
    openings = F.interpolate(openings, size=gate.shape[-2:], mode="bilinear", align_corners=False)
    inside = (openings * (REACH / OPENING_EDGE) + 1).clamp(0, 1)
    return gate * (1 + OPENING * inside)


def mouth_and_eyes(weights: Tensor, rasters: Tensor) -> tuple[Tensor, Tensor]:
    """The weights (B, 1, C, C) in two parts: nearer to the lips, and nearer to the lids. rasters (B, 5, C/2,
    C/2)."""
    nearer = (rasters[:, LIPS : LIPS + 1] > rasters[:, LIDS : LIDS + 1]).to(weights.dtype)
    mouth = weights * F.interpolate(nearer, size=weights.shape[-2:], mode="nearest")
    return mouth, weights - mouth


def content_loss(picture: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Weighted L1 of colours and of their differences to right and lower neighbours: sharp edges, right
    place."""
    error = picture - truth  # (B, 3, C, C)
    right, below = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    colour = _mean(error.abs(), weights)
    edges = _mean(right.abs(), weights[..., 1:]) + _mean(below.abs(), weights[..., 1:, :])
    return colour + 0.5 * edges


def gradient_similarity(picture: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """1 - the weighted mean of gradient magnitude similarity, (2 m n + c) / (m m + n n + c), with Prewitt's
    magnitudes m, n of both grey pictures (B, 3, C, C): Xue, Zhang, Mou, Bovik, "Gradient Magnitude Similarity
    Deviation", 2014. Of the crop and, as they do it, of the crop halved: so fine is it in a portrait of 256.

    L1 is content with a soft edge where it is not sure of the place; this is not.
    """
    found = []
    for own, true, where in _scales(picture, truth, weights):
        m, n = ((square + 1e-8).sqrt() for square in _squared_gradients(own, true))
        alike = (2 * m * n + GRADIENTS) / (m**2 + n**2 + GRADIENTS)
        found.append(_mean(1 - alike, where))
    return torch.stack(found).mean()


def sharpness_loss(picture: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """How far the strength of gradients, root mean square around each place, is from the truth's; (B, 3, C,
    C). Of the crop and of the crop halved, as `gradient_similarity`.

    What cannot be known is drawn soft by all losses that compare pixel by pixel. This one asks for as much
    contrast as there should be, and the cheapest way is to strengthen the edges that are sure: less is lost
    than where a discriminator has edges made up.
    """
    found = []
    for own, true, where in _scales(picture, truth, weights):
        around = AROUND * own.shape[-1] // picture.shape[-1]
        share = F.avg_pool2d(where, around, around // 4)
        m, n = (
            (F.avg_pool2d(square * where, around, around // 4) / (share + 1e-6) + 1e-6).sqrt()
            for square in _squared_gradients(own, true)
        )
        found.append(_mean((m - n).abs(), share))
    return torch.stack(found).mean()


def local_colour(picture: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Weighted L1 of the mean colours around each place; (B, 3, C, C).

    `sharpness_loss` is satisfied with contrast of any kind: a tongue that is painted paler than it is stands
    out against the darkness behind it as well as teeth do. Here light may only be moved within a place.
    """
    where = weights.float()
    share = F.avg_pool2d(where, PLACE, PLACE // 2)  # (B, 1, C / 4 - 1, C / 4 - 1)
    error = F.avg_pool2d((picture - truth).float() * where, PLACE, PLACE // 2) / (share + 1e-6)
    return _mean(error.abs(), share)


def _scales(picture: Tensor, truth: Tensor, weights: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """The three as they are and halved."""
    whole = (picture.float(), truth.float(), weights.float())
    small = [F.avg_pool2d(plane, 2) for plane in whole]
    return [whole, (small[0], small[1], small[2])]


def _squared_gradients(picture: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 1, C, C) of each: Prewitt's squared magnitude of the grey picture."""
    kernel = picture.new_tensor([[1.0, 0.0, -1.0]] * 3, dtype=torch.float32) / 3
    kernels = torch.stack([kernel, kernel.T])[:, None]  # (2, 1, 3, 3)
    grey = torch.cat([picture, truth]).float().mean(1, keepdim=True)
    grey = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    own, true = F.conv2d(grey, kernels).square().sum(1, keepdim=True).chunk(2)
    return own, true


def register_truth(truth: Tensor, picture: Tensor) -> Tensor:
    """The truth (B, 3, C, C), bent by up to `FARTHEST` pixels to lie where the picture has the same things.

    Landmarks are off by about a pixel of the crop, and nobody can tell which way: compared in place, the
    best answer is a blurred eye. Of every shift tried the one of least error is taken in each of overlapping
    blocks; no gradient flows through the choice.
    """
    with torch.no_grad():
        shifts = [
            (x, y)
            for y in range(-FARTHEST, FARTHEST + 1)
            for x in range(-FARTHEST, FARTHEST + 1)
            if abs(x) + abs(y) <= FARTHEST
        ]
        high, wide = truth.shape[-2:]
        light, shown = truth.float().mean(1, keepdim=True), picture.float().mean(1, keepdim=True)
        around = F.pad(light, (FARTHEST,) * 4, mode="replicate")
        costs = []
        for x, y in shifts:
            moved = around[..., FARTHEST + y : FARTHEST + y + high, FARTHEST + x : FARTHEST + x + wide]
            block = F.avg_pool2d((moved - shown).abs(), 2 * BLOCK, BLOCK, BLOCK // 2)
            costs.append(block * (1 + RELUCTANCE * (abs(x) + abs(y))))
        best = torch.cat(costs, 1).argmin(1)  # (B, about H / BLOCK, about W / BLOCK)
        field = truth.new_tensor(shifts, dtype=torch.float32)[best].permute(0, 3, 1, 2)
        field = F.interpolate(field, size=(high, wide), mode="bilinear", align_corners=False)
        across, down = (torch.arange(n, device=truth.device, dtype=torch.float32) for n in (wide, high))
        where = torch.stack([across.expand(high, wide), down[:, None].expand(high, wide)], -1)
        where = (where + field.permute(0, 2, 3, 1) + 0.5) * (2 / field.new_tensor([wide, high])) - 1
        bent = F.grid_sample(truth.float(), where, "bicubic", "border", align_corners=False)
        return bent.clamp(0, 1)


def only_teeth_teach(truth: Tensor, picture: Tensor, teeth: Tensor, true_teeth: Tensor) -> Tensor:
    """The truth, but the picture itself where teeth are drawn and none are in truth: that teaches nothing.

    A drawn tooth can only be shaded. A tongue that lies there in truth would teach that teeth are dark.
    Pictures (B, 3, C, C); teeth (B, 1, C, C), what is drawn; true_teeth (B, 1, C/2, C/2), what is in truth.
    """
    true = F.interpolate(true_teeth, size=teeth.shape[-2:], mode="bilinear", align_corners=False)
    return truth + (picture.detach() - truth) * (teeth * (1 - true))


def mask_restraint(mask: Tensor, gate: Tensor, weights: Tensor) -> Tensor:
    """Mean of the mask where it is not needed: mask and gate (B, 1, C, C), weights as `region_weights`
    gives."""
    around = gate * (1 + OPENING) - weights  # gate * OPENING around the openings, 0 in them
    return (mask * around).mean() / OPENING


def discriminator_hinge(real: Verdict, fake: Verdict, gate: Tensor) -> Tensor:
    """Lim and Ye 2017: real above 1, fake below -1; per person and per patch."""
    where = _patch_weights(gate, real.patches)
    person = F.relu(1 - real.person).mean() + F.relu(1 + fake.person).mean()
    patches = _mean(F.relu(1 - real.patches), where) + _mean(F.relu(1 + fake.patches), where)
    return person + patches


def generator_hinge(fake: Verdict, gate: Tensor) -> Tensor:
    """What the generator adds: its scores, negated."""
    return -fake.person.mean() - _mean(fake.patches, _patch_weights(gate, fake.patches))


def feature_match(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean L1 between the features of every layer; the truth's are not moved."""
    differences = [(f.float() - r.detach().float()).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(differences).mean()


def embedding_match(columns: Tensor, embedding: Tensor) -> Tensor:
    """L1 between a person's column W_i and its embedding e_i, both (B, 512): a new person's e then serves
    as its column when fine-tuning."""
    return (columns - embedding).abs().mean()


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean; weights broadcast over channels."""
    values, weights = values.float(), weights.float()
    return (values * weights).sum() / (weights.expand_as(values).sum() + 1e-6)


def _patch_weights(gate: Tensor, patches: Tensor) -> Tensor:
    return F.interpolate(gate.float(), size=patches.shape[-2:], mode="area")
