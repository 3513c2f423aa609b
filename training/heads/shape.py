"""From coefficients to posed vertices: identity, expression, eyeballs that turn, a neck that bends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.heads.camera import Matrix, rotation
from training.heads.data import Floats, HeadData, Integers
from training.heads.normals import unit_normals
from training.heads.tongue import Tongue

PIVOT: Final = np.array([0.0, -7.0, -1.5])
"""Where the head turns on the neck."""
GAZE_YAW: Final = 32.0
GAZE_PITCH: Final = 25.0
"""Degrees of eyeball rotation at which the eyeLook shapes, which move only the lids, reach 1."""
SIDES: Final = ("L", "R")


@dataclass(frozen=True, slots=True)
class Pose:
    """Head angles in degrees (see `camera.rotation`); the body follows by `body`, a share of them."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    body: float = 0.15

    def head(self) -> Matrix:
        return rotation(self.yaw, self.pitch, self.roll)

    def shoulders(self) -> Matrix:
        return rotation(self.yaw * self.body, 0.0, self.roll * self.body * 0.5)


@dataclass(frozen=True, slots=True)
class Gaze:
    """Degrees: yaw to the image's right, pitch up; `vergence` turns both eyes inwards."""

    yaw: float = 0.0
    pitch: float = 0.0
    vergence: float = 1.5


@dataclass(frozen=True, slots=True)
class Eyeball:
    vertices: Integers
    sclera: Integers
    centre_offset: Floats
    axis: Floats
    radius: float


class HeadShape:
    """Shapes one head. Coefficients: identity (up to 100), about N(0, 1); expression (E,) in 0..1."""

    def __init__(self, data: HeadData) -> None:
        self.data = data
        self.eyeballs = tuple(_eyeball(data, side) for side in SIDES)
        self.tongue = Tongue(data)
        self.head_weight = _head_weight(data)

    def identity(self, coefficients: NDArray[np.floating]) -> Floats:
        """(V, 3) neutral face of a person."""
        weights = np.asarray(coefficients, np.float32)
        moved = self.data.neutral.ravel() + weights @ self.data.identity[: len(weights)]
        return np.asarray(moved.reshape(-1, 3), np.float32)

    def express(self, vertices: Floats, coefficients: NDArray[np.floating], gaze: Gaze) -> Floats:
        """Add the expression (E,), lower the tongue with the jaw, then lids and eyeballs for the gaze."""
        weights = np.asarray(coefficients, np.float32) + self.lids_for(gaze)
        used = np.flatnonzero(weights)
        moved = np.float32(vertices.ravel() + weights[used] @ self.data.expression[used]).reshape(-1, 3)
        self.tongue.lower(moved, float(weights[self.data.expression_index("jawOpen")]))
        for eyeball, side in zip(self.eyeballs, (-1.0, 1.0), strict=True):
            # The neutral eyes look outwards by some 7 degrees: take their own axis off first.
            own_yaw = np.degrees(np.arctan2(eyeball.axis[0], eyeball.axis[2]))
            own_pitch = np.degrees(np.arcsin(eyeball.axis[1]))
            turn = rotation(gaze.yaw + side * gaze.vergence - own_yaw, -(gaze.pitch - own_pitch), 0.0)
            centre = moved[eyeball.sclera].mean(0) + eyeball.centre_offset
            moved[eyeball.vertices] = (moved[eyeball.vertices] - centre) @ turn.T.astype(np.float32) + centre
        return np.asarray(moved, np.float32)

    def lids_for(self, gaze: Gaze) -> Floats:
        """(E,) eyeLook coefficients: the lids follow the eyeballs."""
        weights = np.zeros(len(self.data.expression_names), np.float32)
        index = self.data.expression_index
        for side, outwards in zip(SIDES, (1.0, -1.0), strict=True):
            out = outwards * gaze.yaw / GAZE_YAW
            up = gaze.pitch / GAZE_PITCH
            for name, value in (("Out", out), ("In", -out), ("Up", up), ("Down", -up)):
                weights[index(f"eyeLook{name}_{side}")] = np.clip(value, 0.0, 1.2)
        return weights

    def pose(self, vertices: Floats, pose: Pose) -> Floats:
        """Turn the head on the neck; shoulders stay, the neck blends."""
        return bend(vertices, self.head_weight, pose)

    def normals(self, vertices: Floats) -> Floats:
        """(V, 3) unit vertex normals."""
        normals: Floats = unit_normals(vertices, self.data.triangles)
        return normals

    def landmarks(self, vertices: Floats) -> Floats:
        """(478, 3) MediaPipe's points on the given vertices, in their space."""
        corners = vertices[self.data.landmark_corners]
        points: Floats = np.einsum("lkc,lk->lc", corners, self.data.landmark_weights)
        return points


def expression(data: HeadData, **levels: float) -> Floats:
    """(E,) coefficients by name; a name without side sets both sides."""
    coefficients = np.zeros(len(data.expression_names), np.float32)
    for name, value in levels.items():
        for own in (name, f"{name}_L", f"{name}_R"):
            if own in data.expression_names:
                coefficients[data.expression_index(own)] = np.clip(value, 0, 1)
    return coefficients


def bend(points: Floats, head_weight: Floats, pose: Pose) -> Floats:
    """Blend between the head's and the shoulders' rotation; weight 1 follows the head."""
    centred = points - PIVOT
    weight = head_weight[:, None]
    moved = (centred @ pose.head().T) * weight + (centred @ pose.shoulders().T) * (1 - weight)
    return (moved + PIVOT).astype(np.float32)


def turn_normals(normals: Floats, head_weight: Floats, pose: Pose) -> Floats:
    """Normals (n, 3) of points that `bend` moves; about unit length."""
    weight = head_weight[:, None]
    turned = (normals @ pose.head().T) * weight + (normals @ pose.shoulders().T) * (1 - weight)
    return np.asarray(turned, np.float32)


def neck_weight(points: Floats) -> Floats:
    """How far a point follows the head, by its height; the nape bends lower than the chin."""
    height = points[:, 1] + 0.35 * np.clip(4 - points[:, 2], -3, 8)
    t = np.clip((height + 16.0) / 8.0, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _head_weight(data: HeadData) -> Floats:
    weight = neck_weight(data.neutral)
    inner = [name for name in data.part_names if name not in ("face", "head_neck")]
    weight[data.part_vertices(*inner)] = 1.0
    face = data.part_vertices("face")
    # Jaw and cheeks are rigid with the skull.
    rigid = np.clip((data.neutral[face, 1] + 0.55 * data.neutral[face, 2] + 11) / 3, 0, 1)
    weight[face] = np.maximum(weight[face], rigid)
    return weight


def _eyeball(data: HeadData, side: str) -> Eyeball:
    """Fit a sphere to the back of the sclera; its centre keeps a constant offset from the mean vertex."""
    sclera = data.part_vertices(f"sclera_{side}")
    points = data.neutral[sclera].astype(np.float64)
    back = points[points[:, 2] < points[:, 2].max() - 1.0]
    solution = np.linalg.lstsq(np.c_[2 * back, np.ones(len(back))], (back**2).sum(1), rcond=None)[0]
    centre = solution[:3]
    radius = float(np.sqrt(solution[3] + centre @ centre))
    bulge = points[np.argsort(np.linalg.norm(points - centre, axis=1))[-12:]].mean(0) - centre
    return Eyeball(
        vertices=np.union1d(sclera, data.part_vertices(f"iris_{side}")),
        sclera=sclera,
        centre_offset=(centre - points.mean(0)).astype(np.float32),
        axis=(bulge / np.linalg.norm(bulge)).astype(np.float32),
        radius=radius,
    )
