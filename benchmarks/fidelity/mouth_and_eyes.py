"""How near pictures are to the truth in mouth and eyes: the one place for the measures of a refiner.

Held-out people (`training.held_out`) and real clips (`livecam.benchmarks.fidelity`) are measured with the
same lines. PSNR alone rewards blur, so sharpness and the likeness of gradients stand beside it, and so do
two pictures that know nothing: the warped one with its mouth and eyes blurred, and with its mouth painted
flat. Lengths are in sides of the face-aligned crop (`livecam.generator.alignment`), 13.2 cm on a face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import Mask
from livecam.engines.psnr import psnr_db
from livecam.frames import RGB
from livecam.generator.alignment import WHOLE, face_square
from livecam.generator.layout import EYES, LIDS, LIPS, MOUTH, REACH
from livecam.render.cpu.rasters import draw_rasters

AROUND_EYES: Final = 0.03
"""The eyes' region reaches this far beyond their openings: lids, lashes and creases (4 mm)."""
GATE_LIPS, GATE_LIDS = 0.05, 0.04
"""How far around outer lips and lids a refiner may change anything: `LIPS_NONE` and `LIDS_NONE` of
`livecam.generator.layout`."""
FULL_LIPS, FULL_LIDS = 0.015, 0.01
"""Up to here it may change everything; between there and the gate's end its corrections fade."""
GATE_MARGIN: Final = 0.02
"""Added to them: the gate is drawn at half the crop's resolution and laid back into the picture."""
BLUR: Final = 3.75 / 160
"""Sigma of the control "blurred": 2 pixels of a portrait of 256."""
LEAST_SHARE: Final = 40 / 160**2
"""A mouth of a smaller share of the crop is shut: nothing is to be seen in it."""
SIMILARITY: Final = 170.0
"""Constant c of gradient magnitude similarity for 8-bit pictures: Xue, Zhang, Mou, Bovik, "Gradient
Magnitude Similarity Deviation", IEEE Transactions on Image Processing 23(2), 2014."""
RATIOS: Final = {
    "mouth_sharpness": ("mouth_energy", "mouth_true_energy"),
    "eyes_sharpness": ("eyes_energy", "eyes_true_energy"),
    "face_sharpness": ("face_energy", "face_true_energy"),
    "mouth_edges": ("mouth_gradient", "mouth_true_gradient"),
    "eyes_edges": ("eyes_gradient", "eyes_true_gradient"),
    "face_edges": ("face_gradient", "face_true_gradient"),
    "flicker": ("change", "true_change"),
    "flicker_mouth": ("mouth_change", "true_mouth_change"),
    "flicker_eyes": ("eyes_change", "true_eyes_change"),
    "flicker_edge": ("edge_change", "true_edge_change"),
}
"""What `summary` makes of the means of two measures: the first over the second."""

_MEASURES: Final = ("psnr", "gms", "energy", "gradient", "true_energy", "true_gradient")


def regions(rasters: NDArray[np.float32], size: tuple[int, int], side: float = 1.0) -> dict[str, Mask]:
    """Masks of `size`, width and height: "mouth" inside the lips, "eyes" the openings and `AROUND_EYES`,
    "gate" all that a refiner may change, "edge" of that where its corrections fade, without the eyes.

    rasters (5, h, w), drawn of a window in whose unit the face-aligned crop has the side `side`.
    """
    large = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in rasters]
    unit = side / REACH
    lips = large[LIPS] > -(GATE_LIPS + GATE_MARGIN) * unit
    lids = large[LIDS] > -(GATE_LIDS + GATE_MARGIN) * unit
    full = (large[LIPS] > -FULL_LIPS * unit) | (large[LIDS] > -FULL_LIDS * unit)
    eyes, gate = large[EYES] > -AROUND_EYES * unit, lips | lids
    return {"mouth": large[MOUTH] > 0, "eyes": eyes, "gate": gate, "edge": gate & ~full & ~eyes}


def picture_regions(landmarks: NDArray[np.float32], size: int) -> tuple[dict[str, Mask], float]:
    """`regions` of a whole picture of size x size, and the crop's side in its pixels.

    landmarks: (478, 2 or more) in 0..1 of the picture.
    """
    square = face_square(landmarks)
    side = float(np.hypot(square.across_x, square.across_y))
    rasters = draw_rasters(landmarks, WHOLE, (size, size))
    return regions(rasters, (size, size), side), side * size


def rate(picture: RGB, truth: RGB, masks: Mapping[str, Mask], crop: float | None = None) -> dict[str, float]:
    """Of "mouth" and "eyes", and of "face" if there is such a mask: psnr in dB; gms, the likeness of
    gradients (1: equal); energy and true_energy, the mean squared gradients of both pictures, whose ratio is
    sharpness; gradient and true_gradient, the same unsquared, whose ratio is edges.

    Gradient magnitude similarity is (2 m n + c) / (m m + n n + c) with Prewitt's magnitudes m and n of both
    grey pictures (Xue et al. 2014, see `SIMILARITY`; theirs halves the pictures first), averaged over the
    mask. `crop`: side of the face-aligned crop in pixels, the picture's own unless given. NaN for a mask of
    less than `LEAST_SHARE` of it.
    """
    least = LEAST_SHARE * (picture.shape[0] if crop is None else crop) ** 2
    found: dict[str, float] = {}
    squared = ((picture.astype(np.float64) - truth) ** 2).mean(-1)
    own, true = gradient(picture), gradient(truth)
    alike = (2 * own * true + SIMILARITY) / (own**2 + true**2 + SIMILARITY)
    for name in (name for name in ("mouth", "eyes", "face") if name in masks):
        mask = masks[name]
        if int(mask.sum()) < least:
            found |= dict.fromkeys((f"{name}_{what}" for what in _MEASURES), np.nan)
            continue
        found[f"{name}_psnr"] = psnr_db(max(float(squared[mask].mean()), 1e-3), 255)
        found[f"{name}_gms"] = float(alike[mask].mean())
        for what, values in (("", own[mask]), ("true_", true[mask])):
            found[f"{name}_{what}energy"] = float((values**2).mean())
            found[f"{name}_{what}gradient"] = float(values.mean())
    return found


def gradient(picture: RGB) -> NDArray[np.float64]:
    """Prewitt's gradient magnitude of the grey picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    kernel = np.array([[1.0, 0.0, -1.0]] * 3) / 3
    return np.asarray(np.hypot(cv2.filter2D(grey, -1, kernel), cv2.filter2D(grey, -1, kernel.T)))


def change(before: RGB, after: RGB, mask: Mask) -> float:
    """What motion does not explain between two successive frames, in 8-bit levels; 0 where nothing flickers.

    The mean over the mask and the channels of |after(x) - before(x + f(x))|, f the optical flow from `after`
    to `before` (DIS: Kroeger, Timofte, Dai, Van Gool, "Fast Optical Flow using Dense Inverse Search", ECCV
    2016). As the warping error of Lai et al., "Learning Blind Video Temporal Consistency", ECCV 2018, but
    each sequence is compensated by its own motion, so that a head a pixel beside the truth is no flicker.
    """
    return float(_unexplained(before, after)[mask].mean()) if mask.any() else float("nan")


def changes(
    before: RGB, after: RGB, masks: Mapping[str, Mask], crop: float | None = None, prefix: str = ""
) -> dict[str, float]:
    """`change` of the gate ("change"), of mouth, eyes and edge ("mouth_change" ...). `crop` as for `rate`,
    and NaN for as small a mask. `prefix`: before the names, "true_" for the truth's."""
    unexplained = _unexplained(before, after)
    least = LEAST_SHARE * (after.shape[0] if crop is None else crop) ** 2
    found = {}
    for name, part in (("change", "gate"), *((f"{part}_change", part) for part in ("mouth", "eyes", "edge"))):
        mask = masks[part]
        known = int(mask.sum()) >= max(least, 1)
        found[prefix + name] = float(unexplained[mask].mean()) if known else float("nan")
    return found


def _unexplained(before: RGB, after: RGB) -> NDArray[np.float64]:
    """(H, W, 3): |after(x) - before(x + f(x))|."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (after, before)]
    moved: Any = flow.calc(grey[0], grey[1], None)
    rows, columns = after.shape[:2]
    here = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).astype(np.float32)
    expected = cv2.remap(before, here + moved, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.abs(after.astype(np.float64) - expected)


def outside(picture: RGB, warped: RGB, masks: Mapping[str, Mask]) -> tuple[float, float]:
    """Largest and mean difference, in 8-bit levels, beyond the "gate" of the landmarks as they moved."""
    difference = np.abs(picture.astype(np.int16) - warped)[~masks["gate"]]
    if not difference.size:
        return 0.0, 0.0
    return float(difference.max()), float(difference.mean())


def controls(warped: RGB, masks: Mapping[str, Mask], crop: float | None = None) -> dict[str, RGB]:
    """ "blurred": mouth and eyes made soft; "flat": the mouth in its mean colour. `crop` as for `rate`."""
    side = warped.shape[0] if crop is None else crop
    where = masks["mouth"] | masks["eyes"]
    soft = cv2.GaussianBlur(warped, (0, 0), BLUR * side)
    blurred = np.where(where[..., None], soft, warped)
    flat = warped.copy()
    if masks["mouth"].any():
        flat[masks["mouth"]] = warped[masks["mouth"]].mean(0).round().astype(np.uint8)
    return {"blurred": np.asarray(blurred, np.uint8), "flat": flat}


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of every measure over the pictures where it is known, and `RATIOS` of those means.

    A ratio of means, not a mean of ratios: a picture with hardly a gradient would outweigh all others.
    """
    found = {}
    for name in rows[0] if rows else {}:
        values = np.array([row[name] for row in rows])
        values = values[np.isfinite(values)]
        found[name] = float(values.mean()) if values.size else float("nan")
    for name, (own, true) in RATIOS.items():
        if own in found and true in found:
            found[name] = found.pop(own) / max(found.pop(true), 1e-9)
    return found
