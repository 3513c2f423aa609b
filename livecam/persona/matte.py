"""The matte: which pixels are the person, and what colour they have under a soft edge."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask, push_pull

# By eye, all of them. Lengths are shares of the crop's side, alphas and colours of a guide are 0..1.
RIM: Final = 0.025
"""How far hair and other soft edges may reach beyond what is surely the person."""
SURELY: Final = 0.5
"""Alpha above which a pixel is surely the person."""
GUIDED_RADIUS: Final = 0.012
"""Radius of the guided filter: it moves the segmenter's edge by as much."""
GUIDED_EPS: Final = 1e-4
"""Variance of the guide's colour below which there is no edge to go to: steps of .01, 2.5 of 255 levels."""
SOFT_EDGE: Final = (0.15, 0.85)
"""Alphas that become 0 and 1: the guided filter leaves edges too soft."""
OVAL_BLUR: Final = 2 / 512
"""Sigma with which the edge of the face's oval, which is surely the person, is softened."""
COVERS: Final = 1.001
"""Keeps what is surely the person at 1 where a blur has rounded it down."""

FRINGE: Final = 0.3
"""Alpha of that rim where it is at the person; at the hole's edge it is 0."""

# Taking the background out of a soft edge.
LEAST_ALPHA: Final = 0.12
"""Alpha that the person's colour is divided by at least: less only multiplies noise."""
SANE: Final = (-25, 280)
"""0..255: solved colours beyond these are none; the matte is wrong there."""
SANE_BLUR: Final = 0.8
"""Pixels: sigma over which trust falls around such a place."""
TRUSTED_ALPHA: Final = (0.05, 0.20)
"""Alphas from which the solved colour begins to be trusted, and from which it is in full."""
OPAQUE: Final = 0.6
"""Alpha above which a pixel's colour is the person's, to be continued outwards."""


def person_alpha(image: RGB, person: F32, points: F32) -> F32:
    """Alpha, H x W float32 0..1.

    image: S x S x 3. person: S x S, the segmenter's soft mask. points: (478, 3), 0..1 of the image.
    """
    size = image.shape[0]
    alpha = guided_filter(image, person, radius=max(1, round(GUIDED_RADIUS * size)), eps=GUIDED_EPS)
    sharp = smoothstep(*SOFT_EDGE, np.clip(alpha, 0, 1))
    face = cv2.GaussianBlur(polygon_mask(size, points[list(lm.FACE_OVAL)]), (0, 0), OVAL_BLUR * size)
    whole = np.maximum(sharp, face / 255.0)
    return (whole * _near_the_person(whole, points)).astype(np.float32)


def with_fringe(alpha: F32, hole: NDArray[np.uint8]) -> F32:
    """The matte, with a faint rim as wide as the hole that is filled behind it is wider than the person.

    What of the picture lies there goes along with the person, fading: at rest the picture comes back, and a
    shade beside the hair is not left behind. alpha: H x W in 0..1. hole: H x W, 0 or 1.
    """
    beyond = (hole > 0) & (alpha < FRINGE)
    depth = cv2.distanceTransform((hole > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    widest = max(float(depth[beyond].max(initial=0.0)), 1.0)
    return np.asarray(
        np.where(beyond, np.maximum(alpha, FRINGE * np.minimum(depth / widest, 1)), alpha), np.float32
    )


def _near_the_person(alpha: NDArray[np.floating], points: F32) -> NDArray[np.floating]:
    """1 on and just around the one sure region that holds the face, 0 elsewhere, H x W.

    A faint "perhaps" on a sofa or on a second person would otherwise move along with the head as a ghost.
    """
    size = alpha.shape[0]
    _, labels = cv2.connectedComponents((alpha > SURELY).astype(np.uint8))
    x, y = np.clip(points[list(lm.FACE_OVAL), :2].mean(0) * size, 0, size - 1).astype(int)
    sure = (labels == labels[y, x]).astype(np.uint8)
    reach = 2 * max(1, round(RIM * size)) + 1
    near = cv2.dilate(sure, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.minimum(COVERS * cv2.GaussianBlur(near.astype(np.float32), (0, 0), RIM * size / 3), 1)


def guided_filter(guide: RGB, mask: F32, radius: int, eps: float) -> F32:
    """Move a mask's edges to the guide's edges. guide: uint8 RGB; mask: 0..1; eps for a guide in 0..1.

    He, Sun, Tang, "Guided Image Filtering", TPAMI 2013, the colour form (equations 14 to 16).
    """
    side = (2 * radius + 1, 2 * radius + 1)

    def mean(x: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(cv2.blur(x, side, borderType=cv2.BORDER_REFLECT), np.float64)

    g = guide.astype(np.float64) / 255.0
    m = mask.astype(np.float64)
    mean_g, mean_m = mean(g), mean(m)
    cov_gm = mean(g * m[..., None]) - mean_g * mean_m[..., None]
    products = np.stack([mean(g[..., i] * g[..., j]) for i in range(3) for j in range(3)], -1)
    sigma = products.reshape(*m.shape, 3, 3) - mean_g[..., :, None] * mean_g[..., None, :]
    a = np.linalg.solve(sigma + eps * np.eye(3), cov_gm[..., None])[..., 0]
    b = mean_m - (a * mean_g).sum(-1)
    out: F32 = ((mean(a) * g).sum(-1) + mean(b)).astype(np.float32)
    return out


def foreground_colour(image: RGB, alpha: F32, background: RGB) -> RGB:
    """The person's own colour, without the background that shines through a soft edge.

    Solved from image = alpha * colour + (1 - alpha) * background where that is well conditioned, so that
    the portrait at rest comes back exactly; elsewhere colour bleeds out from inside the person.
    """
    a = alpha[..., None]
    solved = (image - (1 - a) * background.astype(np.float32)) / np.maximum(a, LEAST_ALPHA)
    sane = ((solved > SANE[0]) & (solved < SANE[1])).all(-1).astype(np.float32)
    trust = smoothstep(*TRUSTED_ALPHA, a) * cv2.GaussianBlur(sane, (0, 0), SANE_BLUR)[..., None]
    bled = push_pull(image, (alpha > OPAQUE).astype(np.uint8))
    return np.clip(np.clip(solved, 0, 255) * trust + bled * (1 - trust), 0, 255).astype(np.uint8)
