"""What travels between the stages.

Two types on purpose: a `DriverFrame` may hold the driver's pixels and never leaves the tracker's side;
sinks accept `OutputFrame` only, which the canvas makes from the portrait. That split is how "your own
face never leaves" is kept by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
"""H x W x 3, uint8, RGB order."""

Landmarks = NDArray[np.float32]
"""478 x 3, float32: x right and y down in pixels of the frame, z away from the camera in the same unit."""


@dataclass(frozen=True, slots=True)
class DriverFrame:
    """One frame of the driver: a picture, or landmarks already tracked (a recorded performance).

    `capture_ns` is a monotonic time in nanoseconds. Frames of a file count from 0 at its first frame.
    `width` and `height` are the size in pixels that the landmarks refer to; 0 where nobody knows.
    """

    index: int
    capture_ns: int
    width: int
    height: int
    pixels: RGB | None = None
    landmarks: Landmarks | None = None


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """One finished picture of the portrait. `index` and `capture_ns` are those of the driver's frame.

    cut_out: H x W x 4 uint8 RGBA, straight alpha, where nothing is behind the person; `pixels` then has a
    green there, for what knows no transparency.
    """

    pixels: RGB
    index: int
    capture_ns: int
    cut_out: NDArray[np.uint8] | None = None


def evenly_spread(count: int, wanted: int, first: int = 0) -> list[int]:
    """At most `wanted` frame numbers from `first` to the last of `count`, evenly spread."""
    if count <= first:
        return []
    return [int(k) for k in np.unique(np.linspace(first, count - 1, wanted).astype(int))]
