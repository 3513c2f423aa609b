"""Painterly looks made from a picture: oil on canvas."""

from __future__ import annotations

import cv2
import numpy as np

from livecam.frames import RGB
from training.heads.data import Floats


def oil(picture: RGB, radius: int = 4, canvas: float = 0.5, relief: float = 0.5, seed: int = 0) -> RGB:
    """Brush strokes along the forms, raised paint and the weave of a canvas. `picture`: RGB."""
    image = np.asarray(picture / 255.0, np.float32)
    smooth = kuwahara(image, radius)
    angle, strength = flow(smooth)
    rng = np.random.default_rng(seed)
    strokes = along_flow(_grain(image.shape[:2], 1.3, rng), angle, length=radius * 3)
    broad = along_flow(_grain(image.shape[:2], 3.5, rng), angle, length=radius * 6)
    # Every stroke carries its own mixture: broad ones shift warm to cool, fine ones light to dark.
    smooth = smooth * (1 + 0.008 * relief * broad[..., None] * np.array([1.0, 0.2, -0.8], np.float32))
    smooth = smooth * (1 + 0.03 * relief * strokes[..., None])
    # Detail that the brush swallowed comes back only at strong edges: eyes, lips, the outline.
    detail = image - cv2.GaussianBlur(image, (0, 0), 1.6)
    painted = smooth + detail * np.clip(strength * 12 - 0.15, 0, 0.9)[..., None]
    # Raised paint catches the light of the room from the upper left; thin in shadows, as painters lay it.
    height = 0.5 * strokes + 0.4 * broad
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) + cv2.Sobel(height, cv2.CV_32F, 0, 1)
    slope = np.clip(slope, -3, 3)
    thick = np.clip(painted.mean(2) * 1.4, 0.15, 1)
    painted = painted + (0.008 * relief * slope * thick + 0.012 * canvas * _weave(image.shape[:2]))[..., None]
    return (np.clip(painted, 0, 1) * 255 + 0.5).astype(np.uint8)


def kuwahara(image: Floats, radius: int, sectors: int = 8, sharpness: float = 8.0) -> Floats:
    """Generalised Kuwahara filter (Papari, Petkov and Campisi 2007): edges stay, areas become flat."""
    y, x = np.mgrid[-2 * radius : 2 * radius + 1, -2 * radius : 2 * radius + 1].astype(np.float32)
    gaussian = np.exp(-(x * x + y * y) / (2 * (radius * 0.8) ** 2))
    bearing = np.arctan2(y, x)
    total = np.zeros_like(image)
    weights = np.zeros(image.shape[:2], np.float32)
    for k in range(sectors):
        apart = np.abs((bearing - 2 * np.pi * k / sectors + np.pi) % (2 * np.pi) - np.pi)
        kernel = gaussian * np.clip(1.25 - apart / (np.pi / sectors) * 0.75, 0, 1)
        kernel[2 * radius, 2 * radius] = gaussian.max()
        kernel /= kernel.sum()
        mean = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT)
        square = cv2.filter2D(image * image, -1, kernel, borderType=cv2.BORDER_REFLECT)
        deviation = np.sqrt(np.maximum(square - mean * mean, 0)).sum(2)
        weight = 1 / (1 + (255 * deviation / 3) ** (sharpness / 2))
        total += mean * weight[..., None]
        weights += weight
    return np.asarray(total / np.maximum(weights, 1e-12)[..., None], np.float32)


def flow(image: Floats) -> tuple[Floats, Floats]:
    """(H, W) angle along which the picture changes least, and how strong its edges are."""
    grey = image.mean(2)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0) / 4, cv2.Sobel(grey, cv2.CV_32F, 0, 1) / 4
    xx, yy, xy = (cv2.GaussianBlur(product, (0, 0), 14.0) for product in (gx * gx, gy * gy, gx * gy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return angle.astype(np.float32), np.sqrt(xx + yy).astype(np.float32)


def along_flow(values: Floats, angle: Floats, length: int) -> Floats:
    """Line integral convolution: average along the flow, both ways, and stretch back to unit deviation."""
    height, width = values.shape
    y0, x0 = np.mgrid[0:height, 0:width].astype(np.float32)
    total = values.copy()
    for sign in (1.0, -1.0):
        x, y = x0.copy(), y0.copy()
        dx, dy = sign * np.cos(angle), sign * np.sin(angle)
        for _ in range(length):
            local_x = cv2.remap(dx, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            local_y = cv2.remap(dy, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            x, y = x + local_x, y + local_y
            total += cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


def _grain(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> Floats:
    return cv2.GaussianBlur(rng.normal(0, 1, shape[:2]).astype(np.float32), (0, 0), sigma)


def _weave(shape: tuple[int, ...]) -> Floats:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    over = np.sin(x * 2.1) * (np.sin(y * 1.05) > 0) + np.sin(y * 2.1) * (np.sin(x * 1.05) > 0)
    return np.asarray(cv2.GaussianBlur(over.astype(np.float32), (0, 0), 0.6), np.float32)
