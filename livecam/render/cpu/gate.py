"""Whether a part differs enough from the portrait's for its network to change anything: where the gate of
`livecam.model.refiner.CropNetwork` is 0 all over, no run is needed."""

from __future__ import annotations

import cv2
import numpy as np

from livecam.arrays import F32
from livecam.generator.layout import (
    AROUND,
    EYES,
    IRISES,
    LEAST_SHARE,
    LIDS,
    LIDS_FULL,
    LIDS_MOVED,
    LIDS_NONE,
    LIPS,
    LIPS_FULL,
    LIPS_MOVED,
    LIPS_NONE,
    MOUTH,
    POOL,
)
from livecam.geometry import smoothstep


def is_open(rasters: F32, source_rasters: F32) -> bool:
    """(5, h, w) twice, of a part as it moved and of the portrait's. h and w are multiples of `POOL`."""
    both = (rasters, source_rasters)
    return _moved(*both, LIPS, (LIPS_NONE, LIPS_FULL), (MOUTH, LIPS), LIPS_MOVED[0]) or _moved(
        *both, LIDS, (LIDS_NONE, LIDS_FULL), (EYES, IRISES), LIDS_MOVED[0]
    )


def _moved(
    rasters: F32,
    source_rasters: F32,
    outline: int,
    ramp: tuple[float, float],
    channels: tuple[int, int],
    still: float,
) -> bool:
    if rasters[outline].max() <= ramp[0]:
        return False
    where = smoothstep(*ramp, rasters[outline]).astype(np.float32)
    change = sum(np.abs(rasters[k] - source_rasters[k]) for k in channels)
    small = (where.shape[1] // POOL, where.shape[0] // POOL)
    several = cv2.resize(np.dstack([change * where, where]), small, interpolation=cv2.INTER_AREA)
    around = cv2.blur(several, (AROUND, AROUND), borderType=cv2.BORDER_CONSTANT)
    beyond = np.maximum(around[..., 0] - still * (around[..., 1] + LEAST_SHARE), 0)
    if not beyond.any():
        return False
    # A place that moved enough may lie beside the mouth: there the gate stays shut.
    reached = cv2.resize(beyond, where.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return bool((reached[where > 0] > 0).any())
