"""How neutral a face is: from the front, eyes open, mouth shut. NumPy only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import measures
from livecam.geometry import Array, to_euler

FRONTAL_SCALE: Final = 0.35
"""Radians of yaw or roll that count 1. By eye."""
PITCH_COUNTS: Final = 0.25
"""A pitch's share of that: a camera stands above or below a face that looks straight ahead. By eye."""
SHUT_EYES_COUNT: Final = 4.0
"""What wholly shut eyes count. By eye."""
OPEN_MOUTH_SCALE: Final = 0.10
"""Lip gap in mouth widths that counts 1. By eye."""

PICTURE_TURN_COUNTS, PICTURE_PITCH_COUNTS, PICTURE_MOUTH_COUNTS, PICTURE_LIDS_COUNT = 8, 2, 100, 3
"""The same in a single picture, rounded: yaw and roll, and pitch, a square radian; an open mouth, a square
mouth width of gap; and, taken off, lids, an eye's width of opening."""
OPEN_LIDS: Final = 0.3
"""Opening in widths of the eye beyond which an eye is no more open for that."""


def turned(points: Array) -> float:
    """0 for a head from the front, 1 for one turned by `FRONTAL_SCALE`, as its square. points: (478, 3)."""
    yaw, pitch, roll = to_euler(measures.face_axes(points))
    return float(
        (yaw / FRONTAL_SCALE) ** 2 + (roll / FRONTAL_SCALE) ** 2 + PITCH_COUNTS * (pitch / FRONTAL_SCALE) ** 2
    )


def unrest(points: NDArray[np.float32], widest: float) -> float:
    """0 for a neutral face, more for others. points: (478, 3); widest: `measures.lid_openings` of this person
    with open eyes."""
    own = points.astype(np.float64)
    shut_eyes = SHUT_EYES_COUNT * (1 - measures.lid_openings(own) / widest) ** 2
    return float(turned(own) + shut_eyes + (max(measures.lip_gap(own), 0.0) / OPEN_MOUTH_SCALE) ** 2)


def unrest_of_picture(points: NDArray[np.float32]) -> float:
    """Small for what a portrait should be, more for others, where nobody knows how wide these eyes open: they
    are the better the wider. points: (478, 3)."""
    own = points.astype(np.float64)
    yaw, pitch, roll = to_euler(measures.face_axes(own))
    away = PICTURE_TURN_COUNTS * (yaw**2 + roll**2) + PICTURE_PITCH_COUNTS * pitch**2
    mouth = PICTURE_MOUTH_COUNTS * max(measures.lip_gap(own), 0.0) ** 2
    return float(away + mouth - PICTURE_LIDS_COUNT * min(measures.lid_openings(own), OPEN_LIDS))
