"""Moustaches and beards with a shape of their own: strands that stand off the face and ride on its skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.heads.data import Floats, HeadData
from training.heads.fur import Binder, Fur, along_curve, frames
from training.heads.hair import Obstacle, unit

FORMS: Final = ("pencil", "chevron", "walrus", "handlebar", "goatee", "long")
STEPS: Final = 7
"""Points of a strand."""
# MediaPipe's points from the image-left to the image-right corner: the red of the lip, and below the nose.
_LIP: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_NOSE: Final = (57, 186, 92, 165, 97, 2, 326, 391, 322, 410, 287)
_CHIN: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
_JAW: Final = (172, 136, 150, 149, 176, 152, 400, 378, 379, 365, 397)


@dataclass(frozen=True, slots=True)
class Whiskers:
    """One of `FORMS`. `length` in cm; `half_width` of a strand in cm; `bulk`: how far (cm) it stands off."""

    form: str = "chevron"
    length: float = 1.0
    count: int = 4000
    half_width: float = 0.018
    bulk: float = 0.35


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where roots lie between the two edges (`span` along, `band` across; 0..1), and how strands leave them:
    `aside` towards the corners of the mouth, `lift` off the skin, `fall` of the tips."""

    span: tuple[float, float]
    band: tuple[float, float]
    aside: float
    lift: float
    fall: float


_CUTS: Final = {
    "pencil": _Cut((0.10, 0.90), (0.08, 0.34), aside=1.6, lift=0.1, fall=0.0),
    "chevron": _Cut((0.04, 0.96), (0.06, 0.92), aside=0.35, lift=0.35, fall=0.5),
    "walrus": _Cut((0.02, 0.98), (0.04, 1.0), aside=0.40, lift=0.75, fall=0.55),
    "handlebar": _Cut((0.06, 0.94), (0.05, 0.85), aside=1.0, lift=0.3, fall=0.0),
    "goatee": _Cut((0.27, 0.73), (0.12, 1.0), aside=-0.35, lift=0.45, fall=0.5),
    "long": _Cut((0.0, 1.0), (0.30, 1.0), aside=-0.20, lift=0.55, fall=0.6),
}


def whiskers(
    data: HeadData, binder: Binder, neutral: Floats, obstacle: Obstacle, style: Whiskers,
    rng: np.random.Generator,
) -> Fur:  # fmt: skip
    """Grow them on a person's `neutral` (V, 3); `obstacle` is that face, which they keep in front of."""
    cut, count = _CUTS[style.form], style.count
    place = np.einsum("lkc,lk->lc", data.neutral[data.landmark_corners], data.landmark_weights)
    below = style.form in ("goatee", "long")
    near, far = (_CHIN, _JAW) if below else (_LIP, _NOSE)
    along = rng.uniform(*cut.span, count)
    across = rng.uniform(*cut.band, count)
    if style.form == "goatee":
        # The jaw is wider than the mouth.
        along = 0.5 + (along - 0.5) * (1 - 0.4 * across)
    edges = (along_curve(place[list(edge)], along) for edge in (near, far))
    low, high = edges
    corners, weights = binder.bind((low + (high - low) * across[:, None]).astype(np.float32))
    root = np.einsum("svc,sv->sc", neutral[corners], weights).astype(np.float64)
    own = np.einsum("lkc,lk->lc", neutral[data.landmark_corners], data.landmark_weights).astype(np.float64)
    side = np.clip((along - 0.5) * 2, -1, 1)
    length = style.length * rng.normal(1, 0.10, count).clip(0.7, 1.25)
    # Hair thins out and shortens towards the ends; a beard comes to a point.
    length *= 0.55 + 0.45 * np.clip((1 - np.abs(side)) * 3.5 + (style.form == "pencil"), 0, 1)
    if below:
        length *= (1 - 0.6 * np.abs(side) ** 1.5) * (0.25 + 0.75 * np.clip((across - cut.band[0]) * 3, 0, 1))
    if style.form == "handlebar":
        points = _waxed(root, own, side, length, style, obstacle, rng)
    else:
        points = _falling(root, side, length, style, cut, obstacle, rng)
    local = np.einsum("skc,svc->skv", points - root[:, None], frames(neutral, corners))
    many = np.broadcast_to(corners[:, None], (count, STEPS, 3))
    return Fur(
        corners=np.ascontiguousarray(many),
        weights=np.ascontiguousarray(np.broadcast_to(weights[:, None], many.shape)),
        height=np.zeros((count, STEPS), np.float32),
        half_width=(rng.uniform(0.75, 1.2, count) * style.half_width).astype(np.float32),
        random=rng.random(count).astype(np.float32),
        offset=local.astype(np.float32),
    )


def _falling(
    root: NDArray[np.float64], side: NDArray[np.float64], length: NDArray[np.float64], style: Whiskers,
    cut: _Cut, obstacle: Obstacle, rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(S, STEPS, 3): away from the middle and down, over whatever lies below."""
    count = len(root)
    _, normal = obstacle.height(root.astype(np.float32))
    # Beside the philtrum the two halves part; towards the corners they point further outwards.
    aside = cut.aside * np.sign(side) * np.minimum(np.abs(side) * 4, 0.55 + 0.45 * np.abs(side))
    if cut.aside < 0:
        aside = cut.aside * side
    comb = np.stack([aside, np.full(count, -1.0 if cut.fall else -0.15), np.full(count, 0.1)], axis=1)
    comb += rng.normal(0, 0.13, (count, 3))
    direction = unit(comb + cut.lift * normal * rng.uniform(0.6, 1.2, (count, 1)))
    layer = rng.random(count) ** 0.7
    points, position = [root], root
    for k in range(1, STEPS):
        position = position + direction * (length / (STEPS - 1))[:, None]
        height, normal = obstacle.height(position.astype(np.float32))
        # A beard hangs free below the jaw: only what would enter the face is pushed out.
        wanted = 0.05 + layer * style.bulk * min(1.0, 0.35 + k / 3)
        out = np.clip(wanted - height, 0, 0.4)
        position = position + normal * out[:, None]
        points.append(position)
        moved = unit(position - points[-2])
        direction = unit(moved + cut.fall * np.array([0.0, -0.8, 0.0]))
    return np.stack(points, axis=1)


def _waxed(
    root: NDArray[np.float64], own: NDArray[np.float64], side: NDArray[np.float64],
    length: NDArray[np.float64], style: Whiskers, obstacle: Obstacle, rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """(S, STEPS, 3): along the lip to its corner and on into a tip that turns up."""
    t = np.linspace(0, 1, STEPS)
    points = np.empty((len(root), STEPS, 3))
    for sign, corner in ((-1.0, 61), (1.0, 291)):
        mine = (side < 0) if sign < 0 else (side >= 0)
        middle = (own[164] + own[0]) / 2
        bend = own[corner] + [0.15 * sign, 0.75, 0.45]
        reach = 0.55 * style.length
        out = bend + np.array([0.9, 0.05, -0.15]) * [sign, 1, 1] * reach
        tip = out + np.array([0.45, 0.75, 0.05]) * [sign, 1, 1] * reach
        guide = np.stack([middle, (middle + bend) / 2 + [0, -0.08, 0.15], bend, out, tip])
        start = np.abs(side[mine]) * 0.5
        stop = np.minimum(start + 0.35 + 0.35 * rng.random(len(start)), 1.0)
        stop = np.where(start > 0.18, rng.uniform(0.75, 1.0, len(start)), stop)
        at = start[:, None] + (stop - start)[:, None] * t
        course = along_curve(guide, at.ravel()).reshape(*at.shape, 3)
        # Hairs gather on the course: a moustache tapers to its tips.
        away = root[mine] - course[:, 0]
        gather = 1 - (at - start[:, None]) / np.maximum(1 - start[:, None], 1e-3)
        points[mine] = course + away[:, None] * np.maximum(gather, 0.06)[..., None] ** 1.3
    layer = rng.random(len(root)) ** 0.7
    for k in range(1, STEPS):
        height, normal = obstacle.height(points[:, k].astype(np.float32))
        wanted = 0.05 + layer * style.bulk * (1 - 0.6 * t[k])
        points[:, k] += normal * np.clip(wanted - height, 0, 0.6)[:, None]
    return points
