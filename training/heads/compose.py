"""From layers of light to a picture: light spreads under the skin, then exposure, backdrop, sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from training.heads import depth_of_field
from training.heads.data import Floats
from training.heads.depth_of_field import Focus
from training.heads.look import Backdrop, Look
from training.heads.materials import Material
from training.heads.renderer import Layers
from training.heads.uniforms import linear

# Light leaves the skin some way from where it entered, red furthest: (sigma in cm, share of R, G, B).
# After the sum of Gaussians of d'Eon and Luebke (GPU Gems 3, ch. 14), cut to three terms.
_SCATTER = ((0.03, (0.30, 0.60, 0.75)), (0.10, (0.35, 0.32, 0.22)), (0.28, (0.35, 0.08, 0.03)))

LIDS_SHADE, SHADE_REACH = 0.62, 1.1
"""Of their light the whites of the eyes keep so much along the lids, and the shade grows lighter by 1 in so
many cm. With it they have .7 and .85 of the light in the middle .17 and .29 cm in, as on two clips."""
STRAND: Final = 0.8
"""Pixels, sigma: over these the light of rough strands is averaged."""


@dataclass(frozen=True, slots=True)
class Picture:
    """rgb (H, W, 3) uint8; alpha (H, W) uint8: 0 where the backdrop shows."""

    rgb: RGB
    alpha: NDArray[np.uint8]


def compose(layers: Layers, look: Look, small: int, seed: int, focus: Focus | None = None) -> Picture:
    """Put the layers together and reduce them to `small` x `small` pixels; without `focus` all is sharp."""
    size = layers.light.shape[0]
    scale = look.camera.pixels_per_cm(size)
    light = (
        _spread_roughly(layers, scale) if layers.rough else spread_light(layers.light, layers.spread, scale)
    )
    covered = (layers.material > 0).astype(np.float32)
    color = light * layers.albedo + layers.shine
    if layers.rough:
        _shade_eyes(color, layers, scale)
    if layers.lens is not None:
        color = color * (1 - layers.lens[..., 3:]) + layers.lens[..., :3] * covered[..., None]
    # Tone before reducing: a highlight must not bleed over its neighbours.
    toned = tone(color * look.exposure)
    if layers.rough:
        toned = _soften_strands(toned, layers.material)
    toned = cv2.resize(toned * covered[..., None], (small, small), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(covered, (small, small), interpolation=cv2.INTER_AREA)[..., None]
    wall = backdrop(look.backdrop, small, seed)
    if focus is not None:
        distance = cv2.resize(layers.distance, (small, small), interpolation=cv2.INTER_NEAREST)
        wanted = depth_of_field.sigma(look.camera, focus, np.asarray(distance), small)
        person = depth_of_field.blur_person(np.concatenate([toned, alpha], axis=2), wanted)
        toned, alpha = person[..., :3], person[..., 3:]
        wall = _blur_wall(wall, float(depth_of_field.sigma(look.camera, focus, focus.wall, small)))
    picture = toned + wall * (1 - alpha)
    return Picture(_to_bytes(picture), (alpha[..., 0] * 255 + 0.5).astype(np.uint8))


def _blur_wall(wall: Floats, pixels: float) -> Floats:
    return wall if pixels < 0.4 else _blur(wall, pixels)


def _shade_eyes(color: Floats, layers: Layers, pixels_per_cm: float) -> None:
    """Darken the whites of the eyes along lids and lashes, in place."""
    eyes = (layers.material == Material.EYE).astype(np.uint8)
    if not eyes.any():
        return
    x, y, width, height = cv2.boundingRect(eyes)
    part = np.s_[y : y + height, x : x + width]
    edged = cv2.copyMakeBorder(eyes[part], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = np.asarray(cv2.distanceTransform(edged, cv2.DIST_L2, 3))[1:-1, 1:-1] / pixels_per_cm
    shade = np.minimum(LIDS_SHADE + depth / SHADE_REACH, 1)
    white = np.clip(layers.albedo[part].mean(-1) / 0.2 - 1, 0, 1) * eyes[part]
    color[part] *= (1 - white * (1 - shade))[..., None]


def _spread_roughly(layers: Layers, pixels_per_cm: float) -> Floats:
    """`spread_light` where there is skin, with its widest blur on half the pixels: a third of the price."""
    rows, columns = (np.flatnonzero((layers.spread > 0).any(axis)) for axis in (1, 0))
    if len(rows) == 0:
        return layers.light
    edge = round(4 * _SCATTER[-1][0] * pixels_per_cm)
    top, bottom = max(rows[0] - edge, 0), rows[-1] + 1 + edge
    left, right = max(columns[0] - edge, 0), columns[-1] + 1 + edge
    part = np.s_[top:bottom, left:right]
    light = layers.light.copy()
    light[part] = spread_light(layers.light[part], layers.spread[part], pixels_per_cm, finest=1.0)
    return light


def _soften_strands(toned: Floats, material: NDArray[np.uint8]) -> Floats:
    """Lashes, brows and beards are finer than a pixel, and one sample of each makes dots of them: around
    them every pixel takes the mean of its neighbours, as if many had been drawn."""
    strands = ((material >= Material.BROW) & (material <= Material.BEARD)).astype(np.uint8)
    near = cv2.GaussianBlur(cv2.dilate(strands, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.7)
    soft = cv2.GaussianBlur(toned, (0, 0), STRAND)
    return np.asarray(toned + (soft - toned) * near[..., None], np.float32)


def spread_light(light: Floats, spread: Floats, pixels_per_cm: float, finest: float = 2.0) -> Floats:
    """Blur the light on skin, colour by colour; other surfaces keep theirs. `finest`: see `_blur`."""
    mask = np.minimum(spread, 1.0)[..., None]
    if not mask.any():
        return light
    result = np.zeros_like(light)
    weighted = light * mask
    for sigma, shares in _SCATTER:
        pixels = sigma * pixels_per_cm
        if pixels < 0.4:
            blurred = light
        else:
            around = np.maximum(_blur(mask, pixels, finest), np.float32(1e-3))
            blurred = np.asarray(_blur(weighted, pixels, finest) / around, np.float32)
        result += blurred * np.array(shares, np.float32)
    return np.asarray(result * mask + light * (1 - mask), np.float32)


def _blur(values: Floats, sigma: float, finest: float = 2.0) -> Floats:
    """Gaussian blur; a wide one is done on a smaller copy, where it is the same but cheaper.

    `finest`: the least sigma in pixels of that copy.
    """
    factor = max(1, int(sigma / finest))
    height, width = values.shape[:2]
    if factor > 1:
        values = cv2.resize(values, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(values, (0, 0), sigma / factor)
    if factor > 1:
        blurred = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(blurred.reshape(height, width, -1), np.float32)


def tone(color: Floats) -> Floats:
    """Linear light to 0..1 with soft shoulders (Hable's curve), still linear display light."""

    def curve(x: Floats | float) -> Floats:
        a, b, c, d, e, f = 0.22, 0.30, 0.10, 0.20, 0.01, 0.30
        return np.asarray((x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f) - e / f, np.float32)

    bright = curve(np.maximum(color, 0) * np.float32(2.0))
    return np.asarray(np.clip(bright / curve(6.0), 0, 1), np.float32)


@lru_cache(maxsize=2)
def backdrop(style: Backdrop, size: int, seed: int) -> Floats:
    """(size, size, 3) display-linear wall; kept for the person's next picture, so not to be written to."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    angle = np.deg2rad(style.angle)
    along = np.clip(0.5 + (x * np.cos(angle) - y * np.sin(angle)) * 0.9, 0, 1)
    rng = np.random.default_rng(seed)
    cloud = np.zeros((size, size), np.float32)
    for cells, weight in ((3, 0.5), (7, 0.3), (17, 0.2)):
        grid = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        cloud += weight * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
    things = _clutter(style, size, rng)
    mix = (along * along * (3 - 2 * along))[..., None]
    wall = linear(style.dark) * (1 - mix) + linear(style.lit) * mix
    wall = wall * (1 - things[..., 3:]) + things[..., :3] * things[..., 3:]
    vignette = 1 - 0.5 * np.clip(np.hypot(x, y) * 1.35, 0, 1) ** 2
    return np.asarray(wall * (vignette * (1 + style.mottle * 3 * cloud))[..., None], np.float32)


def _clutter(style: Backdrop, size: int, rng: np.random.Generator) -> Floats:
    """(size, size, 4) blurred boxes and their cover."""
    things = np.zeros((size, size, 4), np.float32)
    base = (linear(style.lit) + linear(style.dark)) / 2
    for _ in range(style.clutter):
        x, y = rng.uniform(-0.1, 0.9, 2)
        width, height = rng.uniform(0.05, 0.5, 2)
        color = np.clip(base * rng.uniform(0.3, 1.8) + rng.uniform(-0.05, 0.15, 3), 0, 1)
        # Rooms are duller than what is drawn from a colour wheel.
        color = color.mean() + (color - color.mean()) * 0.35
        corners = [(round(v * size), round(w * size)) for v, w in ((x, y), (x + width, y + height))]
        cv2.rectangle(things, corners[0], corners[1], (*color.tolist(), 1.0), -1)
    if style.clutter:
        things = cv2.GaussianBlur(things, (0, 0), size * float(rng.uniform(0.008, 0.04)))
        things[..., :3] /= np.maximum(things[..., 3:], 1e-3)
    return things


def _to_bytes(picture: Floats) -> RGB:
    c = np.clip(picture, 0, 1)
    srgb = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    return (srgb * 255 + 0.5).astype(np.uint8)
