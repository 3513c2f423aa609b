"""How far back hair, ears and neck lie: an ellipsoid for the skull, laid on the face.

A picture shows the front half of a head. What lies near its outline is stretched over the side and the back
that a turn brings into view, so there the model goes deeper than the head itself does.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face.measures import face_axes
from livecam.geometry import Array, smoothstep

# In face widths, from cheek to cheek, along the face's axes from the middle of its stable points, with hair.
# On the ICT-FaceKit head the skull is 1.42 deep, .6 from the middle to the side, and reaches up .75.
CENTRE: Final = (0.0, -0.05, 0.54)
RADII: Final = (0.66, 0.80, 0.74)
BACK: Final = 0.2
"""How much deeper than the outline's own depth points on it lie, in face widths. As the back comes into view
.13, .24 and .36 would keep a head's width at 15, 30 and 45 degrees; chosen on half of the rendered people."""
BACK_FROM: Final = 0.3
"""Share of the way from the middle to the outline where that begins."""
OUTSIDE: Final = 0.15
"""Radii beyond the outline over which it still grows: hair that stands off."""
FADE: Final = 0.15
"""Face widths from the oval over which the depth goes from the oval's own to the ellipsoid's."""
EAR_FROM, EAR_TO = -0.15, 0.15
"""Face widths below the middle of the stable points between which the skull gives way to ears and nape ..."""
EAR_SHARE: Final = 0.75
"""... and the share of the skull's depth behind the oval that those have: an ear lies across the view, and
behind it a head is narrower. By eye: ears were drawn out to twice their width, at .1 dB less on heads."""
NECK_FROM, NECK_TO = 0.6, 1.2
"""Of the way from the face's middle to the chin: between them the neck's depth takes over."""
NECK_SLOPE, NECK_DEEPEST = 3.0, 0.7
"""Depth of what lies below the jaw, gained per distance from the oval, and the most of it in face widths."""


def skull_depth(points: F32, outside: F32, weights: Array, distance: Array) -> Array:
    """(N,) depth of places around the face, in the unit and from the origin of `points`' z.

    points: (478, 3); outside: (N, 2) in the same unit. weights: (N, 36), how near each is to each point of
    the oval, in sum 1; distance: (N,) to the nearest.
    """
    face = points.astype(np.float64)
    axes, centre = face_axes(face), face[list(lm.STABLE)].mean(0)
    width = float(np.linalg.norm(face[lm.LEFT_CHEEK] - face[lm.RIGHT_CHEEK]))
    oval = face[list(lm.FACE_OVAL)]
    own = weights @ oval[:, 2]

    def on_skull(places: Array) -> Array:
        return _ellipsoid((places - centre[:2]) / width, axes) * width + centre[2]

    fade = np.exp(-((distance / (FADE * width)) ** 2))
    skull = on_skull(outside.astype(np.float64))
    skull += fade * (own - weights @ on_skull(oval[:, :2]))
    neck = own + np.minimum(NECK_SLOPE * distance, NECK_DEEPEST * width)
    there = np.concatenate([outside, skull[:, None]], 1) - centre
    ear = smoothstep(EAR_FROM * width, EAR_TO * width, there @ axes[:, 1])
    skull -= ear * (1 - EAR_SHARE) * np.maximum(skull - own, 0.0)
    chin = float((face[lm.CHIN] - centre) @ axes[:, 1])
    below = smoothstep(NECK_FROM * chin, NECK_TO * chin, there @ axes[:, 1])
    return np.asarray(skull + below * (neck - skull), np.float64)


def _ellipsoid(places: Array, axes: Array) -> Array:
    """(N,) depth at which rays along the view meet the ellipsoid. places: (N, 2) across the view, in face
    widths. Beyond its outline: the outline's depth, see `BACK`."""
    radii = np.array(RADII)
    start = (np.concatenate([places, np.zeros((len(places), 1))], 1) @ axes - CENTRE) / radii
    along = axes[2] / radii
    a, b, c = along @ along, start @ along, (start**2).sum(1) - 1
    nearest = -b / a
    aside = np.sqrt(np.maximum(c + 1 - b**2 / a, 0.0))  # 1 on the outline
    front = nearest - np.sqrt(np.maximum(1 - aside**2, 0.0) / a)
    grown = np.clip((aside - BACK_FROM) / (1 - BACK_FROM), 0.0, 1 + OUTSIDE / (1 - BACK_FROM))
    return np.asarray(front + BACK * grown**2, np.float64)
