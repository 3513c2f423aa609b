"""What goes into the refiner's networks and what comes out, in numbers that need no torch. The one place for
them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from livecam.engines.base import TensorSpec
from livecam.generator.alignment import SIZE
from livecam.generator.parts import first_of, parts_of

CHANNELS: Final = ("mouth", "lips", "eyes", "irises", "lids")
"""Of the rasters: inner lips, outer lips, both eyes, both irises, both eyes with their lids up to the
crease."""
MOUTH, LIPS, EYES, IRISES, LIDS = range(5)
GRID: Final = SIZE // 2
"""Side of the face-aligned square's rasters."""
REACH: Final = 0.1
"""Distance at which a raster reaches 1 or -1, in sides of the crop (1.3 cm on a face)."""

# The gate of a correction.
LIPS_FULL, LIPS_NONE = -0.15, -0.5
LIDS_FULL, LIDS_NONE = -0.1, -0.4
"""Full correction up to the first, none beyond the second: distances in units of the rasters (1.3 cm),
negative outside. By eye."""
LIPS_MOVED, LIDS_MOVED = (0.05, 0.15), (0.1, 0.2)
"""Mean change of the rasters around mouth or eye up to which the portrait's own stay as the warper moves
them, and from which on they are corrected in full: .7 and 2 mm, 1.3 and 2.6 mm for an eye. One that
hardly moved is warped better than it can be drawn: .2 dB over the eyes of four clips with .05 and .15, and an
eye's network runs in three frames of five instead of five of six."""
POOL, AROUND = 4, 5
"""That mean is over so many pixels of the rasters together, and so many of those, each way: 1.6 cm. By
eye."""
LEAST_SHARE: Final = 1e-3
"""Keeps a place with no mouth or eye around it from dividing by 0."""

# Corner, upper crease, corner, lower fold: MediaPipe's ring around the lids.
EYE_AREAS: Final = (
    (130, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25),
    (359, 467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255),
)


def takes_teeth(network: str) -> bool:
    """Whether a network is told where teeth are drawn, over which it may only shade."""
    return network == "mouth"


def crop_specs(network: str, style: int, size: int = SIZE) -> tuple[TensorSpec, ...]:
    """The inputs of a network's own graph, which works on the crop of a part: the frame's, then the
    portrait's. `style`: N, its share of a person's numbers; `size`: C, pixels along the face-aligned square.
    """
    wide, high = first_of(network).pixels(size)
    teeth = (_spec("teeth", 1, 1, high, wide),) if takes_teeth(network) else ()
    return (
        _spec("crop", 1, 3, high, wide),
        _spec("rasters", 1, len(CHANNELS), high // 2, wide // 2),
        *teeth,
        _spec("source", 1, 3, high, wide),
        _spec("source_rasters", 1, len(CHANNELS), high // 2, wide // 2),
        _spec("style", 1, style),
    )


def correction_specs(network: str, size: int = SIZE) -> tuple[TensorSpec, ...]:
    """Its output: what to add to the crop."""
    wide, high = first_of(network).pixels(size)
    return (_spec("correction", 1, 3, high, wide),)


def refiner_specs(styles: Mapping[str, int], size: int = SIZE) -> tuple[TensorSpec, ...]:
    """The inputs that a refiner adds to the generator's, all set once for a portrait. `styles`: how many of
    a person's numbers each network takes, by its name."""
    found: list[TensorSpec] = []
    for part in parts_of(styles):
        wide, high = part.pixels(size)
        found.append(_spec(f"{part.name}_source", 1, 3, high, wide))
        found.append(_spec(f"{part.name}_source_rasters", 1, len(CHANNELS), high // 2, wide // 2))
    return (*found, *(_spec(f"{network}_style", 1, count) for network, count in styles.items()))


def embedder_specs(style: int, size: int = SIZE) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of the embedder's graph: a face-aligned crop with its rasters, and all of a person's
    numbers, one network's after the other's."""
    grid = size // 2
    picture = (_spec("picture", 1, 3, size, size), _spec("rasters", 1, len(CHANNELS), grid, grid))
    return picture, (_spec("style", 1, style),)


def split_style(style: Any, styles: Mapping[str, int]) -> dict[str, Any]:
    """(..., N) of all networks -> (..., N of each) by their names; an array or a tensor."""
    found, first = {}, 0
    for network, count in styles.items():
        found[network] = style[..., first : first + count]
        first += count
    return found


def _spec(name: str, *shape: int) -> TensorSpec:
    return TensorSpec(name, shape, np.dtype(np.float32))
