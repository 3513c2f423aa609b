"""What lies behind lids and lips: eyeballs kept from the picture, a mouth painted in the picture's hues."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.covered import EYES, MOUTH
from livecam.face.measures import mouth_width
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona.eyeballs import aside_eyes, split_eyes
from livecam.persona.fill import polygon_mask
from livecam.persona.teeth import OwnMouth, colour_of, keep

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

OPEN_AT_REST = 0.05
"""Lip gap as a share of mouth width above which the portrait's own mouth counts as open."""
SHOWS_TEETH = 0.12
"""The same, above which a mouth is worth keeping."""
WET = 1.25
"""So much brighter are teeth than what is white on the cheeks. On four clips the brightest quarter of a mouth
has 1.4, 1.1, 1.1 of the red, green and blue of the skin around it; painted with 1 they have 1.2, 1.0, .9."""
INCISORS = 0.10
"""Mouth widths that upper incisors reach below the lip of a mouth at rest. Open mouths of rendered people
show .09 (median; quartiles .05, .13), those of four clips .08 to .15; painted with .175 they showed .19."""
CHEEKS = ((50, 101, 36, 205, 187, 123), (280, 330, 266, 425, 411, 352))
"""Outlines of plain skin between mouth and eyes."""


def split_layers(
    image: RGB, points: F32, mouth: OwnMouth | None = None, covered: Collection[str] = ()
) -> tuple[RGB, NDArray[np.uint8]]:
    """(skin S x S x 3, interior S x S x 6).

    Skin: eyeballs, and an open mouth, painted over with what surrounds them. Interior: eyeballs behind the
    lids, and a mouth; then eyeballs that look far aside. points: (478, 3), 0..1 of the image. mouth: one
    known from another picture. covered: parts of `livecam.face.covered`, behind which there is but the image.
    """
    size = image.shape[0]
    radius = max(1, round(0.006 * size))
    plain = cheeks(image, points)
    brightness = white(plain)
    skin, interior, aside = image, image, image
    if EYES not in covered:
        skin, interior = split_eyes(image, points, brightness)
        aside = aside_eyes(image, points, brightness)
    if MOUTH not in covered:
        interior = _paint_mouth(image, interior, points, plain, mouth)
    if lip_gap(points) > OPEN_AT_REST and MOUTH not in covered:
        hole = (polygon_mask(size, points[list(lm.MOUTH)], -1) > 127).astype(np.uint8)
        skin = cv2.inpaint(skin, hole, radius, cv2.INPAINT_TELEA)
    return np.asarray(skin, np.uint8), np.dstack([interior, aside])


def lip_gap(points: F32) -> float:
    """Largest gap between the inner lips, as a share of the mouth's width."""
    gap = points[list(lm.INNER_LIP_LOWER), 1] - points[list(lm.INNER_LIP_UPPER), 1]
    return float(gap.max() / max(mouth_width(points.astype(np.float64)), 1e-9))


def _paint_mouth(image: RGB, interior: RGB, points: F32, plain: F64, own: OwnMouth | None) -> RGB:
    """A mouth around the lip line: dark cavity, a hint of tongue, the upper teeth's arch.

    Drawn in mouth coordinates: u along the lips (-.5 .. .5 between the corners), v downwards from the
    upper lip's edge, both in mouth widths. Measures: upper incisors show `INCISORS`, the rest of them
    is under the lip; teeth are about 1/8 wide.
    """
    size = image.shape[0]
    width = mouth_width(points.astype(np.float64))
    along = (points[308, :2] - points[78, :2]).astype(np.float64) / width
    down = np.array([-along[1], along[0]])
    centre = 0.5 * (points[308, :2] + points[78, :2])
    lip_line = float(((points[list(lm.INNER_LIP_UPPER[3:8]), :2] - centre) @ down).mean()) / width
    y, x = np.mgrid[0:size, 0:size]
    offset = np.stack([(x + 0.5) / size, (y + 0.5) / size], -1) - centre
    u, v = (offset @ along) / width, (offset @ down) / width - lip_line

    if own is None and lip_gap(points) > SHOWS_TEETH:
        own = OwnMouth(image, points[list(lm.MOUTH), :2], portrait=True)
    teeth, cavity, tongue = _mouth_colours(image, points, plain)
    if own is not None:
        teeth = colour_of(own, plain, teeth)
    depth = (smoothstep(0.18, 0.55, v) * np.exp(-((u / 0.33) ** 2)))[..., None]
    mouth = cavity * (1 - 0.75 * depth) + tongue * 0.75 * depth
    side = np.clip(np.abs(u) / 0.60, 0, 1)
    edge = INCISORS * (1 - 0.45 * side**2) * smoothstep(1.0, 0.85, side)
    scallop = 0.005 * np.cos(u * 2 * np.pi / 0.125)
    shown = smoothstep(0.015, -0.015, v - edge + scallop) * smoothstep(0.60, 0.50, np.abs(u))
    gaps = 1 - 0.14 * np.exp(-((((u / 0.125 + 0.5) % 1 - 0.5) / 0.07) ** 2))
    shade = np.clip(1 - 0.55 * side**2, 0.3, 1) * gaps * np.clip(0.92 + 0.6 * v, 0.8, 0.99)
    mouth = mouth * (1 - shown[..., None]) + teeth * (shade * shown)[..., None]
    mouth = cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), max(0.5, 0.012 * width * size))
    if own is not None:
        mouth = keep(own, mouth, width, plain)
    box = smoothstep(0.85, 0.7, np.abs(u)) * smoothstep(-0.45, -0.35, v) * smoothstep(1.4, 1.2, v)
    box = box[..., None]
    return np.clip(interior * (1 - box) + mouth * box, 0, 255).astype(np.uint8)


def white(plain: F64, hued: float = 0.6) -> F64:
    """(3,): what is white in the picture's own light and, by the share `hued`, hue, so that an engraving gets
    grey teeth. plain: as `cheeks` gives."""
    light, skin = np.percentile(plain, 80, axis=0), np.median(plain, axis=0)
    hue = skin / max(float(skin.max()), 1.0)  # of plain skin: highlights are often blown out to white
    # Brighter than skin in the dark, no brighter than its highlights in full light.
    brightness = min(1.25 * light.mean(), 0.5 * light.mean() + 100)
    return np.asarray(np.clip(brightness * (1 - hued + hued * hue), 0, 250))


def cheeks(image: RGB, points: F32) -> F64:
    """(N, 3): pixels of plain skin; a middle grey where both cheeks lie outside the picture."""
    size = image.shape[0]
    found = [image[polygon_mask(size, points[list(c)]) > 127].reshape(-1, 3) for c in CHEEKS]
    pixels = np.concatenate(found).astype(np.float64)
    return pixels if len(pixels) else np.full((1, 3), 170.0)


def _mouth_colours(image: RGB, points: F32, plain: F64) -> tuple[F64, F64, F64]:
    """(teeth, cavity, tongue)."""
    lower_lip = points[list(lm.OUTER_LIP_LOWER) + list(lm.INNER_LIP_LOWER[::-1])]
    lip_pixels = image[polygon_mask(image.shape[0], lower_lip) > 127].reshape(-1, 3)
    if len(lip_pixels):
        lip = np.median(lip_pixels, axis=0)
    else:
        lip = 0.6 * np.percentile(plain, 80, axis=0)
    teeth = np.clip(WET * white(plain, 0.7), 0, 250)
    return teeth, 0.20 * lip + 2, 0.60 * lip * np.array([1.0, 0.92, 0.92])
