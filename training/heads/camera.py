"""Rotations, the camera and the orthographic view of a light. All matrices are row-major, for columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
NEAR, FAR = 20.0, 400.0
"""cm from the camera: what lies between them is drawn."""


def rotation(yaw: float, pitch: float, roll: float) -> Matrix:
    """(3, 3) from degrees: yaw turns to the image's right, pitch nods down, roll is counter-clockwise."""
    y, p, r = np.deg2rad([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    matrix: Matrix = about_z @ about_y @ about_x
    return matrix


@dataclass(frozen=True, slots=True)
class Camera:
    """A square picture taken from `distance` cm in front of (x, y, 0), looking along -z."""

    field_of_view: float = 17.0
    distance: float = 110.0
    x: float = 0.0
    y: float = -1.0

    @property
    def position(self) -> Matrix:
        return np.array([self.x, self.y, self.distance])

    def matrix(self, near: float = NEAR, far: float = FAR) -> Matrix:
        """(4, 4) world to clip space."""
        t = 1 / np.tan(np.deg2rad(self.field_of_view) / 2)
        projection = np.zeros((4, 4))
        projection[0, 0] = projection[1, 1] = t
        projection[2, 2] = (far + near) / (near - far)
        projection[2, 3] = 2 * far * near / (near - far)
        projection[3, 2] = -1
        view = np.eye(4)
        view[:3, 3] = -self.position
        matrix: Matrix = projection @ view
        return matrix

    def distances(self, depths: NDArray[np.floating]) -> NDArray[np.float32]:
        """What a depth buffer holds, 0..1, as cm along the camera's axis."""
        return np.asarray(NEAR * FAR / (FAR - (FAR - NEAR) * depths), np.float32)

    def pixels_per_cm(self, size: int, z: float = 5.0) -> float:
        """Scale of the picture at depth z."""
        return float(size / 2 / np.tan(np.deg2rad(self.field_of_view) / 2) / (self.distance - z))

    def project(self, points: NDArray[np.floating], size: int) -> NDArray[np.float32]:
        """(n, 3) world -> (n, 3): x right and y down in pixels, z away from the camera in the same unit.

        z is counted from the plane through the head's origin, scaled as MediaPipe does (weak perspective).
        """
        focal = size / 2 / np.tan(np.deg2rad(self.field_of_view) / 2)
        depth = self.distance - points[:, 2]
        x = size / 2 + focal * (points[:, 0] - self.x) / depth
        y = size / 2 - focal * (points[:, 1] - self.y) / depth
        z = -points[:, 2] * focal / self.distance
        return np.stack([x, y, z], axis=1).astype(np.float32)


def light_matrix(direction: Matrix, centre: Matrix, radius: float) -> Matrix:
    """(4, 4) world to the clip space of a far light that lies in `direction` from `centre`."""
    z = direction / np.linalg.norm(direction)
    up = np.array([0.0, 1.0, 0.0]) if abs(z[1]) < 0.95 else np.array([0.0, 0.0, 1.0])
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    view = np.eye(4)
    view[:3, :3] = np.stack([x, np.cross(z, x), z])
    view[:3, 3] = -view[:3, :3] @ centre
    matrix: Matrix = np.diag([1 / radius, 1 / radius, -1 / (radius * 1.5), 1.0]) @ view
    return matrix
