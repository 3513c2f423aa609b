"""The head as one list of shader corners: a vertex of the mesh with one texture coordinate and material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.heads.camera import rotation
from training.heads.data import Floats, Integers
from training.heads.materials import PARTS, Material
from training.heads.shape import HeadShape
from training.heads.tongue import tongue_triangles


@dataclass(frozen=True, slots=True)
class Surface:
    """vertex (C,) of the mesh; rest (C, 3); texture (C, 2); material (C,); triangles (T, 3) of corners."""

    vertex: Integers
    rest: Floats
    texture: Floats
    material: Integers
    triangles: Integers


def head_surface(shape: HeadShape) -> Surface:
    """Every part that is drawn as a surface; hair, lashes and clothes come extra."""
    data = shape.data
    numbers = np.array([PARTS.get(name, Material.BACKGROUND) for name in data.part_names])[data.part]
    # The corner of the eye: the inner end of the tear line's mesh.
    lacrimal = np.isin(data.part, [data.part_names.index(f"lacrimal_{side}") for side in "LR"])
    inner = np.abs(data.neutral[data.triangles][:, :, 0]).max(1) < 2.25
    numbers[lacrimal & inner] = Material.CARUNCLE
    numbers[tongue_triangles(data)] = Material.TONGUE
    kept = numbers > 0
    vertices, coordinates = data.triangles[kept], data.texture_triangles[kept]
    key = (vertices * len(data.texture) + coordinates) * 32 + numbers[kept, None]
    unique, inverse = np.unique(key.ravel(), return_inverse=True)
    material = unique % 32
    vertex = unique // 32 // len(data.texture)
    rest = data.neutral[vertex].copy()
    for eyeball in shape.eyeballs:
        own = np.isin(vertex, eyeball.sclera) & (material == Material.EYE)
        centre = data.neutral[eyeball.sclera].mean(0) + eyeball.centre_offset
        yaw = np.degrees(np.arctan2(eyeball.axis[0], eyeball.axis[2]))
        pitch = np.degrees(np.arcsin(eyeball.axis[1]))
        rest[own] = (rest[own] - centre) @ rotation(float(yaw), float(-pitch), 0.0).astype(np.float32)
    return Surface(
        vertex=vertex,
        rest=rest,
        texture=data.texture[unique // 32 % len(data.texture)],
        material=material,
        triangles=inverse.reshape(-1, 3),
    )


def grid_triangles(rows: int, columns: int, closed: bool) -> Integers:
    """Triangles of a rows x columns sheet of vertices; `closed` joins the last column to the first."""
    row, column = np.mgrid[0 : rows - 1, 0 : columns if closed else columns - 1]
    here, there = row * columns + column, row * columns + (column + 1) % columns
    first = np.stack([here, there, here + columns], axis=-1).reshape(-1, 3)
    second = np.stack([there, there + columns, here + columns], axis=-1).reshape(-1, 3)
    return np.concatenate([first, second])


def coarse(vertices: Floats, triangles: Integers, cell: float) -> Integers:
    """Fewer triangles (n, 3) over the same vertices: those in one cell (cm) become one of them.

    All of them where none would be left: an earring may be smaller than a cell.
    """
    cells = np.floor(vertices / cell).astype(np.int64) + 512
    _, first, own = np.unique(cells @ [1 << 20, 1 << 10, 1], return_index=True, return_inverse=True)
    merged = first[own.reshape(-1)][triangles]
    a, b, c = merged.T
    kept = merged[(a != b) & (b != c) & (c != a)]
    return kept if len(kept) else triangles


def vertex_normals(vertices: Floats, triangles: Integers) -> Floats:
    """(V, 3) unit normals of any mesh."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(triangles[:, corner], faces[:, axis], len(vertices))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.maximum(length, 1e-9)).astype(np.float32)
