"""Where hair grows: the hairline on the neutral head, and roots scattered over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.heads.data import Floats, HeadData, Integers

CENTRE: Final = np.array([0.0, 4.0, 0.0])
"""About the middle of the skull, in cm."""
# Azimuth from the front (degrees) and the elevation above which hair grows there.
_AZIMUTH: Final = (0.0, 18.0, 33.0, 46.0, 54.0, 61.0, 67.0, 73.0, 80.0, 96.0, 108.0, 120.0, 140.0, 180.0)
_ELEVATION: Final = (35.5, 36.5, 36.0, 28.0, 17.0, 4.0, -11.0, -13.0, 14.0, 19.0, 4.0, -26.0, -43.0, -46.0)
# The same points, moved by a receding hairline: temples most.
_RECESSION: Final = (3.0, 9.0, 14.0, 15.0, 12.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Hairline:
    """`recession` 0 (full) to 1 (high temples); `sideburns` lowers (degrees) the hair before the ears;
    `nape` lowers the hair at the neck; `low` lowers the whole hairline; `bald` clears the crown, 0 to 1."""

    recession: float = 0.0
    sideburns: float = 0.0
    nape: float = 0.0
    low: float = 0.0
    bald: float = 0.0


@dataclass(frozen=True, slots=True)
class Roots:
    """position, normal, rest (S, 3); edge (S,): 0 at the hairline, 1 well inside."""

    position: Floats
    normal: Floats
    rest: Floats
    edge: Floats


def growth(rest: Floats, hairline: Hairline) -> Floats:
    """(n,) degrees inside the hairline (negative outside) of points on the neutral head."""
    d = rest - CENTRE
    azimuth = np.degrees(np.arctan2(np.abs(d[:, 0]), d[:, 2]))
    elevation = np.degrees(np.arctan2(d[:, 1], np.hypot(d[:, 0], d[:, 2])))
    limit = np.array(_ELEVATION) - hairline.low + np.array(_RECESSION) * hairline.recession
    limit[6:8] -= hairline.sideburns
    limit[11:] -= hairline.nape
    inside = elevation - np.interp(azimuth, _AZIMUTH, limit)
    if hairline.bald > 0:
        crown = np.degrees(
            np.arccos(np.clip((d @ np.array([0, 0.93, 0.36])) / np.linalg.norm(d, axis=1), -1, 1))
        )
        inside = np.minimum(inside, crown - 62 * hairline.bald)
    on_ear = (np.abs(rest[:, 0]) > 7.75) & (np.abs(rest[:, 1] - 1.0) < 4.2) & (np.abs(rest[:, 2] - 0.3) < 3.2)
    return np.where(on_ear, -20.0, inside).astype(np.float32)


def scatter(
    data: HeadData,
    neutral: Floats,
    normals: Floats,
    hairline: Hairline,
    count: int,
    rng: np.random.Generator,
    behind: float = 1.0,
) -> Roots:
    """At most `count` roots, evenly over the scalp; thinner and ragged towards the hairline.

    `behind`: density on the back of the head, which a camera in front hardly sees.
    """
    triangles = data.part_triangles("face", "head_neck")
    inside = growth(data.neutral, hairline)
    triangles = triangles[(inside[triangles] > -6).all(1)]
    a, b, c = (data.neutral[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen, weights = pick(area, int(count * 1.2), rng)
    corners = triangles[chosen]
    rest = np.einsum("skc,sk->sc", data.neutral[corners], weights)
    degrees = growth(rest, hairline) + rng.normal(0, 1.6, len(rest))
    azimuth = np.degrees(np.arctan2(np.abs(rest[:, 0]), rest[:, 2]))
    share = np.clip((degrees + 1.0) / 5.0, 0, 1) * np.where(azimuth > 125, behind, 1.0)
    kept = np.flatnonzero(rng.random(len(rest)) < share)[:count]
    corners, weights = corners[kept], weights[kept]
    normal = np.einsum("skc,sk->sc", normals[corners], weights)
    return Roots(
        position=np.einsum("skc,sk->sc", neutral[corners], weights).astype(np.float32),
        normal=(normal / np.linalg.norm(normal, axis=1, keepdims=True)).astype(np.float32),
        rest=rest[kept].astype(np.float32),
        edge=np.clip(degrees[kept] / 14.0, 0, 1).astype(np.float32),
    )


def pick(area: NDArray[np.floating], count: int, rng: np.random.Generator) -> tuple[Integers, Floats]:
    """(count,) triangles drawn by area and (count, 3) uniform barycentric weights in them."""
    chosen = rng.choice(len(area), count, p=area / area.sum())
    root = np.sqrt(rng.random((count, 1)))
    other = rng.random((count, 1))
    weights = np.concatenate([1 - root, root * (1 - other), root * other], axis=1)
    return chosen, weights.astype(np.float32)
