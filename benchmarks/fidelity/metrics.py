"""How near one picture, one face or one series of numbers is to another. NumPy and OpenCV only."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from livecam.engines.psnr import psnr_db
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks

PSNR_CEILING = 100.0
"""dB given to equal pictures, so that means stay finite."""

_SSIM_WINDOW, _SSIM_SIGMA = 11, 1.5
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

EYES = (*lm.LEFT_EYE, *lm.RIGHT_EYE)


def psnr(picture: RGB, truth: RGB, mask: NDArray[np.bool_] | None = None) -> float:
    """Peak signal to noise ratio in dB over all three channels, where `mask` (H, W) is true.

    Both pictures H x W x 3 uint8. Raises `ValueError` where their sizes differ or the mask is empty.
    """
    _same_size(picture, truth)
    squared = (picture.astype(np.float64) - truth) ** 2
    if mask is not None:
        if not mask.any():
            raise ValueError("the mask is empty")
        squared = squared[mask]
    return min(psnr_db(float(squared.mean()), 255), PSNR_CEILING)


def ssim(picture: RGB, truth: RGB) -> float:
    """Structural similarity of the grey pictures, 1 for equal ones.

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE Transactions on Image Processing 13(4), 2004: an 11 x 11 Gaussian window of sigma 1.5,
    K1 = .01, K2 = .03, averaged over the places where the window lies inside the picture.

    Both pictures H x W x 3 uint8, at least 11 pixels a side; else `ValueError`.
    """
    _same_size(picture, truth)
    if min(picture.shape[:2]) < _SSIM_WINDOW:
        raise ValueError(f"SSIM needs {_SSIM_WINDOW} pixels a side, got {picture.shape}")
    a = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    b = cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY).astype(np.float64)
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    variance_a = _window_mean(a * a) - mean_a**2
    variance_b = _window_mean(b * b) - mean_b**2
    covariance = _window_mean(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + _SSIM_C1) * (2 * covariance + _SSIM_C2)
    likeness /= (mean_a**2 + mean_b**2 + _SSIM_C1) * (variance_a + variance_b + _SSIM_C2)
    return float(likeness.mean())


def _window_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = cv2.GaussianBlur(values, (_SSIM_WINDOW, _SSIM_WINDOW), _SSIM_SIGMA)
    edge = _SSIM_WINDOW // 2
    return np.asarray(blurred[edge:-edge, edge:-edge], np.float64)


def sharpness(picture: RGB, truth: RGB, mask: NDArray[np.bool_]) -> float:
    """Mean gradient of the picture as a share of the truth's, where `mask` (H, W) is true.

    Stands beside PSNR because PSNR rewards blur: below 1 the picture is softer than the truth.
    """
    _same_size(picture, truth)
    return float(_gradient(picture)[mask].mean() / max(float(_gradient(truth)[mask].mean()), 1e-9))


def _gradient(picture: RGB) -> NDArray[np.float64]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return np.hypot(cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1))


def oval_mask(points: Landmarks, size: int) -> NDArray[np.bool_]:
    """(size, size): inside the face's oval. points: (478, 3) in pixels."""
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(lm.FACE_OVAL), :2]).astype(np.int32)], 1)
    return np.asarray(mask > 0)


def landmark_error(points: Landmarks, truth: Landmarks, which: Sequence[int] | None = None) -> float:
    """Mean 2-D distance, divided by the distance of the true outer eye corners.

    points and truth: (478, 3) in the same pixels. `which`: point numbers; None for the 468 of the mesh.
    """
    numbers = range(lm.MESH_COUNT) if which is None else which
    chosen = list(numbers)
    left, right = lm.OUTER_EYE_CORNERS
    eyes = float(np.linalg.norm(truth[left, :2] - truth[right, :2]))
    distance = np.linalg.norm(points[chosen, :2] - truth[chosen, :2], axis=1)
    return float(distance.mean() / max(eyes, 1e-9))


def correlation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Pearson's r over the pairs that are both finite; None where a series stands still or is too short."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"expected two series of one length, got {x.shape} and {y.shape}")
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if x.size < 3:
        return None
    x, y = x - x.mean(), y - y.mean()
    # Rounding leaves a constant series with a spread of about 1e-16 of its size.
    if np.abs(x).max() < 1e-12 or np.abs(y).max() < 1e-12:
        return None
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def _same_size(a: RGB, b: RGB) -> None:
    if a.shape != b.shape or a.ndim != 3 or a.shape[2] != 3:
        raise ValueError(f"expected two H x W x 3 pictures of one size, got {a.shape} and {b.shape}")
