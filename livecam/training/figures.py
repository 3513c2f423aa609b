"""How near pictures are to the truth in mouth and eyes: numbers for held-out people, and for real clips.

PSNR alone rewards blur, so sharpness and the likeness of gradients stand beside it, and so do two pictures
that know nothing: the warped one with its mouth and eyes blurred, and with its mouth painted flat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from livecam.model.layout import EYES, MOUTH

Mask = NDArray[np.bool_]
BLUR: Final = 2.5
"""Of the control, in pixels of a crop of 160."""
SIMILARITY: Final = 170.0
"""Constant of gradient magnitude similarity for 8-bit pictures: Xue, Zhang, Mou, Bovik, "Gradient Magnitude
Similarity Deviation", IEEE Transactions on Image Processing 23(2), 2014."""
LEAST_PIXELS: Final = 40
"""A mouth of fewer pixels is shut: nothing is to be seen in it."""


def regions(rasters: NDArray[np.float32], size: int) -> dict[str, Mask]:
    """Masks (C, C) "mouth", inside the lips, and "eyes", the openings widened by .03 of the crop; rasters
    (5, G, G)."""
    large = [cv2.resize(plane, (size, size), interpolation=cv2.INTER_LINEAR) for plane in rasters]
    return {"mouth": large[MOUTH] > 0, "eyes": large[EYES] > -0.3}


def rate(picture: RGB, truth: RGB, masks: Mapping[str, Mask]) -> dict[str, float]:
    """For every mask: psnr in dB, likeness of gradients (1: equal) and sharpness (1: as the truth).

    NaN for a mask of fewer than `LEAST_PIXELS`.
    """
    found: dict[str, float] = {}
    squared = (picture.astype(np.float64) - truth).__pow__(2).mean(-1)
    own, true = gradient(picture), gradient(truth)
    alike = (2 * own * true + SIMILARITY) / (own**2 + true**2 + SIMILARITY)
    for name, mask in masks.items():
        if int(mask.sum()) < LEAST_PIXELS:
            found |= {f"{name}_psnr": np.nan, f"{name}_gradient": np.nan, f"{name}_sharpness": np.nan}
            continue
        found[f"{name}_psnr"] = float(10 * np.log10(255.0**2 / max(float(squared[mask].mean()), 1e-3)))
        found[f"{name}_gradient"] = float(alike[mask].mean())
        found[f"{name}_sharpness"] = float(own[mask].mean() / max(float(true[mask].mean()), 1e-6))
    return found


def gradient(picture: RGB) -> NDArray[np.float64]:
    """Prewitt's gradient magnitude of the grey picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    kernel = np.array([[1.0, 0.0, -1.0]] * 3) / 3
    return np.asarray(np.hypot(cv2.filter2D(grey, -1, kernel), cv2.filter2D(grey, -1, kernel.T)))


def controls(warped: RGB, masks: Mapping[str, Mask]) -> dict[str, RGB]:
    """ "blurred": mouth and eyes made soft; "flat": the mouth in its mean colour, darkened."""
    size = warped.shape[0]
    where = masks["mouth"] | masks["eyes"]
    soft = cv2.GaussianBlur(warped, (0, 0), BLUR * size / 160)
    blurred = np.where(where[..., None], soft, warped)
    flat = warped.copy()
    if masks["mouth"].any():
        flat[masks["mouth"]] = (warped[masks["mouth"]].mean(0) * 0.8).astype(np.uint8)
    return {"blurred": np.asarray(blurred, np.uint8), "flat": flat}


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of every measure over the pictures where it is known."""
    names = rows[0] if rows else {}
    found = {}
    for name in names:
        values = np.array([row[name] for row in rows])
        values = values[np.isfinite(values)]
        found[name] = float(values.mean()) if values.size else float("nan")
    return found
