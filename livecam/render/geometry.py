"""From a motion to what the generator needs for one frame: the correspondence map and the inner layers."""

from __future__ import annotations

import numpy as np

from livecam.face import landmarks as lm
from livecam.geometry import Array
from livecam.model.inputs import FLOW_GRID, FrameInputs
from livecam.motion import Motion
from livecam.persona.persona import F32, Persona
from livecam.render.raster import rasterise

LASH_SLIDE = 0.65
"""How far the lash row slides towards the crease as the lid shuts, so that lashes do not smear."""

_LASHES, _CREASES, _OVAL = list(lm.LASHES), list(lm.CREASES), list(lm.FACE_OVAL)
_INNER = [list(lm.MOUTH), list(lm.LEFT_EYE), list(lm.RIGHT_EYE)]


class FrameGeometry:
    """Turns motions into `FrameInputs` for one persona. The arrays it returns are reused by the next call."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        lattice = persona.lattice
        self._source = np.concatenate([persona.landmarks[: lm.MESH_COUNT, :2], lattice.points])
        self._resting = np.concatenate([lattice.points, lattice.depth[:, None]], 1)
        self._root = np.sqrt(lattice.head)[:, None]
        self._centres = np.stack([persona.landmarks[i].mean(0) for i in _INNER]).astype(np.float64)
        self._nearest = np.empty((FLOW_GRID, FLOW_GRID), np.float32)
        self._flow = np.empty((FLOW_GRID, FLOW_GRID, 2), np.float32)

    def __call__(self, motion: Motion) -> FrameInputs:
        outer, outer_depth = self._outer(motion)
        vertices = np.concatenate([motion.landmarks[: lm.MESH_COUNT, :2], outer]).astype(np.float32)
        depth = np.concatenate([motion.landmarks[: lm.MESH_COUNT, 2], outer_depth]).astype(np.float32)
        source = self._texture(motion.lids)
        rasterise(vertices, depth, source, self._persona.triangles, self._nearest, self._flow)
        inverse, centres = self._inner(motion)
        return FrameInputs(
            flow=self._flow.transpose(2, 0, 1)[None],
            landmarks=motion.landmarks[:, :2],
            inner_inverse=inverse.astype(np.float32),
            inner_centre=centres.astype(np.float32),
        )

    def _outer(self, motion: Motion) -> tuple[F32, F32]:
        """Driven positions (N, 2) and depth (N,) of the lattice: head pose, then the oval's expression."""
        lattice = self._persona.lattice
        turned = self._resting @ motion.head[:, :3].T + motion.head[:, 3]
        expression = (motion.landmarks - motion.rigid)[_OVAL, :2]
        head = lattice.head[:, None]
        moved = head * (turned[:, :2] - lattice.points) + self._root * (lattice.oval @ expression)
        depth = lattice.depth * (1 - lattice.head) + turned[:, 2] * lattice.head
        return lattice.points + moved, depth

    def _texture(self, lids: F32) -> F32:
        """Source positions of the mesh; under a closing lid the lash row takes clean lid skin instead."""
        shut = np.repeat(1 - np.minimum(lids, 1), len(_LASHES) // 2)[:, None] * LASH_SLIDE
        source = self._source.copy()
        source[_LASHES] += shut * (source[_CREASES] - source[_LASHES])
        return source.astype(np.float32)

    def _inner(self, motion: Motion) -> tuple[Array, Array]:
        """Mouth and eyeball layers follow the head at their own depth; eyeballs are shifted by the gaze."""
        head = motion.head.astype(np.float64)
        linear = np.linalg.inv(head[:2, :2])
        centres = self._centres @ head[:2, :3].T + head[:2, 3]
        centres[1:] += motion.gaze
        shift = self._centres[:, :2] - centres @ linear.T
        return np.concatenate([np.tile(linear, (3, 1, 1)), shift[:, :, None]], 2), centres
