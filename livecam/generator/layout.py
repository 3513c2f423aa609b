"""What the refiner's pictures hold, in numbers that need no torch. The one place for them."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.engines.base import TensorSpec
from livecam.generator.alignment import SIZE

CHANNELS: Final = ("mouth", "lips", "eyes", "irises", "lids")
"""Of the rasters: inner lips, outer lips, both eyes, both irises, both eyes with their lids up to the
crease."""
MOUTH, LIPS, EYES, IRISES, LIDS = range(5)
GRID: Final = SIZE // 2
"""Side of the rasters."""
REACH: Final = 0.1
"""Distance at which a raster reaches 1 or -1, in sides of the crop (1.3 cm on a face)."""

# Corner, upper crease, corner, lower fold: MediaPipe's ring around the lids.
EYE_AREAS: Final = (
    (130, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25),
    (359, 467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255),
)


def refiner_specs(style: int, size: int = SIZE) -> tuple[TensorSpec, ...]:
    """The inputs that a refiner adds to the generator's, all set once for a portrait."""
    grid = size // 2
    return (
        _spec("refiner_source", 1, 3, size, size),
        _spec("refiner_source_rasters", 1, len(CHANNELS), grid, grid),
        _spec("refiner_style", 1, style),
    )


def crop_specs(style: int, size: int = SIZE) -> tuple[TensorSpec, ...]:
    """The inputs of the refiner's own graph, which works on the crop: the frame's two, then the
    portrait's."""
    grid = size // 2
    frame = (_spec("crop", 1, 3, size, size), _spec("rasters", 1, len(CHANNELS), grid, grid))
    return frame + refiner_specs(style, size)


def correction_specs(size: int = SIZE) -> tuple[TensorSpec, ...]:
    """Its output: what to add to the crop."""
    return (_spec("correction", 1, 3, size, size),)


def _spec(name: str, *shape: int) -> TensorSpec:
    return TensorSpec(name, shape, np.dtype(np.float32))
