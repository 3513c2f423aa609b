"""A garment: rings around the neck that widen to shoulders and chest and always clear the skin."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from training.heads.accessories import Mesh
from training.heads.data import Floats, HeadData
from training.heads.hair import Obstacle
from training.heads.surfaces import grid_triangles

COLUMNS: Final = 96
ROWS: Final = 60
RIM: Final = 4
"""The row of a garment that is its neckline; those before it turn inwards."""
# Height, half width, half depth, z of the middle, squareness; from the collar down to below the picture.
_TORSO: Final = np.array(
    [
        [-10.6, 4.8, 4.8, -1.2, 2.0],
        [-11.6, 6.4, 5.6, -1.4, 2.0],
        [-12.6, 9.6, 6.6, -1.8, 2.0],
        [-13.7, 13.6, 7.6, -2.1, 2.1],
        [-15.2, 17.2, 8.6, -2.2, 2.25],
        [-17.4, 19.6, 9.5, -2.0, 2.4],
        [-21.0, 21.2, 10.6, -1.6, 2.5],
        [-27.0, 22.0, 11.6, -1.2, 2.5],
        [-50.0, 22.6, 12.0, -1.0, 2.5],
    ]
)


def garment(
    data: HeadData, neutral: Floats, collar: float = 0.0, thickness: float = 0.35,
    body: Obstacle | None = None,
) -> Mesh:  # fmt: skip
    """Fit a garment to a person's neutral vertices. `collar` (cm) raises the neckline.

    `body`: the person's skin, for cloth that lies on the shoulders; without it the cloth is only widened,
    which leaves a ledge on broad ones. The bundled art was made so.
    """
    angle = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False)
    spread = np.linspace(0, 1, ROWS) ** 1.6
    torso = PchipInterpolator(np.linspace(0, 1, len(_TORSO)), _TORSO)(spread)
    sine, cosine = np.sin(angle), np.cos(angle)
    height, width, depth, middle, square = (torso[:, k, None] for k in range(5))
    lift, widen = _build(data, neutral)
    height, width = height + lift, width * widen
    power = 2 / square
    x = width * np.sign(sine) * np.abs(sine) ** power
    z = middle + depth * np.sign(cosine) * np.abs(cosine) ** power
    # The neckline dips in front and rises at the nape; the tilt fades out over the shoulders.
    near = np.clip((height - lift + 16.0) / 5.4, 0, 1)
    y = height + near * (collar - (0.9 + 0.3 * max(collar, 0)) * cosine - 0.2)
    rings = np.stack([x, y, np.broadcast_to(z, x.shape)], axis=-1)
    if body is None:
        rings = _clear_of(rings, neutral[data.part_vertices("face", "head_neck")], thickness)
    else:
        rings = _laid_on(rings, body, thickness)
    # The edge turns inwards, which gives the cloth its thickness.
    axis = rings[:1].mean(1, keepdims=True)
    inwards = axis - rings[:1]
    inwards[..., 1] = 0
    inwards /= np.linalg.norm(inwards, axis=-1, keepdims=True)
    rim = [
        rings[:1] + inwards * step * thickness + np.array([0, lift, 0])
        for step, lift in ((0.75, -0.9), (0.6, -0.12), (0.3, 0.06), (-0.05, 0.05))
    ]
    assert len(rim) == RIM
    rings = np.concatenate([*rim, rings])
    rows = len(rings)
    texture = np.stack(np.broadcast_arrays(angle[None] / 6.2832, np.linspace(0, 1, rows)[:, None]), axis=-1)
    return Mesh(
        vertices=rings.reshape(-1, 3).astype(np.float32),
        triangles=grid_triangles(rows, COLUMNS, closed=True),
        texture=texture.reshape(-1, 2).astype(np.float32),
    )


def _build(data: HeadData, neutral: Floats) -> tuple[float, float]:
    """How much higher (cm) and wider a person's shoulders are than the neutral head's."""
    body = data.part_vertices("head_neck")
    body = body[(data.neutral[body, 1] < -12.5) & (np.abs(data.neutral[body, 0]) > 6)]
    own, usual = neutral[body], data.neutral[body]
    lift = float(np.median(own[:, 1] - usual[:, 1]))
    return lift, float(np.clip(np.abs(own[:, 0]).mean() / np.abs(usual[:, 0]).mean(), 0.85, 1.2))


def _laid_on(rings: Floats, body: Obstacle, gap: float) -> Floats:
    """Lift what is nearer to the skin than the gap off it: outwards at the neck, upwards on shoulders."""
    out = np.asarray(rings, np.float64).copy()

    def lack(least: float) -> NDArray[np.float64]:
        """(R, C, 3) the way to where the skin is `least` cm below."""
        points = out.reshape(-1, 3).astype(np.float32)
        height, normal, distance = body.near(points, 4.0)
        # The bust has no skin lower down or further out, where its edge must not reach.
        near = np.clip((4.0 - distance) / 2.0, 0, 1)
        missing = np.clip(least - height, 0, 1.5) * near
        return np.asarray((normal * missing[:, None]).reshape(out.shape), np.float64)

    for _ in range(5):
        push = lack(gap)
        smooth = gaussian_filter(push, (1.5, 2.5, 0), mode=("nearest", "wrap", "nearest"))
        # What is furthest in goes at once, what is beside it follows.
        deep = np.clip(np.linalg.norm(push, axis=2, keepdims=True) / 0.5, 0, 1)
        out += smooth * (1 - deep) + push * deep
    out = gaussian_filter(out, (1.0, 1.0, 0), mode=("nearest", "wrap", "nearest"))
    # Smoothing may have let the skin through again.
    for _ in range(2):
        out += lack(0.6 * gap)
    return np.asarray(out, np.float32)


def _clear_of(rings: Floats, skin: Floats, gap: float) -> Floats:
    """Push each ring out to where the skin's outline at its height ends, plus a gap; smooth all around."""
    out = rings.astype(np.float64)
    for row in range(len(out)):
        ring = out[row]
        if ring[:, 1].min() < -21:
            continue
        centre = np.array([0.0, ring[:, 2].mean()])
        own = ring[:, [0, 2]] - centre
        level = (skin[:, 1] > ring[:, 1].min() - 0.7) & (skin[:, 1] < ring[:, 1].max() + 0.7)
        planar, heights = skin[level][:, [0, 2]] - centre, skin[level, 1]
        radius, bearing = np.hypot(planar[:, 0], planar[:, 1]), np.arctan2(planar[:, 0], planar[:, 1])
        apart = bearing[None] - np.arctan2(own[:, 0], own[:, 1])[:, None]
        apart = np.abs((apart + np.pi) % (2 * np.pi) - np.pi)
        near = (apart < 0.20) & (np.abs(heights[None] - ring[:, 1, None]) < 0.7)
        need = np.where(near, radius[None] + gap, 0.0).max(1, initial=0.0)
        reach = np.hypot(own[:, 0], own[:, 1])
        wanted = gaussian_filter1d(np.maximum(need, reach), 1.5, mode="wrap")
        wanted = np.maximum(wanted, np.maximum(need - 0.1, 0))
        out[row][:, [0, 2]] = centre + own * (wanted / np.maximum(reach, 1e-6))[:, None]
    # Neighbouring rings agree, or the fabric shows steps.
    out[:, :, [0, 2]] = gaussian_filter1d(out[:, :, [0, 2]], 1.0, axis=0, mode="nearest")
    return out.astype(np.float32)
