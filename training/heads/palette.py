"""Colours drawn at random: between known ones, a little off them, lighter or darker."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from training.heads.data import Floats
from training.heads.lights import Color

Rng = np.random.Generator


def fabric(rng: Rng) -> Color:
    """Mostly muted colours."""
    color = colorsys.hsv_to_rgb(rng.random(), min(1.0, rng.gamma(1.6, 0.16)), rng.uniform(0.06, 0.9))
    return (color[0], color[1], color[2])


def warmth(rng: Rng, spread: float) -> Floats:
    """(3,) gains of a lamp that is warmer or colder than white."""
    k = rng.normal(0, spread)
    return np.array([1 + 0.22 * k, 1.0, 1 - 0.28 * k], np.float32).clip(0.2, 1.8)


def triple(values: NDArray[np.floating]) -> Color:
    return (float(values[0]), float(values[1]), float(values[2]))


def between(colors: tuple[Color, ...], at: float) -> Color:
    """Colour number `at`, which may lie between two."""
    low = min(int(at), len(colors) - 2)
    mixed = np.array(colors[low]) * (1 - at + low) + np.array(colors[low + 1]) * (at - low)
    return triple(np.asarray(mixed, np.float32))


def jitter(color: Color, rng: Rng, spread: float) -> Color:
    """Each channel by itself, so the hue changes too."""
    return triple(np.clip(np.array(color) * rng.normal(1, spread, 3), 0.01, 0.97))


def shade(color: Color | tuple[float, ...], factor: float) -> Color:
    return triple(np.clip(np.array(color) * factor, 0.0, 0.97))


def muted(color: Color, share: float) -> Color:
    """So much closer to its own grey."""
    values = np.array(color)
    return triple(values + (values.mean() - values) * share)
