"""The skin of shut lids, painted once: what lies behind lashes and their shade when an eye closes.

An open eye shows a few pixels of its upper lid, and those are under lashes, make-up and the shade of the
brow. Stretched over the eye they are a black patch. So the lid's skin is continued from the clean skin around
the eye, with that skin's own grain (brush, pencil, film), and has a crease as strong as the picture's.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, F64, U8
from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import LASH_RIM
from livecam.generator.layout import EYE_AREAS
from livecam.geometry import smoothstep
from livecam.persona.fill import push_pull

# Lengths in widths of the eye; all by eye.
AROUND: Final = 0.6
"""How far around the lids skin is looked for."""
UNDER_LASHES: Final = 2.2
"""Lash rims from the lid's edge up to which its skin is under lashes."""
BROW_REACH: Final = 0.1
"""How far from a brow's landmarks there are its hairs."""
NEIGHBOURS: Final = 0.2
"""Sigma within which a pixel is compared with those around it."""
DARK: Final = (0.72, 0.9)
"""Brightness beside theirs at which a pixel is a lash, a hair or a line, and from which on it is skin."""
LOOKS: Final = 3
"""How often they are compared: dark pixels darken what they are compared with."""
SKIN_BLUR: Final = 0.09
"""Sigma of the skin without its grain."""
LEAST_LIGHT: Final = 0.6
"""Least brightness of a lid beside the skin under the eye: lids are lit from where that is, too."""
GRAIN_BLUR: Final = 0.06
"""Sigma: what is finer is the skin's grain."""
GRAIN_MOST: Final = 3.0
"""Deviations of the grain beyond which it is a line or a lash."""
CREASE_BELOW, CREASE_HALF = 0.1, 0.025
"""How far below its landmarks the crease of a shut lid lies, and half its width."""
CREASE_LOOK: Final = 0.09
"""How far about its landmarks the picture's own is looked for."""
CREASE_DEPTH: Final = (0.08, 0.3)
"""Least and most that it takes from the skin's brightness."""
CREASE_HUE: Final = (0.85, 1.0, 1.1)
"""Red, green and blue of that: in folds skin is redder."""
CREASE_POINTS: Final = 12
"""Of its smooth curve. Counted, not measured."""
BALL: Final = (0.02, 0.2)
"""Depths within the lids between which their skin leaves the shade around for the light on the eyeball."""
BALL_LIT: Final = 0.85
"""How much of that shade it leaves."""
RIM_BLUR: Final = 0.04
"""Sigma of that shade."""
SKIN_BELOW: Final = 0.35
"""How far below the lower lid's edge there is plain skin."""
PAINTED_FADE: Final = 0.05
"""Over how much the painted skin becomes the picture at the rim."""

_BROWS: Final = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 70),
    (336, 296, 334, 293, 300, 276, 283, 282, 295, 285, 336),
)
"""The outline of each brow."""
_CREASES: Final = (lm.CREASES[:7], lm.CREASES[:6:-1])
"""From left to right in the image."""


def shut_lids(image: RGB, points: F32) -> RGB:
    """S x S x 3: the image with both eyes painted over as shut ones, without the line of lashes.

    image: S x S x 3. points: (478, 3), 0..1 of it.
    """
    out = image.copy()
    size, width = image.shape[0], eye_width(points) * image.shape[0]
    for eye, area in enumerate(EYE_AREAS):
        outline = points[list(area), :2] * size
        low = np.clip(np.floor(outline.min(0) - AROUND * width), 0, size).astype(int)
        high = np.clip(np.ceil(outline.max(0) + AROUND * width), 0, size).astype(int)
        (x0, y0), (x1, y1) = low, high
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        box = image[y0:y1, x0:x1]
        own = (points[:, :2] * size - low).astype(np.float32)
        out[y0:y1, x0:x1] = _shut(box, own, eye, width)
    return out


def _shut(box: RGB, own: F32, eye: int, width: float) -> RGB:
    """The same of one eye's box. own: (478, 2), landmarks in its pixels. width: of an eye."""
    shape = box.shape[:2]
    upper, lower, _ = (list(part) for part in lm.EYES[eye])
    area = _filled(own[list(EYE_AREAS[eye])], shape)
    lid = _filled(own[list(lm.UPPER_LIDS[eye])], shape)
    lashes = _near(own[upper], shape) < UNDER_LASHES * LASH_RIM * width
    brow = _near(own[list(_BROWS[eye])], shape) < BROW_REACH * width
    smooth = _clean_skin(box, ~brow & ((area == 0) | ((lid > 0) & ~lashes)), width)
    below = smooth[_near(own[lower] + np.array([0, SKIN_BELOW * width], np.float32), shape) < 2].mean(-1)
    if below.size:
        floor = LEAST_LIGHT * float(np.median(below))
        smooth = smooth * np.maximum(1.0, floor / np.maximum(smooth.mean(-1, keepdims=True), 1.0))
    deep = np.asarray(cv2.distanceTransform(area, cv2.DIST_L2, 5), np.float64) / width
    rim = push_pull(box, (deep <= 0).astype(np.uint8)).astype(np.float64)
    rim = cv2.GaussianBlur(rim, (0, 0), RIM_BLUR * width)
    smooth = rim + (smooth - rim) * (BALL_LIT * smoothstep(*BALL, deep))[..., None]
    skin = smooth + _grain(box, own[list(EYE_AREAS[eye])], width)
    skin *= 1 - _crease(box, smooth, own, eye, width)[..., None] * np.array(CREASE_HUE)
    # Below the lower lid's edge what is darker than skin are its lashes; what is brighter is the eye's white.
    dark = smoothstep(1.0, 0.85, box.mean(-1) / np.maximum(skin.mean(-1), 1))
    under = np.arange(shape[0])[:, None] + 0.5 - np.interp(np.arange(shape[1]) + 0.5, *_by_x(own[lower]))
    skin = skin + (box - skin) * (dark * smoothstep(0, LASH_RIM * width, under))[..., None]
    share = np.clip(deep / PAINTED_FADE, 0, 1)[..., None]
    return np.clip(box + (skin - box) * share + 0.5, 0, 255).astype(np.uint8)


def _clean_skin(box: RGB, clean: np.ndarray, width: float) -> F64:
    """(h, w, 3): the skin without lashes, hairs and grain, continued where it is not seen."""
    grey = box.astype(np.float32).mean(-1)
    weight = clean.astype(np.float32)
    for _ in range(LOOKS):
        around = cv2.GaussianBlur(grey * weight, (0, 0), NEIGHBOURS * width)
        around /= np.maximum(cv2.GaussianBlur(weight, (0, 0), NEIGHBOURS * width), 1e-4)
        weight = clean * np.asarray(smoothstep(*DARK, grey / np.maximum(around, 1)), np.float32)
    known = cv2.GaussianBlur(weight, (0, 0), GRAIN_BLUR * width)
    soft = cv2.GaussianBlur(box * weight[..., None], (0, 0), GRAIN_BLUR * width)
    soft = soft / np.maximum(known, 1e-4)[..., None]
    filled = push_pull(np.clip(soft, 0, 255).astype(np.uint8), (known > 0.3).astype(np.uint8))
    return cv2.GaussianBlur(filled.astype(np.float64), (0, 0), SKIN_BLUR * width)


def _grain(box: RGB, area: F32, width: float) -> F64:
    """(h, w, 3): the grain of the skin below the eye, mirrored up over it."""
    colour = box.astype(np.float32)
    grain = colour - cv2.GaussianBlur(colour, (0, 0), GRAIN_BLUR * width)
    line = float(area[:, 1].max()) + 0.02 * width
    y, x = np.mgrid[0 : box.shape[0], 0 : box.shape[1]].astype(np.float32)
    y = np.where(y < line, 2 * line - y, y)
    mirrored = cv2.remap(grain, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    most = GRAIN_MOST * 1.48 * float(np.median(np.abs(mirrored)))
    return np.clip(mirrored, -most, most).astype(np.float64)


def _crease(box: RGB, smooth: F64, own: F32, eye: int, width: float) -> F64:
    """(h, w) 0..1: what the crease takes from the skin's light."""
    line = own[list(_CREASES[eye])]
    seen = _near(line, box.shape[:2]) < CREASE_LOOK * width
    ratio = box.mean(-1)[seen] / np.maximum(smooth.mean(-1)[seen], 1)
    depth = np.clip(1 - np.percentile(ratio, 15), *CREASE_DEPTH) if len(ratio) else CREASE_DEPTH[0]
    # A smooth curve through the landmarks, along the line from corner to corner.
    first, last = own[lm.EYES[eye][0][0]], own[lm.EYES[eye][0][-1]]
    axis = (last - first) / max(float(np.linalg.norm(last - first)), 1e-6)
    down = np.array([-axis[1], axis[0]])
    along, height = (line - first) @ axis, (line - first) @ down
    places = np.linspace(along[0], along[-1], CREASE_POINTS)
    curve = np.polyval(np.polyfit(along, height, 3), places) + CREASE_BELOW * width
    away = _away(first + places[:, None] * axis + curve[:, None] * down, box.shape[:2])
    y, x = np.mgrid[0 : box.shape[0], 0 : box.shape[1]] + 0.5
    here = (x - first[0]) * axis[0] + (y - first[1]) * axis[1]
    aside = np.abs(here - places.mean()) / max(np.ptp(places) / 2, 1e-6)
    faint = np.exp(-0.5 * (away / (CREASE_HALF * width)) ** 2) * smoothstep(1.0, 0.5, aside)
    return np.asarray(depth * faint)


def _by_x(line: F32) -> tuple[F32, F32]:
    """x and y of a line's points, from left to right."""
    order = np.argsort(line[:, 0])
    return line[order, 0], line[order, 1]


def _filled(outline: F32, shape: tuple[int, ...]) -> U8:
    """(h, w): 1 inside."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(outline - 0.5).astype(np.int32)], 1)
    return mask


def _near(line: F32, shape: tuple[int, ...]) -> F64:
    """(h, w): the same to half a pixel, and quicker."""
    mask = np.ones(shape, np.uint8)
    cv2.polylines(mask, [np.round(line - 0.5).astype(np.int32)], False, 0, 1)
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), np.float64)


def _away(line: NDArray[Any], shape: tuple[int, ...]) -> F64:
    """(h, w): pixels from their centres to a line through points (N, 2)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    here = np.stack([x, y], -1)
    best = np.full(shape, np.inf)
    for start, end in zip(line[:-1].astype(np.float64), line[1:].astype(np.float64), strict=True):
        edge = end - start
        along = np.clip((here - start) @ edge / max(float(edge @ edge), 1e-9), 0, 1)
        best = np.minimum(best, np.linalg.norm(here - start - along[..., None] * edge, axis=-1))
    return best
