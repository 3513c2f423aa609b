"""The line of lashes on the shut eyes of rendered people.

Rendered lashes are strands finer than a pixel: on a shut eye they are a row of dots. On films of shut eyes
the lashes and the shade where the lids meet are a line of .24 to .53 of the skin's light.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face.landmarks import EYES
from livecam.face.measures import lid_opening
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.render.cpu.lids import lashes
from training.heads.truth import Truth, mask

OPEN, SHUT = 0.2, 0.08
"""Opening of the lids, in widths of the eye, below which the line is drawn, and where it is in full."""
DARKEST, LIGHTEST = 0.15, 0.5
"""Its light, as a share of what is around; each person has their own."""
AROUND: Final = 0.2
"""Widths of the eye around it in which that is measured."""


def draw_lashes(picture: RGB, known: Truth, seed: int) -> RGB:
    """The picture (S, S, 3) with the line on eyes that are shut, but not on what lies before them."""
    light = np.random.default_rng([seed, 7]).uniform(DARKEST, LIGHTEST)
    face = mask(known.material, "face") | mask(known.material, "eyes")
    out = picture.copy()
    for upper, lower, _ in EYES:
        shut = float(smoothstep(OPEN, SHUT, lid_opening(known.landmarks.astype(np.float64), upper, lower)))
        row = known.landmarks[list(upper), :2].astype(np.float32)
        margin = AROUND * float(np.linalg.norm(row[-1] - row[0]))
        x0, y0 = np.maximum(np.floor(row.min(0) - margin).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(row.max(0) + margin).astype(int), picture.shape[0])
        if shut <= 0 or x1 - x0 < 3 or y1 - y0 < 3:
            continue
        box = out[y0:y1, x0:x1].astype(np.float32)
        colour = light * np.median(box.reshape(-1, 3), axis=0)
        line = lashes(row - np.array([x0, y0], np.float32), box.shape[:2])[0] * shut * face[y0:y1, x0:x1]
        out[y0:y1, x0:x1] = box + (colour - box) * line[..., None] + 0.5
    return out
