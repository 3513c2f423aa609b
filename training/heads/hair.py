"""Head hair: strands grown over the skull by a comb, gravity and the surface they must not enter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.heads.data import Floats
from training.heads.scalp import CENTRE, Hairline, Roots
from training.heads.shape import neck_weight
from training.heads.strands import Strands

DOWN: Final = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Knot:
    """Where and how hair is tied. Lengths in cm."""

    elevation: float = 15.0
    """Degrees above the horizon behind; 90 is the crown."""
    bun: bool = False
    size: float = 1.6
    """Radius of a bun or of the tail's root."""
    length: float = 20.0
    aside: float = 0.0
    """A tail that falls to one side: -1 to 1."""
    wave: float = 0.2


@dataclass(frozen=True, slots=True)
class HairStyle:
    """How hair is cut and combed. Lengths in cm."""

    comb: str = "side"
    """"side" (parted), "back", "crown" (falls from the whorl), "up" (stands), "tied" (to `knot`)."""
    length: float = 7.0
    side_length: float = 2.5
    """Length just above the ears and at the nape; grows to `length` on top."""
    part_at: float = 2.5
    """x of the parting on the skull."""
    lift: float = 0.5
    """0: strands leave the skin flat, 1: straight up."""
    volume: float = 1.2
    """Thickness of the hair on the head."""
    gravity: float = 0.3
    stiffness: float = 1.0
    hug: float = 0.5
    """How strongly strands keep to the head."""
    fringe: float = 0.0
    """Share of the front hair that falls over the forehead."""
    curl: float = 0.0
    """Radius of the curls."""
    curl_length: float = 3.0
    wave: float = 0.15
    clump: float = 0.5
    frizz: float = 0.06
    count: int = 26000
    half_width: float = 0.016
    steps: int = 14
    drawn: int = 0
    """Points of a strand that are drawn, of the `steps` that it grew; 0: all."""
    behind: float = 1.0
    """Density on the back of the head."""
    knot: Knot = field(default_factory=Knot)
    hairline: Hairline = field(default_factory=Hairline)


class Obstacle:
    """Points with normals that hair keeps away from."""

    def __init__(self, points: Floats, normals: Floats) -> None:
        self._tree = cKDTree(points)
        self._points, self._normals = points, normals

    def height(self, at: Floats) -> tuple[Floats, Floats]:
        """(n,) signed distance above the nearest tangent plane and (n, 3) its normal."""
        _, nearest = self._tree.query(at, k=1)
        normal = self._normals[nearest]
        return np.einsum("nc,nc->n", at - self._points[nearest], normal), normal

    def near(self, at: Floats, most: float) -> tuple[Floats, Floats, Floats]:
        """As `height`, and (n,) cm to the nearest point: beyond `most`, which is quick, 0, 0 and inf."""
        distance, nearest = self._tree.query(at, k=1, distance_upper_bound=most)
        height, normal = np.zeros(len(at), at.dtype), np.zeros((len(at), 3), self._normals.dtype)
        found = nearest < len(self._points)
        own = nearest[found]
        normal[found] = self._normals[own]
        height[found] = np.einsum("nc,nc->n", at[found] - self._points[own], normal[found])
        return height, normal, np.asarray(distance, np.float32)

    def distance(self, at: Floats) -> Floats:
        """(n,) cm to the nearest point."""
        return np.asarray(self._tree.query(at, k=1)[0], np.float32)


def grow(roots: Roots, style: HairStyle, obstacle: Obstacle, rng: np.random.Generator) -> Strands:
    """Grow one strand from every root."""
    count = len(roots.position)
    layer = rng.random(count).astype(np.float32) ** 0.7
    length = _lengths(roots, style, rng)
    comb = _comb(roots, style)
    direction = unit(comb * (1.15 - style.lift) + roots.normal * (0.15 + style.lift))
    step = (length / (style.steps - 1))[:, None]
    wander = rng.normal(0, 1, (count, 3)).astype(np.float32)
    position = roots.position.astype(np.float64)
    points = [position.copy()]
    volume = style.volume * (0.35 + 0.65 * roots.edge) * np.minimum(1, length / 2.5)
    if style.comb == "side":
        # Hair lies flat beside a parting, or its two sides would meet in a step.
        volume = volume * np.clip(0.3 + np.abs(roots.rest[:, 0] - style.part_at) / 4.0, 0, 1)
    for k in range(1, style.steps):
        t = k / (style.steps - 1)
        position = position + direction * step
        height, normal = obstacle.height(position.astype(np.float32))
        wanted = 0.06 + layer * volume * min(1.0, 0.25 + 2.2 * t)
        # Below the jaw hair hangs free: what enters the clothes is hidden by them.
        free = np.clip((position[:, 1] + 11.0) / 4.0, 0, 1)
        low = np.minimum(np.maximum(wanted - height, 0) * free, 1.5)
        high = (
            np.maximum(height - wanted, 0)
            * style.hug
            * (height < 4.0)
            * np.clip((position[:, 1] + 2.0) / 5.0, 0, 1)
        )
        position = position + normal * (low - high)[:, None]
        points.append(position.copy())
        pull = _comb_at(position, roots, style)
        flat = pull - normal * np.einsum("nc,nc->n", pull, normal)[:, None]
        near = (np.clip(1.5 - height / 5.0, 0, 1) * np.clip((position[:, 1] + 6.0) / 6.0, 0, 1))[:, None]
        moved = unit(points[-1] - points[-2])
        direction = unit(
            style.stiffness * moved
            + 0.55 * flat * near
            + style.gravity * DOWN * (0.4 + t)
            + style.frizz * wander
        )
    grown = np.stack(points, axis=1).astype(np.float32)
    if style.fringe == 0:
        clear = ~_before_face(grown)
        roots = Roots(roots.position[clear], roots.normal[clear], roots.rest[clear], roots.edge[clear])
        grown, length, layer = grown[clear], length[clear], layer[clear]
        count = len(grown)
    grown = _clumped(grown, roots, style, rng)
    grown = _curled(grown, length, style, rng)
    openness = np.clip(layer[:, None] * np.linspace(0.45, 1.0, style.steps)[None] + 0.15, 0, 1)
    if style.drawn:
        # Where hairs are few and wide, one that strays looks like a wire.
        kept = ~_strays(grown, roots)
        roots = Roots(roots.position[kept], roots.normal[kept], roots.rest[kept], roots.edge[kept])
        grown, openness, count = grown[kept], openness[kept], int(kept.sum())
        # Closer near the roots: there strands rise from the head and bend over.
        drawn = np.unique((np.linspace(0, 1, style.drawn) ** 1.6 * (style.steps - 1)).round().astype(int))
        grown, openness = grown[:, drawn], openness[:, drawn]
    return Strands(
        points=grown,
        half_width=np.full(count, style.half_width, np.float32),
        random=rng.random(count).astype(np.float32),
        openness=openness.astype(np.float32),
        follow=neck_weight(grown.reshape(-1, 3)).reshape(count, -1),
    )


def _strays(points: Floats, roots: Roots, most: float = 3.0) -> NDArray[np.bool_]:
    """(S,) strands that end more than `most` cm from where their neighbours do."""
    _, near = cKDTree(roots.rest).query(roots.rest, k=min(9, len(points)))
    ends = points[:, [points.shape[1] // 2, -1]]
    # At a parting neighbours fall to both sides.
    ends[..., 0] = np.abs(ends[..., 0])
    usual = np.median(ends[near], axis=1)
    return np.asarray(np.linalg.norm(ends - usual, axis=2).max(1) > most, np.bool_)


def _before_face(points: Floats) -> NDArray[np.bool_]:
    """(S,) strands that hang into the face."""
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    inside = (np.degrees(np.arctan2(x, z)) < 42) & (y < 7.4) & (y > -9) & (z > 2)
    return np.asarray(inside.any(1), np.bool_)


def _lengths(roots: Roots, style: HairStyle, rng: np.random.Generator) -> Floats:
    """Shorter towards the ears, the nape and the hairline."""
    d = roots.rest - CENTRE
    elevation = np.degrees(np.arctan2(d[:, 1], np.hypot(d[:, 0], d[:, 2])))
    front = np.clip(d[:, 2] / 8.0, 0, 1)
    top = np.clip((elevation - 12 + 14 * front) / 32, 0, 1)
    top = top * top * (3 - 2 * top)
    length = style.side_length + (style.length - style.side_length) * top
    length = length * (0.55 + 0.45 * np.clip(roots.edge * 2.5, 0, 1))
    return (length * rng.normal(1.0, 0.09, len(length)).clip(0.7, 1.3)).astype(np.float32)


def _comb(roots: Roots, style: HairStyle) -> NDArray[np.float64]:
    pull = _comb_at(roots.position.astype(np.float64), roots, style)
    flat = pull - roots.normal * np.einsum("nc,nc->n", pull, roots.normal)[:, None]
    return unit(flat)


def _comb_at(position: NDArray[np.float64], roots: Roots, style: HairStyle) -> NDArray[np.float64]:
    """(n, 3) where the comb pulls; the side of a parting is chosen at the root."""
    rest = roots.rest
    pull = np.zeros_like(position)
    if style.comb == "back":
        pull += np.array([0.0, 0.15, -1.0])
    elif style.comb == "up":
        pull += np.array([0.0, 0.7, -0.25]) + (position - CENTRE) / 12.0
    elif style.comb == "crown":
        whorl = np.array([0.8, 13.8, -3.5])
        pull += unit(position - whorl)
    else:
        side = np.where(rest[:, 0] > style.part_at, 1.0, -1.0)
        height = np.clip((position[:, 1] - 5.0) / 6.0, 0, 1)
        pull[:, 0] = side * (0.1 + 0.9 * height)
        pull[:, 1] = -0.75 + 0.45 * height
        pull[:, 2] = -0.5 - 0.5 * np.clip(rest[:, 2] / 7, -0.5, 1)
    if style.fringe > 0:
        # Which roots belong to the fringe is fixed by the root, so that strands do not split.
        front = np.clip((rest[:, 2] - 2.0) / 5.0, 0, 1) * np.clip(1.3 - np.abs(rest[:, 0]) / 6.0, 0, 1)
        falls = (front * style.fringe)[:, None]
        pull = pull * (1 - falls) + falls * np.array([0.25 * np.sign(style.part_at), -0.35, 1.0])
    return pull


def _clumped(points: Floats, roots: Roots, style: HairStyle, rng: np.random.Generator) -> Floats:
    """Pull neighbouring strands together towards their tips."""
    if style.clump <= 0:
        return points
    leaders = rng.choice(len(points), max(1, len(points) // 45), replace=False)
    _, nearest = cKDTree(roots.rest[leaders]).query(roots.rest)
    target = points[leaders[nearest]]
    strength = (
        style.clump * np.linspace(0, 1, points.shape[1]) ** 1.3 * rng.uniform(0.5, 1.0, (len(points), 1))
    )
    # Strands grown to the other side of a parting must not be drawn across it.
    apart = np.linalg.norm(target - points, axis=2).max(1, keepdims=True)
    strength = np.where(apart < 3.5, strength, 0.0)
    return (points + (target - points) * strength[:, :, None]).astype(np.float32)


def _curled(points: Floats, length: Floats, style: HairStyle, rng: np.random.Generator) -> Floats:
    """Wind strands around their own course; neighbours share a phase, so locks form."""
    if style.curl <= 0 and style.wave <= 0:
        return points
    count, steps = points.shape[:2]
    tangent = unit(np.gradient(points, axis=1))
    first = unit(np.cross(tangent, np.array([0.31, 0.17, 0.93])))
    second = np.cross(tangent, first)
    place = points[:, 0]
    phase = np.sin(place @ rng.normal(0, 0.35, 3)) * 3.0 + np.sin(place @ rng.normal(0, 0.8, 3)) * 1.2
    phase = phase + rng.normal(0, 0.5 if style.curl > 0 else 0.9, count)
    along = np.linspace(0, 1, steps)[None] * length[:, None]
    angle = phase[:, None] + 2 * np.pi * along / style.curl_length
    radius = (style.curl + style.wave * 0.4) * np.clip(along / 2.0, 0, 1)
    winding = first * np.cos(angle)[..., None] + (
        second * np.sin(angle)[..., None] if style.curl > 0 else 0.0
    )
    return (points + winding * radius[..., None]).astype(np.float32)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """(..., 3) scaled to length 1."""
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-9), np.float64)
