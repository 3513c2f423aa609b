"""Hair drawn back tight and tied: into a tail that hangs, or into a bun."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.heads.data import Floats
from training.heads.hair import HairStyle, Knot, Obstacle, unit
from training.heads.scalp import CENTRE, Roots
from training.heads.shape import neck_weight
from training.heads.strands import Strands

BUNDLED = 0.4
"""Strands of the tail or bun, for each strand on the head."""


def tie(roots: Roots, style: HairStyle, obstacle: Obstacle, rng: np.random.Generator) -> Strands:
    """One strand from every root to the knot, and the bundle that begins there."""
    knot = style.knot
    steps = style.drawn or style.steps
    centre, outwards = _place(knot, obstacle)
    drawn, layer = _drawn_back(roots, style, centre, steps, obstacle, rng)
    count = max(60, int(BUNDLED * len(drawn)))
    bundle = (_bun if knot.bun else _tail)(knot, centre, outwards, count, steps, obstacle, rng)
    points = np.concatenate([drawn, bundle]).astype(np.float32)
    # Deep hair is dark: what lies under other strands, and where all go in under the band.
    near = np.clip(np.linalg.norm(drawn - centre, axis=2) / 2.5, 0.25, 1)
    open_drawn = np.clip(0.45 + 0.6 * layer[:, None], 0, 1) * near
    open_bundle = np.clip(np.linspace(0.35, 1.3, steps), 0, 1) * rng.uniform(0.6, 1.0, (count, 1))
    return Strands(
        points=points,
        half_width=np.full(len(points), style.half_width, np.float32),
        random=rng.random(len(points)).astype(np.float32),
        openness=np.concatenate([open_drawn, open_bundle]).astype(np.float32),
        follow=_follow(points, len(drawn), knot),
    )


def _place(knot: Knot, obstacle: Obstacle) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the band sits, just off the skull, and (3,) the way out from there."""
    turn = np.deg2rad(knot.elevation)
    out = np.array([0.0, np.sin(turn), -np.cos(turn)])
    at = CENTRE + out * 9.0
    for _ in range(3):
        height, _ = obstacle.height(at[None].astype(np.float32))
        at = at + out * (0.7 - float(height[0]))
    return at, out


def _drawn_back(
    roots: Roots, style: HairStyle, centre: NDArray[np.float64], steps: int, obstacle: Obstacle,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """(S, K, 3) along great circles of the skull, close to the skin; (S,) their layer 0..1."""
    count = len(roots.position)
    layer = np.asarray(rng.random(count) ** 0.7, np.float64)
    start = roots.position.astype(np.float64) - CENTRE
    reach = np.linalg.norm(start, axis=1)
    goal = centre + rng.normal(0, 0.30, (count, 3)) - CENTRE
    # Closer at the roots, where a long straight piece would run under the skin.
    t = np.linspace(0, 1, steps) ** 1.4
    first, last = unit(start), unit(goal)
    angle = np.arccos(np.clip((first * last).sum(1), -0.999, 0.999))[:, None]
    arms = (
        np.sin((1 - t) * angle)[..., None] * first[:, None] + np.sin(t * angle)[..., None] * last[:, None]
    ) / np.sin(angle)[..., None]
    if style.part_at:
        # From a parting hair first falls to its own side.
        side = np.where(roots.rest[:, 0] > style.part_at, 1.0, -1.0)
        front = np.clip(roots.rest[:, 2] / 6.0, 0, 1) * np.clip(1.2 - np.abs(roots.rest[:, 0]) / 6.0, 0, 1)
        arms[..., 0] += (side * front * style.fringe)[:, None] * np.sin(np.pi * t)
        arms = unit(arms)
    length = reach[:, None] + (np.linalg.norm(goal, axis=1) - reach)[:, None] * t
    points = CENTRE + arms * length[..., None]
    # Waves that neighbours share, or all hair would be one sheet.
    ripple = np.sin(roots.rest @ rng.normal(0, 1.3, 3) * 2.0) * 0.5 + 0.5
    wanted = 0.14 + (0.25 + 0.75 * layer) * style.volume * (0.35 + 0.65 * roots.edge) * (0.6 + 0.4 * ripple)
    for k in range(1, steps):
        rise = min(1.0, 0.5 + 4 * t[k])
        for _ in range(2):
            height, normal = obstacle.height(points[:, k].astype(np.float32))
            own = wanted * rise * (1 - t[k] ** 6) + 0.7 * t[k] ** 6
            points[:, k] += normal * np.clip(own - height, -1.5, 2.0)[:, None] * (1 - t[k] ** 12)
    points[:, 0] = roots.position
    return _smooth(points), layer


def _tail(
    knot: Knot, centre: NDArray[np.float64], outwards: NDArray[np.float64], count: int, steps: int,
    obstacle: Obstacle, rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(S, K, 3) out of the band, over in a bow, and down behind."""
    t = np.linspace(0, 1, steps)
    length = knot.length * rng.uniform(0.75, 1.05, count)
    spread = _disc(count, rng)
    across = np.array([1.0, 0.0, 0.0])
    upright = np.cross(across, outwards)
    begin = centre + (spread[:, :1] * across + spread[:, 1:] * upright) * knot.size * 0.4
    direction = unit(outwards + 0.35 * (spread[:, :1] * across + spread[:, 1:] * upright))
    sway = np.array([knot.aside, 0.0, 0.0])
    points, position = [begin], begin
    for k in range(1, steps):
        position = position + direction * (length / (steps - 1))[:, None]
        height, normal = obstacle.height(position.astype(np.float32))
        out = np.clip(0.25 + 0.35 * (spread[:, 1] + 1) - height, 0, 1.0)
        position = position + normal * (out * np.clip((position[:, 1] + 11.0) / 4.0, 0, 1))[:, None]
        points.append(position)
        moved = unit(position - points[-2])
        direction = unit(moved + (np.array([0.0, -1.0, 0.0]) + sway * (1 - t[k])) * (4.0 / (steps - 1)))
    tail = np.stack(points, axis=1)
    # Gathered again towards the tips, in a few locks.
    leaders = rng.choice(count, max(1, count // 25), replace=False)
    _, nearest = cKDTree(spread[leaders]).query(spread)
    strength = 0.7 * t**1.5
    tail += (tail[leaders[nearest]] - tail) * strength[:, None]
    wave = np.sin(3.0 * np.pi * t + spread[:, :1] * 2.0) * knot.wave * t
    tail[..., 0] += wave
    return np.asarray(tail, np.float64)


def _bun(
    knot: Knot, centre: NDArray[np.float64], outwards: NDArray[np.float64], count: int, steps: int,
    obstacle: Obstacle, rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(S, K, 3) wound around the axis that points out of the head, as a flattened ball."""
    t = np.linspace(0, 1, steps)
    middle = centre + outwards * knot.size * 0.55
    across = np.array([1.0, 0.0, 0.0])
    upright = np.cross(across, outwards)
    polar = np.arccos(rng.uniform(-0.9, 0.97, count))[:, None] + 0.35 * np.sin(np.pi * t + 1.0)
    turn = rng.uniform(0, 2 * np.pi, (count, 1)) + t * rng.uniform(1.2, 2.6, (count, 1))
    # Coils as thick as a finger stand out between grooves.
    groove = 1 + 0.07 * np.sin(5.0 * polar + 1.5 * turn)
    radius = knot.size * groove * rng.uniform(0.86, 1.0, (count, 1))
    ring = radius * np.sin(polar)
    return np.asarray(
        middle
        + (ring * np.cos(turn))[..., None] * across
        + (ring * np.sin(turn))[..., None] * upright
        + (0.85 * radius * np.cos(polar))[..., None] * outwards,
        np.float64,
    )


def _follow(points: Floats, drawn: int, knot: Knot) -> Floats:
    """(S, K) share of the head's turn: all on the head and in a bun, less down a tail."""
    follow = np.ones(points.shape[:2], np.float32)
    if not knot.bun:
        follow[drawn:] = neck_weight(points[drawn:].reshape(-1, 3)).reshape(-1, points.shape[1])
    return follow


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the corners out that pushing off the skin has left; ends stay."""
    inner = 0.25 * points[:, :-2] + 0.5 * points[:, 1:-1] + 0.25 * points[:, 2:]
    return np.concatenate([points[:, :1], inner, points[:, -1:]], axis=1)


def _disc(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(count, 2) evenly over the unit disc."""
    radius, turn = np.sqrt(rng.random(count)), rng.uniform(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
