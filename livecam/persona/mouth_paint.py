"""A mouth painted in the picture's hues, for a portrait that shows none: cavity, tongue, upper teeth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, F64
from livecam.face import landmarks as lm
from livecam.face.measures import between_eyes, lip_gap, mouth_width
from livecam.frames import RGB
from livecam.generator.inputs import SMALLEST_WIDTH
from livecam.geometry import smoothstep
from livecam.persona.dentition import INCISORS, OVERBITE, dentition
from livecam.persona.fill import polygon_mask
from livecam.persona.ivory import Tone, ivory
from livecam.persona.skin import highlights
from livecam.persona.teeth import SHOWS_TEETH, OwnMouth, known_mouth, teeth_colour
from livecam.persona.tooth_rows import draw_rows

# Mouth coordinates: u along the lips (-.5 .. .5 between the corners), v downwards from the upper lip's edge,
# both in mouth widths at rest. Every length below is one of these unless it says otherwise, and every number
# is by eye unless it says what it was measured on.

# Cavity and tongue. A tongue lies deep below the lip and in the middle.
TONGUE_FROM, TONGUE_FULL = 0.18, 0.55
"""v from which a tongue begins to show, and from which it shows in full."""
TONGUE_HALF_WIDTH: Final = 0.33
"""u at which it has faded to 1/e."""
TONGUE_SHARE: Final = 0.75
"""Share of the tongue's colour over the cavity's where it shows in full: a hint of one."""

WIDEST: Final = 0.52
"""Distances of the eyes that a mouth counts as wide at most, for teeth do not grow with a smile. At rest 51
people have .50 (deviation .034)."""
LOWER_SHOWN: Final = 0.03
"""How far the lower teeth stand above the lower lip of a portrait whose own mouth is open. By eye."""

# How it is laid over the picture.
SOFTNESS: Final = 0.012
"""Sigma of the blur over all of it: paintings and photographs have no hard edges in a mouth."""
LEAST_SOFTNESS: Final = 0.5
"""Pixels that it is at least."""
PAINTED_ASIDE: Final = (0.85, 0.7)
"""u where what is painted ends, and up to which it is all there is."""
PAINTED_ABOVE: Final = (-0.45, -0.35)
"""The same for v above the lip ..."""
PAINTED_BELOW: Final = (1.4, 1.2)
"""... and below it, as far as a jaw drops."""

# Colours.
LIP_BESIDE_SKIN: Final = 0.6
"""Brightness of a lip that lies outside the picture, beside the skin's highlights."""
CAVITY_BESIDE_LIP, CAVITY_LEAST = 0.20, 2.0
"""Brightness of the cavity beside the lower lip's, and so many of 255 levels more: a dark red, never
black."""
TONGUE_BESIDE_LIP: Final = 0.60
"""Brightness of the tongue beside the lower lip's ..."""
GUM_BESIDE_TEETH: Final = (0.80, 0.50, 0.50)
"""Red, green and blue of gum beside the teeth's: it has those of the lips and these, half of each."""
TONGUE_HUE: Final = (1.0, 0.92, 0.92)
"""... and its red, green and blue beside a lip's: a little pinker."""


def paint_mouth(
    image: RGB, interior: RGB, points: F32, skin_pixels: F64, own: OwnMouth | None, seed: int | None = None
) -> tuple[RGB, NDArray[np.uint8]]:
    """`interior`, S x S x 3, with a mouth around the lip line: dark cavity, a hint of tongue. And the rows of
    teeth before it, S x S x 8, the upper with `own`, or what of the portrait's own mouth shows.

    image: S x S x 3, the portrait. points: (478, 3), 0..1 of it. skin_pixels: (N, 3), as
    `livecam.persona.skin.cheek_pixels` gives. seed: of the person's own teeth, see `dentition`.
    """
    size = image.shape[0]
    place = MouthPlace.of(points)
    y, x = np.mgrid[0:size, 0:size] + 0.5
    uv = place.coordinates(np.stack([x, y], -1).reshape(-1, 2) / size).reshape(size, size, 2)
    u, v = uv[..., 0], uv[..., 1]
    gap = lip_gap(points)
    if own is None and gap > SHOWS_TEETH:
        own = OwnMouth(image, points[list(lm.MOUTH), :2], portrait=True)
    teeth, cavity, tongue, gum = _mouth_colours(image, points, skin_pixels, own)

    depth = (smoothstep(TONGUE_FROM, TONGUE_FULL, v) * np.exp(-((u / TONGUE_HALF_WIDTH) ** 2)))[..., None]
    mouth = cavity * (1 - TONGUE_SHARE * depth) + tongue * TONGUE_SHARE * depth
    blur = max(LEAST_SOFTNESS, SOFTNESS * place.width * size)
    mouth = cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), blur)
    box = (
        smoothstep(*PAINTED_ASIDE, np.abs(u)) * smoothstep(*PAINTED_ABOVE, v) * smoothstep(*PAINTED_BELOW, v)
    )
    box = box[..., None]
    layer = np.clip(interior * (1 - box) + mouth * box, 0, 255).astype(np.uint8)

    rows = draw_rows(
        dentition(seed, jaw_open_by(points)),
        teeth,
        gum,
        lambda points: place.points(points) * size,
        lambda pixels: place.coordinates(pixels / size),
        size,
    )
    if own is not None:
        known, share = known_mouth(own, place.width, skin_pixels)
        rows[..., :4] = _over(known, share, rows[..., :4])
    return layer, rows


def jaw_open_by(points: F32) -> float:
    """Mouth widths that the lower row hangs below its place in a mouth at rest, in a portrait whose mouth is
    open: right behind its lower lip. points: (478, 3), 0..1."""
    gap = lip_gap(points)
    return max(gap - LOWER_SHOWN - (INCISORS - OVERBITE), 0.0) if gap > SHOWS_TEETH else 0.0


@dataclass(frozen=True, slots=True)
class MouthPlace:
    """Where the mouth is: its middle, its own directions, its width; in 0..1 of the picture."""

    origin: F64
    along: F64
    width: float

    @classmethod
    def of(cls, points: F32) -> MouthPlace:
        """points: (478, 3), 0..1."""
        left, right = points[list(lm.INNER_MOUTH_CORNERS), :2].astype(np.float64)
        width = mouth_width(points.astype(np.float64))
        along = (right - left) / max(width, SMALLEST_WIDTH)
        down = np.array([-along[1], along[0]])
        centre = 0.5 * (right + left)
        lips = points[list(lm.INNER_LIP_UPPER[3:8]), :2]
        origin = centre + float(((lips - centre) @ down).mean()) * down
        return cls(origin, along, float(np.clip(width, SMALLEST_WIDTH, WIDEST * between_eyes(points))))

    @property
    def axes(self) -> F64:
        """(2, 2): rows along the lips and down."""
        return np.array([self.along, [-self.along[1], self.along[0]]])

    def coordinates(self, places: F64) -> F64:
        """(N, 2), u and v, of places in 0..1 of the picture."""
        return np.asarray((places - self.origin) @ self.axes.T / self.width)

    def points(self, uv: F64) -> F64:
        """(N, 2), 0..1 of the picture: the inverse."""
        return np.asarray(uv @ self.axes * self.width + self.origin)


def _over(known: F64, share: F64, row: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(S, S, 4): what is known, (S, S, 3) with its share (S, S, 1), laid over a row."""
    below = row[..., 3:] / 255 * (1 - share)
    cover = share + below
    colour = (known * share + row[..., :3] * below) / np.maximum(cover, 1e-6)
    return np.clip(np.concatenate([colour, 255 * cover], -1) + 0.5, 0, 255).astype(np.uint8)


def _mouth_colours(
    image: RGB, points: F32, skin_pixels: F64, own: OwnMouth | None
) -> tuple[F64, F64, F64, F64]:
    """(teeth, cavity, tongue, gum), (3,) each in 0..255."""
    lower_lip = points[list(lm.OUTER_LIP_LOWER) + list(lm.INNER_LIP_LOWER[::-1])]
    lip_pixels = image[polygon_mask(image.shape[0], lower_lip) > 127].reshape(-1, 3)
    if len(lip_pixels):
        lip = np.median(lip_pixels, axis=0)
    else:
        lip = LIP_BESIDE_SKIN * highlights(skin_pixels)
    tone = Tone(image)
    teeth = tone(ivory(image, points.astype(np.float64), skin_pixels))
    if own is not None:
        teeth = teeth_colour(own, skin_pixels, teeth)
    cavity = CAVITY_BESIDE_LIP * lip + CAVITY_LEAST
    tongue = TONGUE_BESIDE_LIP * lip * np.array(TONGUE_HUE)
    gum = 0.5 * lip + 0.5 * teeth * np.array(GUM_BESIDE_TEETH)
    return teeth, tone(cavity), tone(tongue), tone(gum)
