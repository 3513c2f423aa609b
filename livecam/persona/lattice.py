"""The lattice around the face: how hair, skull, neck and shoulders follow a head that turns."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face.measures import face_axes
from livecam.geometry import Array, smoothstep
from livecam.persona.skull import skull_depth
from livecam.persona.types import Lattice

# The rest by eye.
SPACING: Final = 0.03
"""Between points of the square grid, as a share of the crop's side."""
MARGIN: Final = 0.3
"""How far that grid reaches beyond the crop, in the same: no motion within the limits brings its edge in."""
COARSE: Final = 0.1
"""Spacing of the grid beyond the crop, where it only has to be there."""
RING_SCALE, CONTOUR_SCALE = 1.06, 1.03
"""Size of the ring of points around the oval, and of the outline that the grid keeps outside of, over the
oval's: between them cells stay well shaped."""
RING_CLEAR, GRID_CLEAR = 0.004, 0.012
"""How far points of the ring lie from the oval at least, and the grid's from that outline, as shares of the
crop: nearer ones make slivers."""

# How outer points hang on the face.
NECK_ABOVE, NECK_BELOW = 0.02, 0.50
"""Face heights above and below the chin between which points go from turning with the head to being carried
by the body."""
SHOULDERS_FROM, SHOULDERS_FULL = 0.75, 1.3
"""Face widths beside the face's axis between which points below its middle become shoulders."""
HAIR_FROM, HAIR_TO = 0.6, 1.3
"""Face widths from the oval between which hair ends: what is farther off does not turn with the head."""
JOINT_BELOW, JOINT_BEHIND = 0.35, 0.35
"""The joint between neck and trunk: face heights below the chin, face widths behind it."""
TRUNK_FROM, TRUNK_TO = 0.25, 2.6
"""Face heights below the chin between which the trunk moves ever less: the seat, which stands, is at the end
of it."""
EXPRESSION_REACH: Final = 0.22
"""Face widths from the oval at which its expression has faded to 1/e."""
AT_A_POINT: Final = 1e-5
"""Squared shares of the crop: keeps the weight of an oval point at its own place from being infinite."""

# OpenCV's subdivision wants a positive rectangle of integer size: points are scaled into one.
PLANE_SIDE, PLANE_POINTS, PLANE_INSET = 8400, 8000, 100
"""Its side, that of the square in which points lie, and how far that is from its corner, in units of its
own."""
PLANE_MARGIN: Final = 0.05
"""Room around the points before they are scaled to it, as a share of the crop."""
PLANE_DECIMALS: Final = 3
"""To which the corners it gives back are rounded, to find the points they were."""


def build_lattice(points: F32) -> tuple[Lattice, NDArray[np.int32]]:
    """The lattice of a portrait, and the triangles of the whole mesh (skin, holes, lattice).

    points: (478, 3), 0..1 of the crop. Triangles: (T, 3) int32 over the 468 mesh points, then the lattice's.
    """
    oval = points[list(lm.FACE_OVAL), :2]
    outside = _outer_points(oval)
    triangles = _outer_triangles(oval, outside)
    index = np.concatenate([np.array(lm.FACE_OVAL), lm.MESH_COUNT + np.arange(len(outside))])
    faces = [index[triangles], lm.hole_triangles(), lm.skin_triangles()]
    return attach(points, outside), np.concatenate(faces).astype(np.int32)


def neck_joint(points: F32) -> NDArray[np.float64]:
    """(3,): the place about which the neck bends, in the coordinates of `points`, (478, 3)."""
    oval = points[list(lm.FACE_OVAL)]
    width, height = np.ptp(oval[:, 0]), np.ptp(oval[:, 1])
    axes = face_axes(points.astype(np.float64))
    below = JOINT_BELOW * height * axes[:, 1]
    return np.asarray(points[lm.CHIN] + below + [0.0, 0.0, JOINT_BEHIND * width], np.float64)


def _outer_points(oval: F32) -> F32:
    """A ring close to the oval, then a square grid a little larger than the crop."""
    centre = oval.mean(0)
    ring = (oval - centre) * RING_SCALE + centre
    ring = ring[[_signed_distance(oval, p) < -RING_CLEAR for p in ring]]
    far = np.arange(-MARGIN, -COARSE / 2, COARSE)
    axis = np.concatenate([far, np.linspace(0, 1, round(1 / SPACING) + 1), 1 - far[::-1]])
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    contour = (oval - centre) * CONTOUR_SCALE + centre
    grid = grid[[_signed_distance(contour, p) < -GRID_CLEAR for p in grid]]
    return np.concatenate([ring, grid]).astype(np.float32)


def _outer_triangles(oval: F32, outside: F32) -> NDArray[np.int32]:
    """Delaunay triangles of oval and outer points that lie outside the oval; (T, 3) into that list."""
    every = np.concatenate([oval, outside])
    low, span = every.min(0) - PLANE_MARGIN, float(np.ptp(every, axis=0).max()) + 2 * PLANE_MARGIN
    scaled = ((every - low) / span * PLANE_POINTS + PLANE_INSET).astype(np.float32)
    plane = cv2.Subdiv2D((0, 0, PLANE_SIDE, PLANE_SIDE))
    ids: dict[int, int] = {}
    for k, p in enumerate(scaled):
        ids[plane.insert((float(p[0]), float(p[1])))] = k
    corners = {tuple(np.round(np.array(plane.getVertex(v)[0]), PLANE_DECIMALS)): k for v, k in ids.items()}
    triangles = []
    for t in np.asarray(plane.getTriangleList()).reshape(-1, 3, 2):
        found = [corners.get(tuple(np.round(c, PLANE_DECIMALS))) for c in t.astype(np.float64)]
        if any(f is None for f in found):
            continue  # touches the subdivision's own outer corners
        chosen = [f for f in found if f is not None]
        if _signed_distance(oval, every[chosen].mean(0)) < 0:
            triangles.append(chosen)
    return np.array(triangles, np.int32)


def oval_weights(places: NDArray[Any], oval: Array) -> tuple[Array, Array]:
    """(N, 36): how near each place is to each point of the oval, in sum 1; and (N,) how far from the nearest.

    places: (N, 2). oval: (36, 2).
    """
    squared = ((places[:, None] - oval) ** 2).sum(-1)
    weights = 1 / (squared + AT_A_POINT) ** 2
    weights /= weights.sum(1, keepdims=True)
    return weights, np.sqrt(squared.min(1))


def attach(points: F32, outside: F32) -> Lattice:
    """How places around the face move with it. points: (478, 3); outside: (N, 2), both 0..1 of the crop, and
    beyond."""
    oval = points[list(lm.FACE_OVAL)].astype(np.float64)
    face_width, face_height = np.ptp(oval[:, 0]), np.ptp(oval[:, 1])
    centre = points[list(lm.STABLE)].mean(0)
    axes = face_axes(points.astype(np.float64))

    weights, distance = oval_weights(outside, oval[:, :2])
    depth = skull_depth(points, outside, weights, distance)

    own = np.concatenate([outside, depth[:, None]], 1) - centre
    x, y = own @ axes[:, 0], own @ axes[:, 1]
    chin = float((points[lm.CHIN] - centre) @ axes[:, 1])
    above = 1 - smoothstep(chin - NECK_ABOVE * face_height, chin + NECK_BELOW * face_height, y)
    aside = smoothstep(SHOULDERS_FROM * face_width, SHOULDERS_FULL * face_width, np.abs(x))
    shoulders = aside * smoothstep(0.0, chin, y)
    hair = 1 - smoothstep(HAIR_FROM * face_width, HAIR_TO * face_width, distance)
    head = above * (1 - shoulders) * hair
    trunk = 1 - smoothstep(chin + TRUNK_FROM * face_height, chin + TRUNK_TO * face_height, y)
    near = np.exp(-((distance / (EXPRESSION_REACH * face_width)) ** 2))
    return Lattice(
        points=outside.astype(np.float32),
        depth=depth.astype(np.float32),
        head=head.astype(np.float32),
        body=trunk.astype(np.float32),
        oval=(weights * near[:, None]).astype(np.float32),
    )


def _signed_distance(polygon: F32, point: NDArray[np.floating]) -> float:
    """Positive inside."""
    return float(cv2.pointPolygonTest(polygon.astype(np.float32), (float(point[0]), float(point[1])), True))
