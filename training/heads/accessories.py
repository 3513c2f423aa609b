"""Glasses and hats, fitted to a person's own head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from training.heads.data import Floats, Integers
from training.heads.hair import Obstacle
from training.heads.lights import Color
from training.heads.scalp import CENTRE, Roots
from training.heads.surfaces import grid_triangles

LEFT_IRIS, RIGHT_IRIS = 468, 473


@dataclass(frozen=True, slots=True)
class Glasses:
    """Sizes in cm. `square` 2 is an ellipse, 5 nearly a rectangle; `drop` widens the lower outer part."""

    half_width: float = 2.45
    half_height: float = 1.85
    square: float = 3.0
    drop: float = 0.0
    rim: float = 0.13
    color: Color = (0.05, 0.045, 0.04)
    metal: bool = False
    tint: float = 0.03


@dataclass(frozen=True, slots=True)
class Hat:
    """kind: "beanie", "cap", "brim" or "scarf" (tied around the head, over the ears, to the nape)."""

    kind: str = "beanie"
    color: Color = (0.25, 0.12, 0.10)
    band: Color = (0.12, 0.10, 0.09)
    height: float = 1.5
    brim: float = 6.0
    line: float = 0.0
    """Degrees by which it sits higher."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """vertices (V, 3) on the unposed head, triangles (T, 3), texture (V, 2)."""

    vertices: Floats
    triangles: Integers
    texture: Floats


def glasses(style: Glasses, landmarks: Floats, obstacle: Obstacle, skin: Floats) -> tuple[Mesh, Mesh]:
    """Frame and lenses. `landmarks` (478, 3) and `skin` (V, 3) are the person's, neutral."""
    eyes = landmarks[[LEFT_IRIS, RIGHT_IRIS]]
    # The left in the image is the subject's right: negative x.
    eyes = eyes[np.argsort(eyes[:, 0])]
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    power = 2 / style.square
    outlines = []
    for eye, side in zip(eyes, (-1.0, 1.0), strict=True):
        u = style.half_width * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        v = style.half_height * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        v = v - style.drop * np.clip(-v, 0, None) * np.clip(u * side, 0, None) / style.half_width * 0.25
        x = eye[0] * 1.03 + u
        outlines.append(np.stack([x, eye[1] - 0.15 + v, -0.045 * x * x], axis=1))
    # Push the front forward until it clears the skin all around.
    front = np.concatenate(outlines)
    near = cKDTree(skin[:, :2])
    face = skin[:, 2]
    reach = [face[index].max() if len(index) else -9.0 for index in near.query_ball_point(front[:, :2], 0.35)]
    offset = float(max((np.array(reach) - front[:, 2]).max() + 0.1, eyes[:, 2].max() + 1.2))
    outlines = [outline + np.array([0, 0, offset]) for outline in outlines]
    tubes = [tube(outline, style.rim, closed=True) for outline in outlines]
    inner = [outlines[0][0], outlines[1][32]]
    rise = np.linspace(0, 1, 9)
    bridge = (
        inner[0] + (inner[1] - inner[0]) * rise[:, None] + np.outer(np.sin(rise * np.pi), [0, 0.45, 0.35])
    )
    bridge[:, 1] += 0.35
    tubes.append(tube(bridge, style.rim, closed=False))
    for outline, index, side in ((outlines[0], 32, -1.0), (outlines[1], 0, 1.0)):
        start = outline[index] + np.array([0, 0.35, 0])
        end = np.array([side * 7.9, start[1] + 0.1, -0.5])
        temple = start + (end - start) * np.linspace(0, 1, 24)[:, None]
        for _ in range(3):
            height, normal = obstacle.height(temple.astype(np.float32))
            temple = temple + normal * np.maximum(0.12 - height, 0)[:, None] * np.array([1.0, 0.0, 0.0])
        tubes.append(tube(temple, style.rim * 0.9, closed=False))
    lenses = [_fan(outline) for outline in outlines]
    return joined(tubes), joined(lenses)


def under_hat(roots: Roots, hat: Hat) -> Roots:
    """Only the roots whose hair shows below a hat."""
    arm = roots.position - CENTRE
    azimuth = np.degrees(np.arctan2(arm[:, 0], arm[:, 2]))
    elevation = np.degrees(np.arctan2(arm[:, 1], np.hypot(arm[:, 0], arm[:, 2])))
    seen = elevation < hat_edge(azimuth, hat) + 4
    return Roots(roots.position[seen], roots.normal[seen], roots.rest[seen], roots.edge[seen])


# Azimuth from the front and the elevation of a hat's edge, in degrees.
_EDGE_AT: Final = (0.0, 40.0, 70.0, 100.0, 130.0, 180.0)
_EDGE: Final = (33.0, 30.0, 22.0, 18.0, 2.0, -14.0)


_SCARF_AT: Final = (0.0, 25.0, 45.0, 62.0, 75.0, 120.0, 180.0)
_SCARF: Final = (37.0, 35.0, 24.0, 4.0, -14.0, -32.0, -44.0)


def hat_edge(azimuth: Floats, hat: Hat) -> Floats:
    """Elevation (degrees) of the hat's edge about the skull's middle."""
    edge = np.interp(np.abs(azimuth), _EDGE_AT, _EDGE) + hat.line
    if hat.kind == "brim":
        edge = np.interp(np.abs(azimuth), (0.0, 90.0, 180.0), (35.0, 26.0, 14.0)) + hat.line
    elif hat.kind == "scarf":
        edge = np.interp(np.abs(azimuth), _SCARF_AT, _SCARF) + hat.line
    return np.asarray(edge, np.float32)


def hat(style: Hat, skin: Floats) -> Mesh:
    """Fit a hat over the skull of a person's neutral skin (V, 3)."""
    columns, rows = 96, 26
    azimuth = np.linspace(-180, 180, columns, endpoint=False, dtype=np.float32)
    edge = hat_edge(azimuth, style)
    up = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    elevation = np.asarray(edge[None] + (90.0 - edge[None]) * up, np.float32)
    direction = _directions(np.broadcast_to(azimuth, elevation.shape), elevation)
    arms = skin - CENTRE
    length = np.linalg.norm(arms, axis=1)
    # Ears would dent the hat outwards.
    scalp = (np.abs(skin[:, 0]) < 7.9) & (arms[:, 1] > -8)
    tree = cKDTree(arms[scalp] / length[scalp, None])
    found = tree.query_ball_point(direction.reshape(-1, 3), 0.16)
    radius = np.array([length[scalp][index].max() if index else 9.0 for index in found]).reshape(
        rows, columns
    )
    radius = gaussian_filter(radius, 1.5, mode=["nearest", "wrap"])
    if style.kind == "brim":
        radius = radius + 0.7 + (style.height + 2.0) * np.clip(up * 3, 0, 1) * (1 - 0.25 * np.sin(up * np.pi))
    elif style.kind == "scarf":
        # Ears make it bulge, and cloth falls in folds that run from the forehead to the knot at the nape.
        beside = np.exp(-(((np.abs(azimuth) - 88) / 24) ** 2)) * np.exp(-((elevation / 22) ** 2))
        folds = np.sin(elevation * 0.35 + np.abs(azimuth) * 0.12) * np.clip(np.abs(azimuth) / 60, 0.2, 1)
        radius = radius + 0.65 + 1.5 * beside + 0.12 * folds
    else:
        radius = radius + 0.8 + style.height * np.sin(np.clip(up, 0, 1) * np.pi / 2) ** 2
    body = CENTRE + direction * radius[..., None]
    sheets = [body]
    if style.kind == "beanie":
        # A turned-up edge.
        fold = [body[3] + direction[3] * 0.35, body[1] + direction[1] * 0.55, body[0] + direction[0] * 0.45]
        sheets = [np.stack([*fold, *body])]
    elif style.kind == "brim":
        flat = direction[0].copy()
        flat[:, 1] = -0.10
        brim = np.stack([body[0] + flat * reach for reach in np.linspace(style.brim, 0.0, 6)])
        brim[..., 1] += 0.06 * (brim[..., 0] / 4) ** 2
        sheets = [np.concatenate([brim, body])]
    meshes = [
        (
            sheet.reshape(-1, 3),
            grid_triangles(len(sheet), columns, closed=True),
            _grid_texture(sheet.shape[:2]),
        )
        for sheet in sheets
    ]
    if style.kind == "cap":
        meshes.append(_visor(azimuth, body[0], direction[0], style.brim))
    return joined(meshes)


def _visor(azimuth: Floats, edge: Floats, direction: Floats, reach: float) -> tuple[Floats, Integers, Floats]:
    front = np.flatnonzero(np.abs(azimuth) < 58)
    forward = direction[front] * np.array([0.35, 0, 0.0]) + np.array([0, -0.22, 1.0])
    length = reach * np.cos(np.deg2rad(azimuth[front] / 58 * 90)) ** 0.6
    rows = [edge[front] + forward * (length * t)[:, None] for t in np.linspace(1.0, -0.05, 8)]
    sheet = np.stack(rows)
    return sheet.reshape(-1, 3), grid_triangles(8, len(front), closed=False), _grid_texture(sheet.shape[:2])


def _directions(azimuth: Floats, elevation: Floats) -> Floats:
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.stack([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], axis=-1)


def _grid_texture(shape: tuple[int, ...]) -> Floats:
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]] / np.array(shape[:2]).reshape(2, 1, 1)
    return np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32)


def tube(path: Floats, radius: float, closed: bool) -> tuple[Floats, Integers, Floats]:
    """A round tube of 8 sides along (n, 3)."""
    following = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    tangent = following / np.linalg.norm(following, axis=1, keepdims=True)
    first = np.cross(tangent, np.array([0.13, 0.29, 0.95]))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(tangent, first)
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = path[:, None] + radius * (
        first[:, None] * np.cos(angle)[None, :, None] + second[:, None] * np.sin(angle)[None, :, None]
    )
    if closed:
        ring = np.concatenate([ring, ring[:1]])
    return ring.reshape(-1, 3), grid_triangles(len(ring), 8, closed=True), _grid_texture(ring.shape[:2])


def _fan(outline: Floats) -> tuple[Floats, Integers, Floats]:
    """A disc that bulges a little, its texture a unit disc."""
    centre = outline.mean(0)
    rows = [
        centre + (outline - centre) * t + np.array([0, 0, 0.25 * (1 - t * t)]) for t in (0.02, 0.4, 0.7, 1.0)
    ]
    sheet = np.stack(rows)
    return sheet.reshape(-1, 3), grid_triangles(4, len(outline), closed=True), _grid_texture(sheet.shape[:2])


def joined(parts: list[tuple[Floats, Integers, Floats]]) -> Mesh:
    start, vertices, triangles, texture = 0, [], [], []
    for points, faces, place in parts:
        vertices.append(points)
        triangles.append(faces + start)
        texture.append(place)
        start += len(points)
    return Mesh(
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(triangles),
        np.concatenate(texture).astype(np.float32),
    )
