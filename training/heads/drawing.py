"""Looks on paper, made from a picture: watercolour, engraving, charcoal, old photograph, cartoon.

All take and give (H, W, 3) uint8 RGB. Lengths are fractions of the width, so sizes look alike.
"""

from __future__ import annotations

import cv2
import numpy as np

from livecam.frames import RGB
from training.heads.data import Floats
from training.heads.paint import along_flow, flow, kuwahara


def watercolour(picture: RGB, seed: int = 0) -> RGB:
    """Washes with darker rims, pigment that settles in the paper's grain, white paper towards the edges."""
    image = _floats(picture)
    size = image.shape[1]
    rng = np.random.default_rng(seed)
    wash = kuwahara(image, max(2, round(size * 0.007)))
    smooth = cv2.GaussianBlur(wash, (0, 0), size * 0.004)
    rim = np.abs(cv2.GaussianBlur(wash, (0, 0), size * 0.0015) - smooth).mean(2)
    pools = _cloud(image.shape, (6, 13, 29), rng)
    grain = _paper(image.shape, rng)
    density = 0.92 + 0.07 * pools + 0.06 * grain + 1.6 * rim
    # Pigment multiplies: the paper shines through (Beer and Lambert).
    painted = np.exp(np.log(np.clip(0.94 * wash + 0.06, 0.03, 1)) * density[..., None])
    detail = image - cv2.GaussianBlur(image, (0, 0), size * 0.003)
    painted = painted + 0.5 * np.minimum(detail, 0)
    y, x = np.mgrid[0 : image.shape[0], 0:size] / size - 0.5
    reach = np.maximum(np.abs(x), np.abs(y)) + 0.022 * _cloud(image.shape, (5, 11, 21), rng)
    bare = np.clip((reach - 0.455) / 0.02, 0, 1)[..., None]
    return _bytes(painted * (1 - bare) + np.array([0.97, 0.96, 0.93]) * bare)


def engraving(picture: RGB, pitch: float = 0.0078) -> RGB:
    """Swelling lines, bent over the forms as an engraver lays them, crossed where it is dark."""
    size = picture.shape[1]
    grey = cv2.GaussianBlur(_floats(picture).mean(2), (0, 0), size * 0.0012)
    # Local contrast first: lines need the whole range everywhere.
    wide = cv2.GaussianBlur(grey, (0, 0), size * 0.06)
    tone = np.clip(0.5 + (grey - wide) * 1.5 + (wide - 0.35) * 1.2, 0, 1)
    form = cv2.GaussianBlur(grey, (0, 0), size * 0.02) * size * 0.05
    y, x = np.mgrid[0 : picture.shape[0], 0:size].astype(np.float32)
    ink = np.zeros_like(grey)
    for angle, begins in ((12.0, 1.0), (68.0, 0.52), (-40.0, 0.27)):
        a = np.deg2rad(angle)
        phase = (x * np.sin(a) + y * np.cos(a) + form) * 2 * np.pi / (pitch * size)
        width = np.clip((begins - tone) / begins, 0, 1) * 1.15
        line = np.clip((width - (0.5 + 0.5 * np.cos(phase))) * 3.0 + 0.5, 0, 1) * (width > 0.04)
        ink = np.maximum(ink, line)
    edges = np.clip((cv2.GaussianBlur(grey, (0, 0), 2.2) - grey) * 14 - 0.25, 0, 1)
    ink = np.maximum(ink, edges)[..., None]
    return _bytes(np.array([0.94, 0.90, 0.80]) * (1 - ink) + np.array([0.10, 0.09, 0.10]) * ink)


def charcoal(picture: RGB, seed: int = 0) -> RGB:
    """Soft strokes along the forms on toothed paper, smudged shadows, crisp dark accents."""
    image = _floats(picture)
    size = image.shape[1]
    rng = np.random.default_rng(seed)
    grey = image.mean(2)
    angle, _ = flow(image)
    strokes = along_flow(rng.normal(0, 1, grey.shape).astype(np.float32), angle, round(size * 0.016))
    smudged = cv2.GaussianBlur(grey, (0, 0), size * 0.004)
    lines = np.clip((cv2.GaussianBlur(grey, (0, 0), size * 0.006) - grey) * 5, 0, 1)
    dark = np.clip(1.12 - smudged * 1.55, 0, 1) ** 1.1 + 0.9 * lines
    # The tooth of the paper takes charcoal only where enough is pressed into it.
    tooth = 0.55 * _paper(image.shape, rng) + 0.45 * strokes
    laid = np.clip(dark * 0.92 + 0.16 * tooth * np.clip(dark * 3, 0.15, 1), 0, 0.96)[..., None]
    return _bytes(np.array([0.90, 0.87, 0.81]) * (1 - laid) + np.array([0.07, 0.07, 0.075]) * laid)


def old_photograph(picture: RGB, seed: int = 0) -> RGB:
    """A faded albumen print: blue-sensitive, soft, grainy, warm."""
    image = _floats(picture)
    size = image.shape[1]
    rng = np.random.default_rng(seed)
    # Early plates saw blue best and red hardly at all.
    grey = image @ np.array([0.18, 0.37, 0.45], np.float32)
    grey = 0.75 * grey + 0.25 * cv2.GaussianBlur(grey, (0, 0), size * 0.008)
    grain = cv2.GaussianBlur(rng.normal(0, 1, grey.shape).astype(np.float32), (0, 0), 0.8)
    y, x = np.mgrid[0 : image.shape[0], 0:size] / size - 0.5
    vignette = 1 - 1.1 * np.clip(np.hypot(x, y * 0.85) - 0.36, 0, 1)
    grey = np.clip(grey * 1.15 * vignette + 0.035 * grain + 0.02 * _cloud(image.shape, (4, 9), rng), 0, 1)
    grey = grey**0.85
    shadow, light = np.array([0.16, 0.10, 0.07]), np.array([0.93, 0.86, 0.72])
    return _bytes(shadow + (light - shadow) * grey[..., None])


def cartoon(picture: RGB, levels: int = 7) -> RGB:
    """Flat steps of light with inked edges (Winnemoeller et al. 2012, extended difference of Gaussians)."""
    image = _floats(picture)
    size = image.shape[1]
    flat = kuwahara(image, max(2, round(size * 0.006)))
    value = flat.max(2, keepdims=True)
    stepped = np.round(value * levels) / levels
    stepped = 0.25 * value + 0.75 * cv2.GaussianBlur(stepped, (0, 0), 0.8).reshape(value.shape)
    color = flat / np.maximum(value, 1e-3) * stepped
    mean = color.mean(2, keepdims=True)
    color = mean + (color - mean) * 1.35
    grey = image.mean(2)
    fine = cv2.GaussianBlur(grey, (0, 0), size * 0.0016)
    response = fine - 0.97 * cv2.GaussianBlur(grey, (0, 0), size * 0.0030)
    line = np.clip(1 + np.tanh((response - 0.004) * 90), 0, 1)
    return _bytes(color * line[..., None])


def _floats(picture: RGB) -> Floats:
    return np.asarray(picture / 255.0, np.float32)


def _bytes(picture: Floats) -> RGB:
    return np.asarray(np.clip(picture, 0, 1) * 255 + 0.5, np.uint8)


def _paper(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """(H, W) cold-pressed grain of unit deviation."""
    grain = cv2.GaussianBlur(rng.normal(0, 1, shape[:2]).astype(np.float32), (0, 0), 1.1)
    return np.asarray(grain / grain.std(), np.float32)


def _cloud(shape: tuple[int, ...], cells: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """(H, W) soft blotches of several sizes, about unit deviation."""
    total = np.zeros(shape[:2], np.float32)
    for count in cells:
        grid = rng.normal(0, 1, (count, count)).astype(np.float32)
        total += cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(total / np.sqrt(len(cells)), np.float32)
