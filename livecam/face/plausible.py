"""Tells a human face's landmarks from a mesh that was laid over something else.

The model always gives a smooth, face-like mesh, also for a cat or a pile of coins, so shape alone says
little. What gives it away: seen again from another crop, such a mesh lies elsewhere or is not found.
Measured as a part of the face's height (with `livecam.face.detector`): at most 0.013 for 96 frames of clips
and 6 pictures of people, 0.015 for 59 of 60 rendered heads and 0.039 for the most contorted one; 0.026 to
0.035 for a man in profile; 0.036 to 0.36 for 24 finds in pictures without a face, 31 more of which were lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm

LARGEST_SPREAD: Final = 0.035
"""Of the face's height: how far two looks at the same face may lie apart."""

# Lengths as multiples of the distance between the outer eye corners. The bounds lie about a tenth beyond
# what 500 random ICT-FaceKit heads with random expressions and 230 tracked frames of people show.
PROPORTIONS: Final = {
    "mouth width": (0.25, 0.95),
    "face height": (1.4, 2.3),
    "face width": (1.2, 1.8),
    "eyes to mouth": (0.45, 1.1),
    "nose before the eyes and mouth": (0.05, 0.65),
    "left eye's width to the right one's": (0.7, 1.5),
}

Points = NDArray[np.floating[Any]]


def mesh_doubt(landmarks: Points) -> str:
    """What is wrong with the proportions of (478, 3) landmarks; "" where nothing is.

    x, y and z in one unit; any pose.
    """
    if landmarks.shape != (lm.COUNT, 3) or not np.isfinite(landmarks).all():
        return "not 478 finite points"
    for name, value in proportions(landmarks).items():
        low, high = PROPORTIONS[name]
        if not low <= value <= high:
            return f"{name} is {value:.2f}, expected {low} to {high}"
    return ""


def mesh_plausible(landmarks: Points) -> bool:
    """Whether (478, 3) landmarks have the proportions of a human face."""
    return not mesh_doubt(landmarks)


def proportions(landmarks: Points) -> dict[str, float]:
    """The lengths of `PROPORTIONS`; infinite where the eye corners fall together."""
    points = np.asarray(landmarks, np.float64)

    def width_of(corners: tuple[int, int]) -> float:
        return float(np.linalg.norm(points[corners[1]] - points[corners[0]]))

    left, right = points[list(lm.OUTER_EYE_CORNERS)]
    eyes = points[[*lm.LEFT_EYE_CORNERS, *lm.RIGHT_EYE_CORNERS[::-1]]].mean(0)
    mouth = points[list(lm.MOUTH_CORNERS)].mean(0)
    unit = float(np.linalg.norm(right - left))
    right_eye = width_of(lm.RIGHT_EYE_CORNERS)
    away = np.cross(right - left, mouth - eyes)
    area = float(np.linalg.norm(away))
    if min(unit, right_eye, area) <= 0:
        return dict.fromkeys(PROPORTIONS, float("inf"))
    nose = float(((eyes + mouth) / 2 - points[lm.NOSE_TIP]) @ away) / area
    return {
        "mouth width": width_of(lm.MOUTH_CORNERS) / unit,
        "face height": face_height(points) / unit,
        "face width": float(np.linalg.norm(points[lm.RIGHT_CHEEK] - points[lm.LEFT_CHEEK])) / unit,
        "eyes to mouth": float(np.linalg.norm(mouth - eyes)) / unit,
        "nose before the eyes and mouth": nose / unit,
        "left eye's width to the right one's": width_of(lm.LEFT_EYE_CORNERS) / right_eye,
    }


def face_height(landmarks: Points) -> float:
    """Forehead to chin."""
    return float(np.linalg.norm(landmarks[lm.CHIN] - landmarks[lm.FOREHEAD]))


def mesh_spread(looks: Sequence[Points]) -> float:
    """How far several meshes of one face lie apart in the picture, as a part of the face's height.

    The largest root mean square distance of one look's points from the median of all.
    """
    stack = np.stack(looks)
    middle = np.median(stack, axis=0)
    distances = np.sqrt(((stack - middle)[..., :2] ** 2).sum(-1).mean(-1))
    return float(distances.max()) / max(face_height(middle), 1e-6)
