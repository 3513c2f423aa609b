"""What a face does, in a few numbers that can be compared between two people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.face import measures

NAMES = ("mouth gap", "lids", "yaw", "pitch", "gaze")
"""Columns of `features`: shares of mouth and eye width, degrees, degrees, share of eye width."""
MOUTH, LIDS, YAW, PITCH, GAZE = range(5)
STILL = (0.02, 0.02, 1.0, 1.0, 0.02)
"""Standard deviations below which a clip hardly does it: two to four times the judge's noise from frame to
frame, read off the development clips. Correlations with such a clip say nothing."""

_STABLE = list(lm.STABLE)
_UPPER, _LOWER = list(lm.INNER_LIP_UPPER[3:8]), list(lm.INNER_LIP_LOWER[3:8])


def features(points: NDArray[Any], neutral: NDArray[Any]) -> NDArray[np.float64]:
    """(5,) in the order of `NAMES`: the face without its head pose, and the pose relative to `neutral`.

    points and neutral: (478, 3) of the same person in the same unit.
    """
    rest = neutral.astype(np.float64)
    scale, rotation, shift = geo.similarity(rest[_STABLE], points[_STABLE].astype(np.float64))
    face = ((points - shift) @ rotation / scale - rest[_STABLE].mean(0)) @ measures.face_axes(rest)
    gap = (face[_LOWER, 1] - face[_UPPER, 1]).mean() / max(measures.mouth_width(face), 1e-9)
    lids = measures.lid_openings(face)
    yaw, pitch, _ = np.degrees(geo.to_euler(rotation))
    gaze = np.mean([_sideways(face, upper, iris) for upper, _, iris in lm.EYES])
    return np.array([gap, lids, yaw, pitch, gaze])


def mouth_shares(points: NDArray[Any], neutral: NDArray[Any]) -> NDArray[np.float64]:
    """(2,): the lips' largest gap and the mouth's width, as shares of the width of the face at `neutral`,
    head pose undone: what a viewer compares between two people, where shares of the mouth hide a wide one.

    points and neutral: (478, 3) of the same person in the same unit.
    """
    rest = neutral.astype(np.float64)
    scale, rotation, shift = geo.similarity(rest[_STABLE], points[_STABLE].astype(np.float64))
    axes = measures.face_axes(rest)
    face, own = (points - shift) @ rotation / scale @ axes, rest @ axes
    gap = (face[list(lm.INNER_LIP_LOWER), 1] - face[list(lm.INNER_LIP_UPPER), 1]).max()
    return np.array([gap, measures.mouth_width(face)]) / np.ptp(own[list(lm.FACE_OVAL), 0])


def _sideways(face: NDArray[np.float64], upper: tuple[int, ...], iris: tuple[int, ...]) -> float:
    """How far the iris lies to the image's right of the middle between the eye's corners."""
    first, last = face[upper[0], 0], face[upper[-1], 0]
    return float((face[iris[0], 0] - (first + last) / 2) / max(abs(last - first), 1e-9))
