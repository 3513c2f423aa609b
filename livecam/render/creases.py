"""The folds beside nose and mouth that a smile makes: how much darker or lighter the skin gets.

Warped skin keeps the light it had at rest, so a smile looks flat. `fold.npz` holds what rendered heads' skin
gains and loses where it folds (`python -m training.heads.smile_folds` made it): `fold`, the logarithm of the
ratio at a full smile on the image's left, on a layout of the face; `points` (468, 2), where the landmarks are
on it, in 0..1; `weights` (468, 2), which tell how much a face smiles by the way of its landmarks.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.generator.inputs import FLOW_GRID
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.raster import FAR, rasterise

CELLS: Final = 64
"""Along a side of the layout."""
DEPTH: Final = 1.3
"""Of what heads without pores or fat gain by their normals alone. Of .9, 1.3 and 1.8 on 270 pictures of 45
rendered people (PSNR of the face +.028, +.036 and +.042 dB); with the last the edge of a fold looks drawn."""
FROM, MOST = 0.08, 1.2
"""Smiles that are none yet, for trackers and lips that speak give as much (on rendered people the measure is
wrong by .023), and the widest that is drawn. By eye."""


def between_middles(points: NDArray[Any]) -> float:
    """Distance between the middles of both eyes' corners. points: (N, 2 or more)."""
    left, right = (points[list(eye), :2].mean(0) for eye in (lm.LEFT_EYE_CORNERS, lm.RIGHT_EYE_CORNERS))
    return max(float(np.linalg.norm(right - left)), 1e-6)


class Creases:
    """Of one portrait. The arrays it returns are reused by the next call."""

    def __init__(self, persona: PersonaData) -> None:
        with (files("livecam.render") / "fold.npz").open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            fold, places, weights = (stored[name] for name in ("fold", "points", "weights"))
        own = persona.landmarks
        fold = DEPTH * fold.astype(np.float32)
        self._maps = _over(own, places, np.stack([fold, fold[:, ::-1]]))  # (2, G, G)
        flip = lm.mirror_index()[: lm.MESH_COUNT]
        across = (own[lm.OUTER_EYE_CORNERS[1], :2] - own[lm.OUTER_EYE_CORNERS[0], :2]).astype(np.float64)
        across /= max(float(np.linalg.norm(across)), 1e-6)
        upright = np.array([across, [-across[1], across[0]]]) / between_middles(own)
        both = np.stack([weights, weights[flip] * [-1, 1]])  # (2, 468, 2)
        self._weights = (both @ upright).reshape(2, -1)
        self._own = np.concatenate([own[: lm.MESH_COUNT], np.ones((lm.MESH_COUNT, 1))], 1)
        axis = (np.arange(FLOW_GRID, dtype=np.float32) + 0.5) / FLOW_GRID
        self._cells = np.stack(np.meshgrid(axis, axis))  # (2, G, G)
        self._none = np.zeros((1, 1, FLOW_GRID, FLOW_GRID), np.float32)

    def smiles(self, motion: Motion) -> NDArray[np.float64]:
        """(2,): how far each corner of the mouth, the image's left first, smiles more than the portrait; 1 is
        the rendered heads' full smile, and below `FROM` it is 0."""
        head = motion.head.astype(np.float64)
        way = (motion.landmarks[: lm.MESH_COUNT, :2] - self._own @ head[:2].T) @ np.linalg.inv(head[:2, :2]).T
        return np.clip(self._weights @ way.ravel() - FROM, 0, MOST - FROM)

    def __call__(self, motion: Motion, flow: F32) -> F32:
        """(1, 1, G, G): what the skin's light gains, as a share of it, in the moved picture; 0 everywhere but
        in folds. flow: (1, 2, G, G)."""
        smiles = self.smiles(motion)
        if not smiles.any():
            return self._none
        change = np.tensordot(smiles.astype(np.float32), self._maps, 1)
        x, y = (self._cells + flow[0]) * FLOW_GRID - np.float32(0.5)
        moved = cv2.remap(np.exp(change) - 1, x, y, cv2.INTER_LINEAR)
        return np.asarray(moved, np.float32)[None, None]


def _over(own: F32, places: F32, layers: F32) -> F32:
    """(K, G, G): layers (K, CELLS, CELLS) of the layout, laid over a portrait's face. own: (478, 3)."""
    nearest = np.empty((FLOW_GRID, FLOW_GRID), np.float32)
    there = np.empty((FLOW_GRID, FLOW_GRID, 2), np.float32)
    triangles = np.concatenate([lm.skin_triangles(), lm.hole_triangles()])
    corners, depth = (
        np.ascontiguousarray(own[: lm.MESH_COUNT, :2]),
        np.ascontiguousarray(own[: lm.MESH_COUNT, 2]),
    )
    rasterise(corners, depth, places.astype(np.float32), triangles, nearest, there)
    axis = (np.arange(FLOW_GRID, dtype=np.float32) + 0.5) / FLOW_GRID
    x = (there[..., 0] + axis) * CELLS - np.float32(0.5)
    y = (there[..., 1] + axis[:, None]) * CELLS - np.float32(0.5)
    laid = [cv2.remap(np.ascontiguousarray(layer), x, y, cv2.INTER_LINEAR) for layer in layers]
    return (np.stack(laid) * (nearest < FAR)).astype(np.float32)
