"""The lattice around the face: how hair, skull, neck and shoulders follow a head that turns."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import face_axes
from livecam.geometry import smoothstep
from livecam.persona.types import Lattice

F32 = NDArray[np.float32]

SKULL_SLOPE = 1.1
"""Depth gained per distance from the face oval; measured 3 to 4.5 dB better above the forehead than flat."""
NODES = 40
MARGIN = 0.1


def build_lattice(points: F32) -> tuple[Lattice, NDArray[np.int32]]:
    """The lattice of a portrait, and the triangles of the whole mesh (skin, holes, lattice).

    points: (478, 3), 0..1 of the crop. Triangles: (T, 3) int32 over the 468 mesh points, then the lattice's.
    """
    oval = points[list(lm.FACE_OVAL), :2]
    outside = _outer_points(oval)
    triangles = _outer_triangles(oval, outside)
    index = np.concatenate([np.array(lm.FACE_OVAL), lm.MESH_COUNT + np.arange(len(outside))])
    faces = [index[triangles], lm.hole_triangles(), lm.skin_triangles()]
    depth, head, weights = _attach(points, outside)
    return Lattice(outside, depth, head, weights), np.concatenate(faces).astype(np.int32)


def moving_part(points: F32, size: int) -> NDArray[np.uint8]:
    """(size, size) uint8: 1 where the picture moves with the head at all, 0 where it stands."""
    coarse = 64
    centres = (np.arange(coarse, dtype=np.float32) + 0.5) / coarse
    grid = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 2).astype(np.float32)
    _, head, _ = _attach(points, grid)
    return (cv2.resize(head.reshape(coarse, coarse), (size, size)) > 0.01).astype(np.uint8)


def _outer_points(oval: F32) -> F32:
    """A ring close to the oval, then a square grid a little larger than the crop."""
    centre = oval.mean(0)
    ring = (oval - centre) * 1.06 + centre
    ring = ring[[_signed_distance(oval, p) < -0.004 for p in ring]]
    axis = np.linspace(-MARGIN, 1 + MARGIN, NODES)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    contour = (oval - centre) * 1.03 + centre
    grid = grid[[_signed_distance(contour, p) < -0.012 for p in grid]]
    return np.concatenate([ring, grid]).astype(np.float32)


def _outer_triangles(oval: F32, outside: F32) -> NDArray[np.int32]:
    """Delaunay triangles of oval and outer points that lie outside the oval; (T, 3) into that list."""
    every = np.concatenate([oval, outside])
    low, span = every.min(0) - 0.05, float(np.ptp(every, axis=0).max()) + 0.1
    # OpenCV's subdivision wants a positive integer-sized rectangle: work in thousandths.
    scaled = ((every - low) / span * 8000 + 100).astype(np.float32)
    plane = cv2.Subdiv2D((0, 0, 8400, 8400))
    ids: dict[int, int] = {}
    for k, p in enumerate(scaled):
        ids[plane.insert((float(p[0]), float(p[1])))] = k
    corners = {tuple(np.round(np.array(plane.getVertex(v)[0]), 3)): k for v, k in ids.items()}
    triangles = []
    for t in np.asarray(plane.getTriangleList()).reshape(-1, 3, 2):
        found = [corners.get(tuple(np.round(c, 3))) for c in t.astype(np.float64)]
        if any(f is None for f in found):
            continue  # touches the subdivision's own outer corners
        chosen = [f for f in found if f is not None]
        if _signed_distance(oval, every[chosen].mean(0)) < 0:
            triangles.append(chosen)
    return np.array(triangles, np.int32)


def _attach(points: F32, outside: F32) -> tuple[F32, F32, F32]:
    """(depth, head, oval weights) of outer points; see `Lattice`."""
    oval = points[list(lm.FACE_OVAL)].astype(np.float64)
    face_width, face_height = np.ptp(oval[:, 0]), np.ptp(oval[:, 1])
    centre = points[list(lm.STABLE)].mean(0)
    axes = face_axes(points.astype(np.float64))

    squared = ((outside[:, None] - oval[None, :, :2]) ** 2).sum(-1)
    distance = np.sqrt(squared.min(1))
    weights = 1 / (squared + 1e-5) ** 2
    weights /= weights.sum(1, keepdims=True)
    depth = weights @ oval[:, 2] + SKULL_SLOPE * np.minimum(distance, 0.36 * face_width)

    own = np.concatenate([outside, depth[:, None]], 1) - centre
    x, y = own @ axes[:, 0], own @ axes[:, 1]
    chin = float((points[lm.CHIN] - centre) @ axes[:, 1])
    above = 1 - smoothstep(chin - 0.02 * face_height, chin + 0.50 * face_height, y)
    shoulders = smoothstep(0.75 * face_width, 1.3 * face_width, np.abs(x)) * smoothstep(0.0, chin, y)
    head = above * (1 - shoulders)
    near = np.exp(-((distance / (0.22 * face_width)) ** 2))
    return (
        depth.astype(np.float32),
        head.astype(np.float32),
        (weights * near[:, None]).astype(np.float32),
    )


def _signed_distance(polygon: F32, point: NDArray[np.floating]) -> float:
    """Positive inside."""
    return float(cv2.pointPolygonTest(polygon.astype(np.float32), (float(point[0]), float(point[1])), True))
