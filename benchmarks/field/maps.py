"""What a correspondence map says of one frame: which place of the portrait every cell shows, and, the other
way round, where a place of the portrait has gone.

A map is read as it is drawn, so whatever moves the mesh is measured, and what is hidden is nowhere. Places
are in 0..1 of the crop.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.benchmarks.field.head import face_height
from livecam.face import landmarks as lm
from livecam.face.measures import face_axes
from livecam.motion.types import Motion

COLLAR: Final = 0.45
"""Face heights below the chin, along the face, where a collar lies. The crop ends just below."""
FOUND: Final = 1.5
"""Cells from a place within which the place that a cell shows must lie: at half the size two neighbours
show places two cells apart, one from what lies between."""

Places = NDArray[np.float64]


def centres(size: int) -> Places:
    """(size, size, 2): x and y of every cell's middle."""
    axis = (np.arange(size) + 0.5) / size
    return np.stack(np.meshgrid(axis, axis), -1)


def shown_places(flow: F32) -> Places:
    """(G, G, 2): the place of the portrait that each cell shows. flow: (1, 2, G, G) as in `FrameInputs`."""
    return centres(flow.shape[-1]) + flow[0].transpose(1, 2, 0)


def place_of(shown: Places, point: NDArray[np.floating]) -> Places | None:
    """(2,): where the portrait's place `point` is shown; None where no cell shows it."""
    size = len(shown)
    missed = point - shown
    squared = (missed**2).sum(-1)
    row, column = np.unravel_index(int(squared.argmin()), squared.shape)
    if squared[row, column] > (FOUND / size) ** 2:
        return None
    # Between cells by the map's own slope, which is measured inside it.
    y, x = (int(np.clip(k, 1, size - 2)) for k in (row, column))
    slope = np.stack([shown[y, x + 1] - shown[y, x - 1], shown[y + 1, x] - shown[y - 1, x]], 1) / 2
    steps = np.linalg.lstsq(slope, missed[row, column], rcond=None)[0]
    return (np.array([column, row]) + 0.5 + np.clip(steps, -1, 1)) / size


AXIS: Final = 0.35
"""Face widths that the neck's axis lies behind the chin. By eye."""


class Neck:
    """Measures the necks of one portrait: from below the chin to the collar, along the neck's axis.

    The chin itself is at the end of a lever: who looks up lengthens the throat, and not the neck.
    """

    def __init__(self, portrait: F32) -> None:
        """portrait: (478, 3), 0..1 of the crop."""
        self._chin = portrait[lm.CHIN].astype(np.float64)
        self._chin[2] += AXIS * float(np.ptp(portrait[list(lm.FACE_OVAL), 0]))
        down = face_axes(portrait.astype(np.float64))[:2, 1]
        reach = COLLAR * face_height(portrait) * down / max(float(np.linalg.norm(down)), 1e-9)
        last = 0.99  # of the crop: beyond it there are no cells
        room = [(last - start) / way for start, way in zip(self._chin[:2], reach, strict=True) if way > 0]
        self._collar = self._chin[:2] + reach * min([1.0, *room])

    def __call__(self, motion: Motion, shown: Places) -> float | None:
        """The neck's length as a multiple of the resting one's; None where the collar is hidden.

        The chin is the head's, not the jaw's: a mouth that opens shortens no neck.
        """
        collar = place_of(shown, self._collar)
        if collar is None:
            return None
        chin = motion.head[:2, :3].astype(np.float64) @ self._chin + motion.head[:2, 3]
        resting = np.linalg.norm(self._collar - self._chin[:2])
        return float(np.linalg.norm(collar - chin) / max(float(resting), 1e-9))


def shown_elsewhere(shown: Places) -> NDArray[np.float32]:
    """(G, G): for each cell the farthest from it that the portrait's place there is shown; 0 for a place that
    has not moved or is hidden."""
    size = len(shown)
    apart = np.linalg.norm(shown - centres(size), axis=-1)
    cells = np.floor(shown * size).astype(int)
    inside = ((cells >= 0) & (cells < size)).all(-1)
    farthest = np.zeros((size, size), np.float32)
    np.maximum.at(farthest, (cells[inside][:, 1], cells[inside][:, 0]), apart[inside])
    # Of a part drawn smaller not every cell is shown.
    return np.asarray(cv2.dilate(farthest, np.ones((3, 3), np.uint8)), np.float32)
