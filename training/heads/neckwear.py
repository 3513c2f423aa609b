"""What is worn around the neck over a garment: scarves, kerchiefs, shirt collars and ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, maximum_filter1d

from training.heads.accessories import Mesh, joined
from training.heads.cloth import COLUMNS, RIM
from training.heads.data import Floats, Integers
from training.heads.hair import Obstacle
from training.heads.lights import Color
from training.heads.surfaces import grid_triangles, vertex_normals

KINDS: Final = ("scarf", "kerchief", "collar", "tie")
Part = tuple[Floats, Integers, Floats]
_BAND: Final = 0.0
_PLAIN: Final = 0.5
"""Texture heights: the shader gives those below 0.16 the second colour."""


@dataclass(frozen=True, slots=True)
class Neckwear:
    """One of `KINDS`; "tie" is a collar with a tie. `size` scales it. A collar without a colour of its own is
    the garment's; else `color` and `second` (stripes of a scarf, the tie) are."""

    kind: str = "scarf"
    color: Color = (0.45, 0.12, 0.10)
    second: Color = (0.75, 0.70, 0.60)
    size: float = 1.0
    stripes: bool = False
    own_color: bool = True

    @property
    def knitted(self) -> bool:
        return self.kind == "scarf"


def neckwear(style: Neckwear, garment: Mesh, skin: Floats, skin_normals: Floats, seed: int) -> Mesh:
    """Fit it to a person's garment and neck: `skin` (V, 3), neutral, with normals."""
    cloth = Obstacle(garment.vertices, _outward(garment))
    neck = Obstacle(skin, skin_normals)
    rim = garment.vertices.reshape(-1, COLUMNS, 3)[RIM].astype(np.float64)
    rng = np.random.default_rng([seed, 7])
    if style.kind == "scarf":
        return joined(_scarf(style, rim, cloth, neck, rng))
    if style.kind == "kerchief":
        return joined(_kerchief(style, rim, cloth, neck, rng))
    parts = [_collar(style, rim, cloth, neck)]
    if style.kind == "tie":
        parts += _tie(style, rim, cloth)
    return joined(parts)


def _scarf(
    style: Neckwear, rim: Floats, cloth: Obstacle, neck: Obstacle, rng: np.random.Generator
) -> list[Part]:
    """Two turns of knitted wool, the lower one wider, and an end that hangs in front."""
    size, lean = style.size, rng.uniform(-0.6, 0.6)
    parts = [
        _roll(rim, cloth, neck, 0.1, 1.5 * size, 0.95 * size, 0.30, rng, style.stripes, lean),
        _roll(rim, cloth, neck, 1.5 * size, 1.2 * size, 0.75 * size, 0.22, rng, style.stripes, -lean),
    ]
    bearing = rng.choice([-1.0, 1.0]) * rng.uniform(0.25, 0.6)
    parts.append(_hanging(rim, cloth, bearing, 3.0 * size, 24.0, 0.95 * size, style.stripes, rng))
    return parts


def _kerchief(
    style: Neckwear, rim: Floats, cloth: Obstacle, neck: Obstacle, rng: np.random.Generator
) -> list[Part]:
    """A thin roll of silk with a knot and two short ends."""
    size = style.size
    bearing = float(rng.uniform(-0.5, 0.5))
    parts = [_roll(rim, cloth, neck, 0.35, 1.05 * size, 0.38 * size, 0.12, rng, style.stripes, 0.3)]
    middle = _on_rim(rim, bearing)
    out = _bearing_direction(bearing)
    centre = middle + out * 0.75 * size + np.array([0.0, 0.15, 0.0])
    parts.append(_ball(centre, np.array([0.85, 0.7, 0.6]) * size))
    for side in (-1.0, 1.0):
        parts.append(_leaf(centre + out * 0.15, side, 3.4 * size * rng.uniform(0.8, 1.1), cloth, rng))
    return parts


def _roll(
    rim: Floats, cloth: Obstacle, neck: Obstacle, raised: float, half_height: float, half_width: float,
    fold: float, rng: np.random.Generator, stripes: bool, lean: float,
) -> Part:  # fmt: skip
    """A padded ring around the neck; creases run along it and wander up and down. Sizes in cm."""
    bearing = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False)
    out = np.stack([np.sin(bearing), np.zeros(COLUMNS), np.cos(bearing)], axis=1)
    middle = _level(rim) + np.array([0.0, 1.0, 0.0]) * (raised + 0.35 * lean * np.sin(bearing))[:, None]
    turn = np.linspace(0, 2 * np.pi, 33)
    shift = np.sum([np.sin(bearing * k + rng.uniform(0, 6.3)) / k for k in (1, 2, 3, 5)], axis=0)
    crease = np.abs(np.sin(2.5 * turn[:, None] + 0.8 * shift[None]))
    bulge = 1.0 + fold * (crease - 0.5) + 0.12 * np.sin(bearing * 4 + rng.uniform(0, 6.3))[None]
    # The inner side of the ring lies on the neck.
    outwards = (np.cos(turn)[:, None] * bulge + 1.0) * half_width
    upwards = np.sin(turn)[:, None] * half_height * (1 + 0.35 * (bulge - 1))
    sheet = middle[None] + out[None] * outwards[..., None]
    sheet[..., 1] += upwards
    outer = np.clip(np.cos(turn)[:, None] + 0.6, 0, 1)
    sheet = _cleared(sheet, neck, 0.12 + 0.3 * outer, 1.5)
    sheet = _cleared(sheet, cloth, 0.12 + 0.5 * outer, 1.5)
    texture = np.full((*sheet.shape[:2], 2), _PLAIN)
    texture[..., 0] = bearing / (2 * np.pi) * 1.5
    if stripes:
        texture[..., 1] = np.where(np.sin(bearing * 9)[None] > 0.3, _BAND, _PLAIN)
    return _part(sheet, texture, closed=True)


def _hanging(
    rim: Floats, cloth: Obstacle, bearing: float, half_width: float, length: float, thickness: float,
    stripes: bool, rng: np.random.Generator,
) -> Part:  # fmt: skip
    """An end of a scarf that falls over the chest."""
    rows, columns = 34, 15
    across = np.linspace(-1, 1, columns)
    down = np.linspace(0, 1, rows)[:, None]
    start = _on_rim(rim, bearing) + _bearing_direction(bearing) * thickness
    # Gathered under the roll, wider below.
    width = half_width * (0.55 + 0.45 * np.clip(down * 4, 0, 1))
    x = start[0] + across * width + 0.12 * start[0] * down * length / 4
    y = start[1] - 0.3 - down * length + 0 * across
    folds = 0.22 * np.sin(across * 5.0 + rng.uniform(0, 6.3)) * (1 - 0.4 * down)
    z = start[2] + 0.2 + folds + 0.12 * down * length
    sheet = _cleared(np.stack(np.broadcast_arrays(x, y, z), axis=-1), cloth, 0.45 + folds, 4.0, forward=True)
    texture = np.full((rows, columns, 2), _PLAIN)
    texture[..., 0] = across * 0.1
    if stripes:
        texture[..., 1] = np.where(np.sin(down * length * 1.9) > 0.3, _BAND, _PLAIN)
    return _part(sheet, texture, closed=False)


def _collar(style: Neckwear, rim: Floats, cloth: Obstacle, neck: Obstacle) -> Part:
    """A stand around the neck, open in front, that folds over into a leaf with two points."""
    columns = 89
    size = style.size
    u = np.linspace(-1, 1, columns)
    tight = 0.05 if style.kind == "tie" else 0.16
    # (share of the way to the leaf's edge, out, up): stand, fold, leaf.
    profile = np.array(
        [[0, 0.05, -0.7], [0, 0.05, 0.2], [0, 0.08, 0.9], [0, 0.12, 1.5], [0, 0.22, 1.72], [0.05, 0.42, 1.78],
         [0.2, 0.62, 1.6], [0.4, 0.78, 1.1], [0.6, 0.92, 0.55], [0.8, 1.05, 0.0], [1.0, 1.15, -0.5]]
    )  # fmt: skip
    rows = []
    for share, out, up in profile:
        # The leaf's front edges run apart, down to its points.
        first = tight + 0.42 * share
        bearing = np.pi - u * (np.pi - first)
        point = np.exp(-((((np.pi - np.abs(bearing - np.pi)) - first) / 0.5) ** 2))
        base = _at(rim, bearing)
        direction = np.stack([np.sin(bearing), np.zeros(columns), np.cos(bearing)], axis=1)
        row = base + direction * (out * size)
        # Lower at the points, higher behind.
        row[:, 1] += size * (up - 1.9 * share * point + 0.25 * (1 - share) * (up > 0) * (1 - point))
        rows.append(row)
    sheet = np.stack(rows)
    # Stand and fold go out together, as far as the neck needs it anywhere above them.
    freed = _cleared(sheet[:6], neck, 0.15, 1.0)
    push = np.linalg.norm((freed - sheet[:6])[..., [0, 2]], axis=-1).max(0)
    push = gaussian_filter1d(maximum_filter1d(push, 7), 3.0)
    away = np.stack([np.sin(np.pi - u * np.pi), np.zeros(columns), np.cos(np.pi - u * np.pi)], axis=1)
    sheet = sheet + away * push[:, None]
    sheet = np.concatenate([sheet[:6], _cleared(sheet[6:], cloth, 0.22, 2.0)])
    return _part(sheet, np.full((*sheet.shape[:2], 2), _PLAIN), closed=False)


def _tie(style: Neckwear, rim: Floats, cloth: Obstacle) -> list[Part]:
    """A knot between the collar's points and the blade below it."""
    size = style.size
    start = _on_rim(rim, 0.0)
    across = np.linspace(-1, 1, 9)
    parts = []
    for top, bottom, wide, narrow, thick in ((1.0, -1.5, 1.15, 0.65, 0.75), (-1.2, -22.0, 0.65, 2.9, 0.40)):
        down = np.linspace(0, 1, 24)[:, None]
        width = (wide + (narrow - wide) * down) * size
        x = start[0] + across * width
        y = start[1] + top * size + (bottom - top) * size * down + 0 * across
        z = start[2] + 0.35 + 0 * x
        bulge = thick * np.sqrt(np.clip(1 - across**2, 0, 1))
        # Over the stand of the collar the knot stands out, not in.
        z = z + bulge
        sheet = _cleared(np.stack(np.broadcast_arrays(x, y, z), axis=-1), cloth, 0.15 + bulge, 4.0, True)
        parts.append(_part(sheet, np.full((*sheet.shape[:2], 2), _BAND), closed=False))
    return parts


def _leaf(start: Floats, side: float, length: float, cloth: Obstacle, rng: np.random.Generator) -> Part:
    """A short end of silk: narrow at the knot, broad below."""
    across = np.linspace(-1, 1, 7)
    down = np.linspace(0, 1, 12)[:, None]
    width = 0.35 + 1.3 * down * (1 - 0.3 * down)
    lean = side * rng.uniform(0.35, 0.7)
    x = start[0] + lean * length * down + across * width
    y = start[1] - length * down * (0.9 + 0.1 * across * side) + 0 * across
    z = start[2] + 0.35 * np.sin(down * 3) + 0.12 * np.sin(across * 4 + side)
    sheet = _cleared(np.stack(np.broadcast_arrays(x, y, z), axis=-1), cloth, 0.35, 3.0, forward=True)
    return _part(sheet, np.full((*sheet.shape[:2], 2), _PLAIN), closed=False)


def _ball(centre: NDArray[np.floating], radii: NDArray[np.floating]) -> Part:
    polar = np.linspace(0.05, np.pi - 0.05, 9)[:, None]
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    unit = np.stack(
        [np.sin(polar) * np.cos(turn), np.cos(polar) + 0 * turn, np.sin(polar) * np.sin(turn)], axis=-1
    )
    return _part(centre + unit * radii, np.full((*unit.shape[:2], 2), _PLAIN), closed=True)


def _cleared(
    sheet: NDArray[np.floating],
    obstacle: Obstacle,
    gap: NDArray[np.floating] | float,
    most: float,
    forward: bool = False,
) -> NDArray[np.float64]:
    """Push what is nearer than `gap` cm off the obstacle, at most `most`, then smooth how far.

    `forward`: along z, for what hangs in front; else level, away from the neck's axis.
    """
    out = np.asarray(sheet, np.float64).copy()
    gaps = np.broadcast_to(gap, out.shape[:2])
    for _ in range(3):
        height, normal = obstacle.height(out.reshape(-1, 3).astype(np.float32))
        lack = np.clip(gaps - height.reshape(gaps.shape), 0, most)
        lack = np.maximum(gaussian_filter(lack, 1.0, mode="nearest"), lack)
        if forward:
            direction = np.broadcast_to(np.array([0.0, 0.0, 1.0]), out.shape)
        else:
            direction = out * [1, 0, 1] - np.array([0.0, 0.0, -1.2])
            direction /= np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-6)
        facing = np.clip(np.einsum("rcx,rcx->rc", direction, normal.reshape(out.shape)), 0.35, 1)
        out += direction * np.minimum(lack / facing, most)[..., None]
    return out


def _level(rim: Floats) -> NDArray[np.float64]:
    """The neckline (COLUMNS, 3), half as tilted: a thick scarf evens it out."""
    flat = rim.copy()
    flat[:, 1] = 0.5 * rim[:, 1] + 0.5 * rim[:, 1].mean()
    return np.asarray(flat, np.float64)


def _at(rim: Floats, bearing: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, 3) points of the neckline at bearings from the front."""
    place = (bearing / (2 * np.pi) * COLUMNS) % COLUMNS
    columns = np.arange(COLUMNS + 1)
    closed = np.concatenate([rim, rim[:1]])
    return np.stack([np.interp(place, columns, closed[:, axis]) for axis in range(3)], axis=1)


def _on_rim(rim: Floats, bearing: float) -> NDArray[np.float64]:
    return _at(rim, np.array([bearing]))[0]


def _bearing_direction(bearing: float) -> NDArray[np.float64]:
    return np.array([np.sin(bearing), 0.0, np.cos(bearing)])


def _outward(garment: Mesh) -> Floats:
    """(V, 3) normals that point away from the neck, whichever way the triangles are wound."""
    normals = vertex_normals(garment.vertices, garment.triangles)
    away = garment.vertices * np.array([1.0, 0.0, 1.0]) - np.array([0.0, 0.0, -1.2])
    away[:, 1] = 0.5 * np.linalg.norm(away, axis=1)
    own = np.einsum("vc,vc->v", normals, away)
    return np.asarray(normals * np.where(own < 0, -1.0, 1.0)[:, None], np.float32)


def _part(sheet: NDArray[np.floating], texture: NDArray[np.floating], closed: bool) -> Part:
    rows, columns = sheet.shape[:2]
    return (
        sheet.reshape(-1, 3).astype(np.float32),
        grid_triangles(rows, columns, closed),
        texture.reshape(-1, 2).astype(np.float32),
    )
