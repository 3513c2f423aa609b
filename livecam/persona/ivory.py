"""The colour of teeth in a picture's own light: by the white of the eyes where it shows, and by the skin.

Skin says little of it: it may be brown beside the same teeth. The white of the eyes is nearly the same on
everybody, so what it looks like is the light. Over 27 true smiles of one collection the best guess by skin
alone is 30 levels off, by both 25, by a constant, which knows that collection's light, 18.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F64
from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import LASH_RIM
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask
from livecam.persona.skin import highlights

EYES_SHARE: Final = 0.85
"""How much the white of the eyes counts beside the skin, both as logarithms, where it can be relied on."""
BY_EYES, BY_SKIN = (1.25, 1.35, 1.36), (1.05, 1.25, 1.32)
"""Red, green and blue of bright teeth over that guess, with `EYES_SHARE` and by the skin's highlights alone.
Medians over 14 of those smiles; with .6 to 1 instead of .85 the other 13 are told as well."""
WARM: Final = (1.04, 1.04)
"""Red over green and green over blue that teeth have at least, unless the light has less: the factors above
take off the blood in the white of living eyes, and painted ones have none. On those smiles 1.047, 1.044."""
IRIS: Final = 1.15
"""Radii of the iris within which there may be no white."""
SHADED, GLARING = 50, 90
"""Percentiles of an eye's white between which it is no shade of the lids and no catch-light."""
ENOUGH: Final = (0.005, 0.03)
"""White, in squared widths of the eye, that says nothing, and that is enough. By eye."""
BESIDE_SKIN: Final = (0.45, 0.7), (2.6, 2.0)
"""Its light beside that of the skin's highlights, from too dark to dark and from too bright to bright:
between them it is white. From the palest to the darkest of 27 people it is .7 to 1.7. By eye."""
APART: Final = (0.4, 0.15)
"""How far the eyes' whites are apart, as a logarithm, where one of them is none, and where both are. By
eye."""
BRIGHTEST_PERCENTILE: Final = 99
"""Nothing in a mouth is brighter than this percentile of the picture, or the middle between that and the
white of the eyes, which may be brighter ..."""
BRIGHTEST: Final = 242.0
"""... or than this of 255: what clips looks like paper. By eye."""
ONE_TONE: Final = (5.0, 2.5)
"""Levels by which nine tenths of the pixels stay within one tone, from a coloured picture to one in one tone.
A charcoal and an old photograph have .8, coloured photographs of dark people in white 7 and more."""


def ivory(image: RGB, points: F64, skin_pixels: F64) -> F64:
    """(3,), 0..255: teeth in full light. image: S x S x 3; points: (478, 3), 0..1 of it; skin_pixels: (N, 3),
    as `livecam.persona.skin.cheek_pixels` gives."""
    skin = np.maximum(highlights(skin_pixels), 1.0)
    white, trust = eye_white(image, points, float(skin.mean()))
    share = EYES_SHARE * trust
    factor = np.array(BY_SKIN) ** (1 - trust) * np.array(BY_EYES) ** trust
    light = np.maximum(white, 1.0) ** share * skin ** (1 - share)
    colour = light * factor
    for k, warm in enumerate(WARM):
        colour[k + 1] = min(colour[k + 1], colour[k] / min(warm, light[k] / light[k + 1]))
    most = float(np.percentile(image.mean(-1), BRIGHTEST_PERCENTILE))
    most = min(most + 0.5 * max(trust * float(white.mean()) - most, 0.0), BRIGHTEST)
    colour = colour * min(1.0, most / max(float(colour.mean()), 1.0))
    return np.asarray(np.minimum(colour, 250.0))


def eye_white(image: RGB, points: F64, skin: float) -> tuple[F64, float]:
    """(3,), 0..255, and 0..1: the white of the eyes and how far to rely on it. skin: brightness of the skin's
    highlights."""
    size, width = image.shape[0], eye_width(points) * image.shape[0]
    found, areas = [], []
    for upper, lower, iris in lm.EYES:
        mask = (polygon_mask(size, points[list(lm.loop(upper, lower)), :2].astype(np.float32)) > 127).astype(
            np.uint8
        )
        away = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5))
        centre = points[iris[0], :2] * size
        radius = float(np.linalg.norm(points[list(iris[1:]), :2] * size - centre, axis=1).mean())
        y, x = np.mgrid[0:size, 0:size] + 0.5
        shown = (away > max(LASH_RIM * width, 1)) & (np.hypot(x - centre[0], y - centre[1]) > IRIS * radius)
        pixels = image[shown].astype(np.float64)
        if len(pixels) < 4:
            continue
        light = pixels.mean(1)
        low, high = np.percentile(light, (SHADED, GLARING))
        found.append(np.median(pixels[(light >= low) & (light <= high)], axis=0))
        areas.append(len(pixels))
    if not found:
        return np.full(3, skin), 0.0
    white = np.average(found, axis=0, weights=areas)
    beside = float(white.mean()) / skin
    trust = smoothstep(*ENOUGH, sum(areas) / width**2)
    trust = trust * smoothstep(*BESIDE_SKIN[0], beside) * smoothstep(*BESIDE_SKIN[1], beside)
    if len(found) == 2:
        first, second = (np.log(max(float(one.mean()), 1.0)) for one in found)
        trust = trust * smoothstep(*APART, abs(first - second))
    return np.asarray(white, np.float64), float(trust)


class Tone:
    """The tones of a picture: what has none of its own but one is painted in that."""

    def __init__(self, image: RGB) -> None:
        """image: S x S x 3."""
        small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float64)
        light = small.mean(1)
        self._range = float(light.min()), float(light.max())
        powers = self._powers(light)
        self._curve = np.linalg.lstsq(powers, small - light[:, None], rcond=None)[0]
        apart = np.abs(small - self._of(light)).max(1)
        self.share = float(smoothstep(*ONE_TONE, np.percentile(apart, 90)))
        """0 in a coloured picture, 1 in one of one tone."""

    def __call__(self, colour: F64) -> F64:
        """(3,): a colour as that picture would have it."""
        return np.asarray(colour + (self._of(np.array([colour.mean()]))[0] - colour) * self.share)

    def _powers(self, light: F64) -> F64:
        """(N, 3): 1, light and its square, of light within the picture's."""
        within = np.clip(light, *self._range)[:, None] / 255
        return np.asarray(within ** np.arange(3))

    def _of(self, light: F64) -> F64:
        """(N, 3): the tone at so much light, (N,)."""
        return np.asarray(light[:, None] + self._powers(light) @ self._curve)
