"""The matte: which pixels are the person, and what colour they have under a soft edge."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask, push_pull

F32 = NDArray[np.float32]

RIM = 0.025
"""How far hair and other soft edges may reach beyond what is surely the person, as a share of the crop."""


def matte(image: RGB, person: F32, points: F32) -> F32:
    """Alpha, H x W float32 0..1.

    image: S x S x 3. person: S x S, the segmenter's soft mask. points: (478, 3), 0..1 of the image.
    """
    size = image.shape[0]
    alpha = guided_filter(image, person, radius=max(1, round(0.012 * size)), eps=1e-4)
    sharp = smoothstep(0.15, 0.85, np.clip(alpha, 0, 1))
    face = cv2.GaussianBlur(polygon_mask(size, points[list(lm.FACE_OVAL)]), (0, 0), 2 * size / 512)
    whole = np.maximum(sharp, face / 255.0)
    return (whole * _near_the_person(whole, points)).astype(np.float32)


def _near_the_person(alpha: NDArray[np.floating], points: F32) -> NDArray[np.floating]:
    """1 on and just around the one sure region that holds the face, 0 elsewhere, H x W.

    A faint "perhaps" on a sofa or on a second person would otherwise move along with the head as a ghost.
    """
    size = alpha.shape[0]
    _, labels = cv2.connectedComponents((alpha > 0.5).astype(np.uint8))
    x, y = np.clip(points[list(lm.FACE_OVAL), :2].mean(0) * size, 0, size - 1).astype(int)
    sure = (labels == labels[y, x]).astype(np.uint8)
    reach = 2 * max(1, round(RIM * size)) + 1
    near = cv2.dilate(sure, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.minimum(1.001 * cv2.GaussianBlur(near.astype(np.float32), (0, 0), RIM * size / 3), 1)


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
    solved = (image - (1 - a) * background.astype(np.float32)) / np.maximum(a, 0.12)
    sane = ((solved > -25) & (solved < 280)).all(-1).astype(np.float32)
    trust = smoothstep(0.05, 0.20, a) * cv2.GaussianBlur(sane, (0, 0), 0.8)[..., None]
    bled = push_pull(image, (alpha > 0.6).astype(np.uint8))
    return np.clip(np.clip(solved, 0, 255) * trust + bled * (1 - trust), 0, 255).astype(np.uint8)
