"""Normals of a mesh that moves in every picture, compiled: numpy's cross product takes ten times as long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.compiled import compiled


@compiled()
def unit_normals(vertices: F32, triangles: NDArray[np.int64]) -> F32:
    """vertices (V, 3), triangles (T, 3) -> (V, 3) of length 1; a vertex's triangles count by area."""
    normals = np.zeros_like(vertices)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ax, ay, az = vertices[a, 0], vertices[a, 1], vertices[a, 2]
        px, py, pz = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
        qx, qy, qz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        for own in (a, b, c):
            normals[own, 0] += x
            normals[own, 1] += y
            normals[own, 2] += z
    for own in range(len(normals)):
        x, y, z = normals[own, 0], normals[own, 1], normals[own, 2]
        length = max(np.sqrt(x * x + y * y + z * z), np.float32(1e-9))
        normals[own, 0] = x / length
        normals[own, 1] = y / length
        normals[own, 2] = z / length
    return normals
