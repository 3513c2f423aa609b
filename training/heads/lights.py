"""Lights as sets of far directions: a cluster makes a soft source, a dome makes the sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.heads.data import Floats

MOST: Final = 40
"""Tiles of the shadow atlas; shaders/lighting.glsl names the same number."""
QUICK_LAMPS: Final = 4
"""Lamps that training quality draws: as many as one vector in shaders/surface.vert has numbers."""
Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Lamp:
    """A soft source far away: azimuth to the image's right and elevation in degrees, angular radius."""

    azimuth: float
    elevation: float
    color: Color
    radius: float = 12.0
    samples: int = 6


@dataclass(frozen=True, slots=True)
class Lighting:
    """The first lamp is the key: it makes the catchlight in the eyes. Sky and ground colour the dome."""

    lamps: tuple[Lamp, ...]
    sky: Color = (0.35, 0.37, 0.42)
    ground: Color = (0.16, 0.13, 0.11)
    dome_samples: int = 16


@dataclass(frozen=True, slots=True)
class LightSet:
    """directions (n, 3) towards the lights, colors (n, 3) linear; the first `lamps` belong to lamps.

    softness (n,): cm by which shadows are blurred where one direction stands for a whole lamp.
    """

    directions: Floats
    colors: Floats
    lamps: int
    softness: Floats


def direction(azimuth: float, elevation: float) -> Floats:
    a, e = np.deg2rad([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def light_set(lighting: Lighting) -> LightSet:
    """Spread every lamp and the dome over directions, at most `MOST` in all."""
    directions: list[Floats] = []
    colors: list[Floats] = []
    golden = np.pi * (3 - np.sqrt(5))
    for lamp in lighting.lamps:
        axis = direction(lamp.azimuth, lamp.elevation)
        right = np.cross(np.array([0, 1, 0]), axis)
        right /= np.linalg.norm(right)
        up = np.cross(axis, right)
        for k in range(lamp.samples):
            away = np.tan(np.deg2rad(lamp.radius)) * np.sqrt((k + 0.5) / lamp.samples)
            d = axis + away * (np.cos(golden * k) * right + np.sin(golden * k) * up)
            directions.append((d / np.linalg.norm(d)).astype(np.float32))
            colors.append((np.array(lamp.color) / lamp.samples).astype(np.float32))
    lamps = len(directions)
    for k in range(lighting.dome_samples):
        y = 1 - 1.75 * (k + 0.5) / lighting.dome_samples
        around = golden * k + 0.4
        flat = np.sqrt(1 - y * y)
        towards = np.array([flat * np.cos(around), y, flat * np.sin(around)], np.float32)
        tint = np.array(lighting.sky) * (0.5 + 0.5 * y) + np.array(lighting.ground) * (0.5 - 0.5 * y)
        directions.append(towards)
        # Over the hemisphere the cosine averages to 1/4 of the sphere: 4 keeps a white dome at 1.
        colors.append((tint * 4 / lighting.dome_samples).astype(np.float32))
    directions, colors = directions[:MOST], colors[:MOST]
    none = np.zeros(len(directions), np.float32)
    return LightSet(np.array(directions), np.array(colors), min(lamps, MOST), none)


def lamp_set(lighting: Lighting) -> LightSet:
    """One direction for each lamp and none for the dome: its shadows are blurred instead."""
    lamps = lighting.lamps[:QUICK_LAMPS]
    towards = [direction(lamp.azimuth, lamp.elevation) for lamp in lamps]
    # What throws a shadow lies some 3 cm before what it falls on: nose, brow, hair.
    softness = [min(3.0 * np.tan(np.deg2rad(lamp.radius)), 0.8) for lamp in lamps]
    colors = np.array([lamp.color for lamp in lamps], np.float32)
    return LightSet(np.array(towards), colors, len(towards), np.array(softness, np.float32))


def sphere(count: int) -> LightSet:
    """`count` white lights all around (a Fibonacci lattice), to measure how open a place lies."""
    y = 1 - 2 * (np.arange(count) + 0.5) / count
    around = np.arange(count) * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - y * y)
    towards = np.stack([flat * np.cos(around), y, flat * np.sin(around)], 1).astype(np.float32)
    return LightSet(towards, np.ones((count, 3), np.float32), 0, np.zeros(count, np.float32))
