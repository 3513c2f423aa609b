"""The networks that two well-known programs run for every frame, by the shapes of their layers only.

Own code with random weights: speed does not depend on what weights hold. Written from the papers and from the
sizes in the public configurations; pictures that come out are noise. Blocks that cost nothing beside the
convolutions (softmaxes, key point arithmetic) are there where they move data of that size.

FOMM: Siarohin et al., "First Order Motion Model for Image Animation", NeurIPS 2019 (vox, 256).
LivePortrait: Guo et al., "LivePortrait: Efficient Portrait Animation with Stitching and Retargeting Control",
2024 (512).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Convolution, batch normalisation, ReLU, before which or after which the size may change by two.

    `flat` leaves the depth of a volume as it is.
    """

    def __init__(
        self, before: int, after: int, size: int = 3, *, change: str = "", volume: bool = False
    ) -> None:
        super().__init__()
        conv, norm = (nn.Conv3d, nn.BatchNorm3d) if volume else (nn.Conv2d, nn.BatchNorm2d)
        self.conv: nn.Module = conv(before, after, size, padding=size // 2)
        self.norm: nn.Module = norm(after)
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        volume = x.ndim == 5
        if self.change == "up":
            x = F.interpolate(x, scale_factor=(1.0, 2.0, 2.0) if volume else 2.0)
        x = F.relu(self.norm(self.conv(x)))
        if self.change == "down":
            x = F.avg_pool3d(x, (1, 2, 2)) if volume else F.avg_pool2d(x, 2)
        return x


class Hourglass(nn.Module):
    """Five halvings, five doublings, every skip joined; `last`: one more block at full size."""

    def __init__(self, before: int, width: int, *, most: int = 1024, volume: bool = False) -> None:
        super().__init__()
        widths = [before, *(min(most, width * 2**k) for k in range(1, 6))]
        self.down = nn.ModuleList(Block(a, b, change="down", volume=volume) for a, b in pairwise(widths))
        ups = []
        for k in range(4, -1, -1):
            inside = min(most, width * 2 ** (k + 1)) * (1 if k == 4 else 2)
            ups.append(Block(inside, min(most, width * 2**k), change="up", volume=volume))
        self.up = nn.ModuleList(ups)
        self.channels = width + before
        self.last = Block(self.channels, self.channels, volume=True) if volume else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        skips = [x]
        for block in self.down:
            skips.append(block(skips[-1]))
        x = skips.pop()
        for block in self.up:
            x = torch.cat([block(x), skips.pop()], 1)
        out: Tensor = self.last(x)
        return out


class Fomm(nn.Module):
    """Key points of the driver, dense motion, generator: 256 x 256, 10 key points.

    forward: portrait and driver (1, 3, 256, 256) -> (1, 3, 256, 256).
    """

    points = 10

    def __init__(self) -> None:
        super().__init__()
        self.blur = nn.Conv2d(3, 3, 13, padding=6, groups=3, bias=False)
        self.detector = Hourglass(3, 32)
        self.heat = nn.Conv2d(self.detector.channels, self.points, 7)
        self.jacobian = nn.Conv2d(self.detector.channels, 4 * self.points, 7)
        self.motion = Hourglass((self.points + 1) * 4, 64)
        self.mask = nn.Conv2d(self.motion.channels, self.points + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.motion.channels, 1, 7, padding=3)
        self.encode = nn.Sequential(
            Block(3, 64, 7), Block(64, 128, change="down"), Block(128, 256, change="down")
        )
        self.middle = nn.ModuleList(Residual(256) for _ in range(6))
        self.decode = nn.Sequential(Block(256, 128, change="up"), Block(128, 64, change="up"))
        self.last = nn.Conv2d(64, 3, 7, padding=3)

    def forward(self, portrait: Tensor, driver: Tensor) -> Tensor:
        found = self.detector(self.blur(driver)[:, :, ::4, ::4])
        heat, jacobian = torch.softmax(self.heat(found).flatten(2), -1), self.jacobian(found)
        moved = heat.mean() + jacobian.mean()
        small = self.blur(portrait)[:, :, ::4, ::4]  # (1, 3, 64, 64)
        copies = small.repeat(self.points + 1, 1, 1, 1)
        grid = _grid(64).repeat(self.points + 1, 1, 1, 1) + moved
        sparse = F.grid_sample(copies, grid, align_corners=False)  # one warp a key point
        joined = torch.cat([sparse[:, :1], sparse], 1).flatten(0, 1)[None]  # with the key point's own heat
        motion = self.motion(joined)
        mask = torch.softmax(self.mask(motion), 1)
        flow = (grid.permute(0, 3, 1, 2)[None] * mask[:, :, None]).sum(1).permute(0, 2, 3, 1)
        x = F.grid_sample(self.encode(portrait), flow, align_corners=False)
        x = x * torch.sigmoid(self.occlusion(motion))
        for block in self.middle:
            x = block(x)
        return torch.sigmoid(self.last(self.decode(x)))


class Residual(nn.Module):
    """x + conv(act(norm(conv(act(norm(x))))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            y = conv(F.relu(norm(y)))
        return x + y


class LivePortrait(nn.Module):
    """What runs for every frame: motion extractor, warping network, decoder: 512 x 512, 21 key points.

    The appearance features (1, 32, 16, 64, 64) of the portrait are made once and are an input here.
    forward: features and driver (1, 3, 256, 256) -> (1, 3, 512, 512).
    """

    points = 21

    def __init__(self) -> None:
        super().__init__()
        self.extractor = ConvNeXt()
        self.compress = nn.Conv3d(32, 4, 1)
        self.motion = Hourglass((self.points + 1) * 5, 32, volume=True)
        self.mask = nn.Conv3d(self.motion.channels, self.points + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.motion.channels * 16, 1, 7, padding=3)
        self.third = Block(512, 256)
        self.fourth = nn.Conv2d(256, 256, 1)
        self.first = nn.Conv2d(256, 512, 3, padding=1)
        self.middle = nn.ModuleList(Spade(512, 512) for _ in range(6))
        self.up1, self.up2 = Spade(512, 256), Spade(256, 64)
        self.last = nn.Conv2d(64, 12, 3, padding=1)

    def forward(self, features: Tensor, driver: Tensor) -> Tensor:
        moved = self.extractor(driver).mean()
        small = F.relu(self.compress(features))  # (1, 4, 16, 64, 64)
        grid = _volume_grid(16, 64).repeat(self.points + 1, 1, 1, 1, 1) + moved
        copies = small.repeat(self.points + 1, 1, 1, 1, 1)
        sparse = F.grid_sample(copies, grid, align_corners=False)
        joined = torch.cat([sparse[:, :1], sparse], 1).flatten(0, 1)[None]  # (1, 110, 16, 64, 64)
        motion = self.motion(joined)
        mask = torch.softmax(self.mask(motion), 1)  # (1, 22, 16, 64, 64)
        flow = (grid.permute(0, 4, 1, 2, 3)[None] * mask[:, :, None]).sum(1).permute(0, 2, 3, 4, 1)
        occlusion = torch.sigmoid(self.occlusion(motion.flatten(1, 2)))
        warped = F.grid_sample(features, flow, align_corners=False).flatten(1, 2)  # (1, 512, 64, 64)
        seen = self.fourth(self.third(warped)) * occlusion
        x = self.first(seen)
        for block in self.middle:
            x = block(x, seen)
        x = self.up1(F.interpolate(x, scale_factor=2.0), seen)
        x = self.up2(F.interpolate(x, scale_factor=2.0), seen)  # (1, 64, 256, 256)
        return torch.sigmoid(F.pixel_shuffle(self.last(F.leaky_relu(x, 0.2)), 2))


class Modulation(nn.Module):
    """Instance normalisation whose scale and shift are maps made from `seen` (SPADE, Park et al. 2019)."""

    def __init__(self, channels: int, hidden: int = 128) -> None:
        super().__init__()
        self.shared = nn.Conv2d(256, hidden, 3, padding=1)
        self.scale = nn.Conv2d(hidden, channels, 3, padding=1)
        self.shift = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        hidden = F.relu(self.shared(F.interpolate(seen, size=x.shape[2:])))
        return F.instance_norm(x) * (1 + self.scale(hidden)) + self.shift(hidden)


class Spade(nn.Module):
    """Residual block of modulated convolutions; a third one where the number of channels changes."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        least = min(before, after)
        self.norm1, self.norm2 = Modulation(before), Modulation(least)
        self.conv1 = nn.Conv2d(before, least, 3, padding=1)
        self.conv2 = nn.Conv2d(least, after, 3, padding=1)
        self.norm3 = Modulation(before) if before != after else None
        self.conv3 = nn.Conv2d(before, after, 1, bias=False) if before != after else None

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        y = self.conv1(F.leaky_relu(self.norm1(x, seen), 0.2))
        y = self.conv2(F.leaky_relu(self.norm2(y, seen), 0.2))
        if self.norm3 is not None and self.conv3 is not None:
            x = self.conv3(self.norm3(x, seen))
        return x + y


class ConvNeXt(nn.Module):
    """ConvNeXt V2 tiny (Woo et al. 2023) with heads for pose, expression and key points: (1, 276)."""

    depths, widths = (3, 3, 9, 3), (96, 192, 384, 768)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, self.widths[0], 4, 4)]
        for stage, (depth, width) in enumerate(zip(self.depths, self.widths, strict=True)):
            if stage > 0:
                layers.append(nn.Conv2d(self.widths[stage - 1], width, 2, 2))
            layers += [ConvNeXtBlock(width) for _ in range(depth)]
        self.layers = nn.Sequential(*layers)
        self.heads = nn.Linear(self.widths[-1], 2 * 3 * 21 + 3 * 66 + 4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.heads(self.layers(x).mean((2, 3)))
        return out


class ConvNeXtBlock(nn.Module):
    """Depthwise 7 x 7, normalisation, four times as wide and back, with global response normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.wide(self.norm(self.depthwise(x).permute(0, 2, 3, 1))))
        size = y.norm(dim=(1, 2), keepdim=True)
        y = y * (size / (size.mean(-1, keepdim=True) + 1e-6)) + y
        return x + self.narrow(y).permute(0, 3, 1, 2)


def _grid(side: int) -> Tensor:
    """(1, side, side, 2) in -1..1."""
    axis = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], -1)[None]


def _volume_grid(depth: int, side: int) -> Tensor:
    """(1, depth, side, side, 3) in -1..1."""
    axes = torch.linspace(-1, 1, depth), torch.linspace(-1, 1, side), torch.linspace(-1, 1, side)
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([x, y, z], -1)[None]
