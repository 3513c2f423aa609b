"""Measures the outlines of the head data's teeth, for `livecam.persona.tooth_shapes`.

    python -m training.heads.tooth_outlines HEAD_FOLDER

prints that table. Every row is drawn from the front, without perspective, in its gums alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.persona.tooth_shapes import ToothShape
from training.heads.data import Floats, HeadData, Integers, load

PIXELS: Final = 300
"""A centimetre."""
RIGHT, TOP, WIDTH, HEIGHT = -0.2, -0.3, 3.6, 6.2
"""Centimetres: where the drawing begins and its sides."""
FRONT: Final = 4.0
"""Of z, behind which nothing is seen."""
BITE: Final = -3.35
"""y between the gums of the rows."""
SIMPLER: Final = 0.022
"""Centimetres that an outline may be off."""
COUNTS: Final = (6, 5)
"""Teeth of the upper row and the lower; beyond them cheeks hide all."""
GUM: Final = 99


def outlines(data: HeadData) -> tuple[tuple[ToothShape, ...], tuple[ToothShape, ...]]:
    """The upper row's left half and the lower's, from the midline to the side."""
    teeth, gums = data.part_triangles("teeth"), data.part_triangles("gums_tongue")
    owner = _parts(teeth, len(data.neutral))
    middles = {k: data.neutral[owner == k].mean(0) for k in np.unique(owner[owner >= 0])}
    rows = []
    for count, lower in zip(COUNTS, (False, True), strict=True):
        chosen = [k for k, at in middles.items() if at[0] > 0 and (at[1] < -3.0) == lower]
        chosen = sorted(chosen, key=lambda k: float(middles[k][0]))
        flesh = gums[(data.neutral[gums][:, :, 1].mean(1) < BITE) == lower]
        flesh = flesh[data.neutral[flesh][:, :, 2].max(1) > FRONT]
        own = teeth[np.isin(owner[teeth[:, 0]], chosen)]
        triangles = np.concatenate([own, flesh])
        names = np.concatenate([owner[own[:, 0]], np.full(len(flesh), GUM)])
        drawn = _drawn(data.neutral, triangles, names)
        rows.append(_shapes([drawn == k for k in chosen[:count]], lower))
    return rows[0], rows[1]


def _parts(triangles: Integers, vertices: int) -> Integers:
    """(V,): which connected part every vertex belongs to, -1 for none."""
    parent = np.arange(vertices)

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = int(parent[a])
        return a

    for a, b, c in triangles:
        parent[root(a)] = root(b)
        parent[root(b)] = root(c)
    found = np.full(vertices, -1)
    used = np.unique(triangles)
    roots = np.array([root(v) for v in used])
    found[used] = np.unique(roots, return_inverse=True)[1]
    return found


def _drawn(vertices: Floats, triangles: Integers, names: Integers) -> Integers:
    """(h, w): the name of the nearest triangle, -1 for none."""
    shape = int(HEIGHT * PIXELS), int(WIDTH * PIXELS)
    depth, found = np.full(shape, -np.inf), np.full(shape, -1)
    for corners, name in zip(vertices[triangles].astype(np.float64), names, strict=True):
        x, y = (corners[:, 0] - RIGHT) * PIXELS, (TOP - corners[:, 1]) * PIXELS
        x0, x1 = int(max(x.min(), 0)), int(min(x.max() + 1, shape[1]))
        y0, y1 = int(max(y.min(), 0)), int(min(y.max() + 1, shape[0]))
        matrix = np.array([x, y, np.ones(3)])
        if x1 <= x0 or y1 <= y0 or abs(np.linalg.det(matrix)) < 1e-6:
            continue
        rows, columns = np.mgrid[y0:y1, x0:x1] + 0.5
        weights = np.linalg.inv(matrix) @ np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)])
        z = (corners[:, 2] @ weights).reshape(rows.shape)
        seen = (weights >= -1e-6).all(0).reshape(rows.shape) & (z > depth[y0:y1, x0:x1])
        depth[y0:y1, x0:x1][seen] = z[seen]
        found[y0:y1, x0:x1][seen] = name
    return found


def _shapes(masks: list[NDArray[np.bool_]], lower: bool) -> tuple[ToothShape, ...]:
    """Of each tooth's (h, w) mask."""
    found: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for mask in masks:
        contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outline = max(contours, key=cv2.contourArea)
        simple = cv2.approxPolyDP(outline, SIMPLER * PIXELS, True)
        found.append((_centimetres(outline, lower), _centimetres(simple, lower)))
    first = found[0][0][:, 1].min()
    shapes = []
    for whole, simple in found:
        low, span = whole.min(0), np.ptp(whole, axis=0)
        points = [(round(float(s), 2), round(float(h), 2)) for s, h in (simple - low) / span]
        left, right, top, height = (
            round(float(v), 2) for v in (low[0], low[0] + span[0], low[1] - first, span[1])
        )
        shapes.append(ToothShape(left, right, top, height, tuple(points)))
    return tuple(shapes)


def _centimetres(contour: Integers, lower: bool) -> NDArray[np.float64]:
    """(N, 2): sideways from the midline, and from the biting edge towards the gum."""
    places = contour[:, 0] / PIXELS + [RIGHT, 0]
    places[:, 1] = (places[:, 1] if lower else -places[:, 1]) + (-TOP if lower else TOP)
    return np.asarray(places, np.float64)


def main() -> None:
    upper, lower = outlines(load(Path(sys.argv[1])))
    for name, row in (("UPPER", upper), ("LOWER", lower)):
        print(f"{name} = (")
        for shape in row:
            print(f"    {shape},")
        print(")")


if __name__ == "__main__":
    main()
