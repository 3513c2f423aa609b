"""The colours of a face's skin at its landmarks: where lips are red and brows dark, whatever the light."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import between_eyes, face_axes
from livecam.frames import RGB, Landmarks
from livecam.geometry import Array

AREA: Final = 0.05
"""Distances of the outer eye corners: side of the square round a point over which its colour is the mean of
nine pixels. By eye."""
DARK: Final = 16
"""Grey levels that are added to all, so that noise in the dark is no contrast. By eye."""
COLOUR_COUNTS: Final = 2.0
"""What a colour's logarithm counts against brightness's: lips that open stay red, and shade is no colour."""

Colours = NDArray[np.float32]

_NINE = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), -1).reshape(18).astype(np.float32)
"""x and y of nine places in a row."""
_MEAN = np.tile(np.eye(3, dtype=np.float32) / 9, (9, 1))
"""(27, 3): of the colours of nine places in a row."""
_LARGEST: Final = 32_000
"""Pixels of a side that OpenCV samples from."""


def point_colours(picture: RGB, points: Landmarks) -> Colours:
    """(468, 3) float32: logarithm of brightness, and of red to green and green to blue, `COLOUR_COUNTS`
    times, where the mesh's points are in H x W x 3; of points outside, at the picture's rim."""
    # OpenCV counts from the middle of a pixel.
    near = np.float32(AREA / 2 * between_eyes(points)) * _NINE - np.float32(0.5)
    places = (np.tile(points[: lm.MESH_COUNT, :2], 9) + near).astype(np.float32).reshape(-1, 9, 2)
    seen = cv2.remap(
        picture[:_LARGEST, :_LARGEST], places, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    red, green, blue = np.log(seen.reshape(-1, 27).astype(np.float32) @ _MEAN + DARK).T
    return np.stack(
        [(red + green + blue) / 3, COLOUR_COUNTS * (red - green), COLOUR_COUNTS * (green - blue)], 1
    )


class Likeness:
    """Compares two patterns of colours in several groups of points at once, in whatever light: brightness and
    tint of all count nothing."""

    def __init__(self, groups: Sequence[NDArray[Any]], places: Array, sloped: Collection[int] = ()) -> None:
        """groups: (n,) indices of the mesh's points each. places: (478, 2) as `on_the_face` gives them.
        sloped: numbers of groups in which brightness and tint may slope as well, as in a light from aside."""
        light = np.column_stack([np.ones(lm.MESH_COUNT), places[: lm.MESH_COUNT]])
        self._in = np.zeros((len(groups), lm.MESH_COUNT))
        self._lights = np.zeros((len(groups), light.shape[1], lm.MESH_COUNT))
        for k, group in enumerate(groups):
            count = 3 if k in sloped else 1
            self._in[k, group] = 1.0
            if len(group) >= count:
                self._lights[k, :count, group] = np.linalg.qr(light[group, :count])[0]

    def __call__(self, first: Colours, second: Colours) -> Array:
        """(groups,) -1 to 1: the correlation of two patterns (468, 3)."""
        a, b = first.astype(np.float64), second.astype(np.float64)
        a, b = a - a.mean(0), b - b.mean(0)
        lit = self._lights @ np.hstack([a, b])
        lit_a, lit_b = lit[..., :3], lit[..., 3:]
        sums = (self._in @ np.hstack([a * b, a * a, b * b])).reshape(-1, 3, 3).sum(2)
        of_light = [(x * y).sum((1, 2)) for x, y in ((lit_a, lit_b), (lit_a, lit_a), (lit_b, lit_b))]
        both, alone_a, alone_b = sums.T - of_light
        return np.asarray(both / np.sqrt(np.maximum(alone_a * alone_b, 1e-12)), np.float64)


def on_the_face(points: Landmarks) -> Array:
    """(478, 2): x and y of landmarks along the face's own axes, in distances of the outer eye corners, from
    the bridge of the nose."""
    own = points.astype(np.float64)
    left, right = lm.OUTER_EYE_CORNERS
    unit = max(float(np.linalg.norm(own[right] - own[left])), 1e-6)
    return np.asarray(((own - own[168]) @ face_axes(own))[:, :2] / unit, np.float64)
