"""Lashes, brows and beards: short strands bound to the face's triangles, so they move with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.heads.data import Floats, HeadData, Integers
from training.heads.scalp import pick
from training.heads.skinmaps import BROWS, SIZE
from training.heads.strands import Strands


@dataclass(frozen=True, slots=True)
class Fur:
    """corners, weights (S, K, 3): where each point of each strand hangs; height (S, K) cm above the skin;
    half_width, random (S,); offset (S, K, 3) cm from there in the root's frame (see `frames`), for strands
    that do not lie on the skin."""

    corners: Integers
    weights: Floats
    height: Floats
    half_width: Floats
    random: Floats
    offset: Floats | None = None

    def at(self, vertices: Floats, normals: Floats) -> Strands:
        """The strands on the posed head."""
        base = np.einsum("skvc,skv->skc", vertices[self.corners], self.weights)
        normal = np.einsum("skvc,skv->skc", normals[self.corners], self.weights)
        points = (base + normal * self.height[:, :, None]).astype(np.float32)
        if self.offset is not None:
            points += np.einsum("skv,svc->skc", self.offset, frames(vertices, self.corners[:, 0]))
        ones = np.ones(points.shape[:2], np.float32)
        return Strands(points, self.half_width, self.random, ones, ones)


def frames(vertices: Floats, corners: Integers) -> Floats:
    """(S, 3, 3) rows: along the first edge, across it, off the skin; of triangles `corners` (S, 3)."""
    a, b, c = (vertices[corners[:, k]] for k in range(3))
    first, normal = b - a, np.cross(b - a, c - a)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-6)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return np.stack([first, np.cross(normal, first), normal], axis=1).astype(np.float32)


def together(furs: list[Fur]) -> Fur | None:
    """All strands in one; they must have the same number of points. None for none."""
    if len(furs) < 2:
        return furs[0] if furs else None
    return Fur(
        corners=np.concatenate([one.corners for one in furs]),
        weights=np.concatenate([one.weights for one in furs]),
        height=np.concatenate([one.height for one in furs]),
        half_width=np.concatenate([one.half_width for one in furs]),
        random=np.concatenate([one.random for one in furs]),
        offset=np.concatenate(
            [np.zeros_like(one.weights) if one.offset is None else one.offset for one in furs]
        ),
    )


class Binder:
    """Finds the triangle of the neutral face under a point."""

    def __init__(self, data: HeadData, *parts: str) -> None:
        self._data = data
        self.triangles = data.part_triangles(*parts)
        self._tree = cKDTree(data.neutral[self.triangles].mean(1))

    def bind(self, points: Floats) -> tuple[Integers, Floats]:
        """(..., 3) points -> corners and weights (..., 3) of the closest of the 8 nearest triangles."""
        flat = points.reshape(-1, 3)
        _, near = self._tree.query(flat, k=8)
        corners = self.triangles[near]
        a, b, c = (self._data.neutral[corners[..., k]] for k in range(3))
        weights = np.clip(_barycentric(flat[:, None], a, b, c), 0, 1)
        weights /= weights.sum(-1, keepdims=True)
        distance = np.linalg.norm(
            np.einsum("nkvc,nkv->nkc", np.stack([a, b, c], 2), weights) - flat[:, None], axis=2
        )
        best = distance.argmin(1)
        row = np.arange(len(flat))
        shape = (*points.shape[:-1], 3)
        return corners[row, best].reshape(shape), weights[row, best].reshape(shape).astype(np.float32)


def _barycentric(p: NDArray[np.floating], a: Floats, b: Floats, c: Floats) -> NDArray[np.floating]:
    ab, ac, ap = b - a, c - a, p - a
    aa, bb, ab_ac = (ab * ab).sum(-1), (ac * ac).sum(-1), (ab * ac).sum(-1)
    pa, pb = (ap * ab).sum(-1), (ap * ac).sum(-1)
    scale = np.maximum(aa * bb - ab_ac**2, 1e-12)
    v, w = (bb * pa - ab_ac * pb) / scale, (aa * pb - ab_ac * pa) / scale
    return np.stack([1 - v - w, v, w], axis=-1)


def brows(
    data: HeadData, binder: Binder, rng: np.random.Generator, count: int = 420, thickness: float = 1.0
) -> Fur:
    """Brow hairs: upright at the inner end, lying outwards along the arch further on."""
    place = np.einsum("lkc,lk->lc", data.neutral[data.landmark_corners], data.landmark_weights)
    all_points, all_heights = [], []
    for upper, lower in BROWS:
        along = rng.beta(1.15, 1.25, count)
        across = np.clip(rng.normal(0.5, 0.26 * thickness, count), -0.1, 1.1)
        top, bottom = (along_curve(place[list(edge)], along) for edge in (upper, lower))
        root = bottom + (top - bottom) * across[:, None]
        # `along` runs from the outer (0) to the inner end (1).
        outwards = along_curve(place[list(upper)], np.clip(along - 0.12, 0, 1)) - along_curve(
            place[list(upper)], along
        )
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True) + 1e-6
        rise = np.clip((along - 0.62) / 0.38, 0, 1)[:, None] * 1.3 + (0.35 - 0.75 * across[:, None])
        direction = outwards + np.array([0, 1.0, 0]) * rise + rng.normal(0, 0.14, (count, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        length = rng.uniform(0.35, 0.75, count) * (0.7 + 0.3 * np.clip(along * 3, 0, 1))
        t = np.linspace(0, 1, 4)
        points = root[:, None] + direction[:, None] * (length[:, None] * t)[..., None]
        all_points.append(points)
        all_heights.append(np.broadcast_to(0.01 + 0.10 * np.sin(t * 2.2), points.shape[:2]))
    return _bound(np.concatenate(all_points), np.concatenate(all_heights), binder, rng, 0.011)


def beard(
    data: HeadData,
    masks: NDArray[np.uint8],
    binder: Binder,
    rng: np.random.Generator,
    count: int,
    length: float,
    half_width: float = 0.018,
    steps: int = 5,
) -> Fur:
    """A beard where the mask's third channel is set; strands hang down and outwards.

    `half_width` in cm; `steps`: points of a strand.
    """
    face = data.part_names.index("face")
    own = data.part == face
    triangles, coordinates = data.triangles[own], data.texture_triangles[own]
    a, b, c = (data.neutral[triangles[:, k]] for k in range(3))
    at = np.clip(data.texture[coordinates].mean(1) * SIZE, 0, SIZE - 1).astype(int)
    mask = masks[at[:, 1], at[:, 0]].astype(np.float32) / 255
    dense = mask[:, 2] * (mask[:, 0] < 0.2)
    chosen, weights = pick(
        np.linalg.norm(np.cross(b - a, c - a), axis=1) * np.maximum(dense - 0.25, 0), count, rng
    )
    root = np.einsum("skc,sk->sc", data.neutral[triangles[chosen]], weights)
    direction = np.stack([root[:, 0] * 0.05, np.full(count, -1.0), np.full(count, 0.1)], axis=1)
    direction += rng.normal(0, 0.22, (count, 3))
    lengths = length * rng.uniform(0.6, 1.15, count) * (0.5 + 0.5 * np.clip(dense[chosen], 0, 1))
    t = np.linspace(0, 1, steps)
    points = root[:, None] + direction[:, None] * (lengths[:, None] * t * 0.8)[..., None]
    heights = lengths[:, None] * (0.05 + 0.42 * t - 0.15 * t**2)
    return _bound(points, heights, binder, rng, half_width)


def lashes(
    data: HeadData, rng: np.random.Generator, upper: int = 120, lower: int = 60, thickness: float = 1.0
) -> Fur:
    """Lashes along ICT's lash cards, which already bend with the lids. Counts are per eye."""
    corners, weights = [], []
    for side in "LR":
        cards = _lash_cards(data, side)
        for own, count, reach in ((cards[3:], upper, 1.0), (cards[:3], lower, 0.7)):
            card = own[rng.integers(0, 3, count)]
            column = rng.uniform(0.6, 17.4, count)
            lean = rng.normal(0, 0.5, count)
            share = rng.uniform(0.75, 1.0, count) * reach
            row = np.linspace(0, 1, 6)[None] * share[:, None] * 5
            across = np.clip(column[:, None] + lean[:, None] * row / 5, 0, 17.999)
            base, fraction = across.astype(int), across % 1
            low = np.minimum(row.astype(int), 4)
            # Between two rows of a card the course is taken along the nearer one: rows are 2 mm apart.
            nearest = np.where(row - low > 0.5, low + 1, low)
            pick_card = np.arange(count)[:, None]
            first, second = card[pick_card, nearest, base], card[pick_card, nearest, base + 1]
            corners.append(np.stack([first, second, first], axis=-1))
            weights.append(np.stack([1 - fraction, fraction, np.zeros_like(fraction)], axis=-1))
    all_corners, all_weights = np.concatenate(corners), np.concatenate(weights).astype(np.float32)
    count = len(all_corners)
    return Fur(
        all_corners,
        all_weights,
        np.zeros(all_corners.shape[:2], np.float32),
        (rng.uniform(0.007, 0.012, count) * thickness).astype(np.float32),
        rng.random(count).astype(np.float32),
    )


def _lash_cards(data: HeadData, side: str) -> Integers:
    """(6, 6, 19) vertices: three lower, three upper cards; rows from root to tip; columns along the lid."""
    own = data.part == data.part_names.index(f"eyelashes_{side}")
    vertex, first = np.unique(data.triangles[own].ravel(), return_index=True)
    place = data.texture[data.texture_triangles[own].ravel()[first]]
    by_height = np.argsort(place[:, 1], kind="stable").reshape(6, 6, 19)
    order = np.argsort(place[by_height][..., 0], axis=-1, kind="stable")
    cards = np.take_along_axis(by_height, order, axis=-1)[:, ::-1]
    return vertex[cards]


def along_curve(points: Floats, at: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points on the polyline at parameters 0..1."""
    where = np.linspace(0, 1, len(points))
    return np.stack([np.interp(at, where, points[:, axis]) for axis in range(3)], axis=1)


def _bound(
    points: NDArray[np.floating],
    heights: NDArray[np.floating],
    binder: Binder,
    rng: np.random.Generator,
    width: float,
) -> Fur:
    corners, weights = binder.bind(points.astype(np.float32))
    count = len(points)
    return Fur(
        corners,
        weights,
        np.ascontiguousarray(heights, np.float32),
        (rng.uniform(0.7, 1.2, count) * width).astype(np.float32),
        rng.random(count).astype(np.float32),
    )
