"""The lights that an eye mirrors: found on the iris and lifted off it, for they stay where the lamp is."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32, F64, Mask
from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import LASH_RIM
from livecam.persona.fill import polygon_mask

# In radii of the iris, by eye.
LARGEST_LIGHT: Final = 0.7
"""How broad a light may be; what is broader is iris, or a window that cannot be told from it."""
WITHIN: Final = 0.9
"""How far from the iris's middle it may reach; what touches the white of the eye is no light on the iris."""
GLOW: Final = 0.12
"""How far around a light there is its glow."""
BRIGHTER: Final = 32
"""0..255: how much brighter than the iris around it a light is at least. By eye."""
MOST_COVERED: Final = 0.3
"""Of the iris that shows: more of it is no light. By eye."""
WHITE: Final = 0.6
"""Least brightness of a light's brightest pixel beside a white thing's in that light. By eye."""
LEAST_RADIUS: Final = 3.0
"""Pixels: in a smaller iris no light is told from its grain. By eye."""


def catch_lights(image: RGB, points: F32, white: F64) -> RGB:
    """S x S x 3: what the lights add to the irises' colours, 0 nearly everywhere; `image` less this is the
    picture without them. image: S x S x 3. points: (478, 3), 0..1 of it. white: (3,), 0..255, the look of a
    white thing in that light."""
    lights = np.zeros_like(image)
    size, width = image.shape[0], eye_width(points) * image.shape[0]
    rim = max(1, round(LASH_RIM * width) + 1)
    y, x = np.mgrid[0:size, 0:size] + 0.5
    for upper, lower, iris in lm.EYES:
        centre = points[iris[0], :2] * size
        radius = float(np.linalg.norm(points[list(iris[1:]), :2] * size - centre, axis=1).mean())
        opening = polygon_mask(size, points[list(lm.loop(upper, lower)), :2], -rim) > 127
        away = np.hypot(x - centre[0], y - centre[1]) / max(radius, 1e-6)
        shows = opening & (away < 1)
        if radius < LEAST_RADIUS or not shows.any():
            continue
        found = _lights(image, shows, away, radius, WHITE * float(white.mean()))
        if not found.any() or found.sum() > MOST_COVERED * shows.sum():
            continue
        reach = 2 * max(round(GLOW * radius), 1) + 1
        glowing = cv2.dilate(found.astype(np.uint8), np.ones((reach, reach), np.uint8)) * shows
        dull = cv2.inpaint(image, glowing, max(2, round(GLOW * radius)), cv2.INPAINT_TELEA)
        lights = np.where(glowing[..., None] > 0, cv2.subtract(image, dull), lights)
    return np.asarray(lights, np.uint8)


def _lights(image: RGB, shows: Mask, away: F64, radius: float, least: float) -> Mask:
    """(S, S): small bright places within the iris. shows: where it is seen. away: from its middle, in radii.
    least: 0..255, how bright one is somewhere."""
    grey = np.where(shows, image.mean(-1), 0).astype(np.uint8)  # lids and white are no background of a light
    side = 2 * round(LARGEST_LIGHT * radius / 2) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    bright = (cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel) > BRIGHTER) & shows
    count, labels = cv2.connectedComponents(bright.astype(np.uint8))
    lights = np.zeros_like(shows)
    for label in range(1, count):
        place = labels == label
        ring = (cv2.dilate(place.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~place & shows
        extent = max(np.ptp(along) for along in np.nonzero(place))
        alone = not ring.any() or grey[ring].max() < grey[place].max() - BRIGHTER / 2
        if alone and extent < side and away[place].max() < WITHIN and grey[place].max() >= least:
            lights |= place
    return lights
