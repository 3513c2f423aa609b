"""What of a mouth is its expression: where lips that smile or stand open would be at rest, from one picture.

Most photographs smile. Of 51 people whose neutral and whose smiling mouth are known, one half gave the
figures here. Of the other half, mouths that smile with parted lips are 24 % wider than at rest, and 4 % off
(mean) with what is taken for smile taken away; neutral ones are taken for a smile by 1 %.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.geometry import Array, smoothstep

REST_WIDTH: Final = (0.365, 0.225)
"""Width at rest, in distances of the outer corners of the eyes, of a mouth that smiles: a constant, and a
part of its width. Least squares."""
REST_LIFT: Final = 0.0
"""How far the corners of a mouth at rest lie below the middles of the outer lips, in that unit: mean."""
PARTED: Final = (0.02, 0.08)
"""Gaps between the lips, in mouth widths, between which a wide mouth begins to count as a smile."""
LIFTED: Final = (0.015, 0.04)
"""How far the corners lie above the middles of the lips, in distances of the eyes, between which it does so
with shut lips."""

_LIPS = list(lm.LIPS)
_MIDDLES = [lm.OUTER_LIP_UPPER[5], lm.OUTER_LIP_LOWER[5]]


def smile_of(face: Array) -> Array:
    """(478, 3): by what the lips are off their rest; 0 elsewhere, and where they are at rest.

    face: (478, 3) in face coordinates, from the front. The gap between the lips is not part of it.
    """
    smile = np.zeros_like(face)
    unit = max(measures.between_eyes(face), 1e-9)
    width = measures.mouth_width(face) / unit
    lift = float(face[_MIDDLES, 1].mean() - face[list(lm.MOUTH_CORNERS), 1].mean()) / unit
    parted, lifted = smoothstep(*PARTED, measures.lip_gap(face)), smoothstep(*LIFTED, lift)
    share = 1 - (1 - parted) * (1 - lifted)
    constant, part = REST_WIDTH
    excess = share * max(width - constant - part * width, 0.0) / max(width, 1e-9)
    if excess <= 0:
        return smile
    corners = face[list(lm.INNER_MOUTH_CORNERS)]
    aside = face[_LIPS, 0] - corners[:, 0].mean()
    smile[_LIPS, 0] = excess * aside
    half = np.ptp(corners[:, 0]) / 2
    raised = share * max(lift - REST_LIFT, 0.0) * unit
    smile[_LIPS, 1] = -raised * np.minimum((aside / max(half, 1e-9)) ** 2, 1.0)
    return smile
