"""Measures the fold that a smile makes beside nose and mouth, for `livecam.render.creases`.

    python -m training.heads.smile_folds HEAD_FOLDER OUT.npz

Heads of many people are shaded at rest and smiling in one light; the logarithm of the ratio, without what is
no fold, is the map. How much a face smiles is found by ridge regression of random expressions on where its
landmarks have gone, with a tracker's errors in mind.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.landmarks import mirror_index
from livecam.geometry import smoothstep
from livecam.render.creases import CELLS, between_middles
from livecam.render.raster import FAR, rasterise
from training import expressions_shown
from training.heads import sample
from training.heads.data import load
from training.heads.shape import HeadShape, expression

Array = NDArray[Any]

PEOPLE: Final = 24
"""Whose folds are averaged."""
SAMPLES: Final = 2400
"""Pairs of random expressions; `EACH` of a person."""
EACH: Final = 4
MARGIN: Final = 1.1
"""Sides of the landmarks' box that the layout is wide."""
AMBIENT, LIGHT = 0.4, (0.0, 0.3, 0.5)
"""Light from everywhere, and x, y, z of what comes from ahead and above, as in most portraits."""
DIMMEST: Final = 0.3
"""Of the median light: what faces away further is not darkened beyond measure."""
COARSE: Final = 0.2
"""Sigma in sides of the layout: what is coarser is no fold but the cheek's or the jaw's shade, which depends
on the light."""
BESIDE: Final = 0.1
"""Sigma in sides of the layout of how far from its line a fold reaches."""
BRIGHT: Final = 0.4
"""Of what gets brighter: a fold hides light, too, and a bright edge looks drawn. By eye."""
LIPS_FADE: Final = 0.1
"""Eye distances from the lips over which the fold begins: within is the refiner's."""
LINE: Final = (129, 203, 206, 216, 212)
"""Landmarks from the left wing of the nose down beside the corner of the mouth."""
NOISE, INDEPENDENT = 0.01, 0.1
"""Of a tracker, in eye distances, and what share of its variance is each point's own; the rest is alike for
points within `ALIKE` sides of the layout. `LandmarkNoise` says how that is measured."""
ALIKE: Final = 0.06


class _Layout:
    """The front view of the mean head: where every place of a face has its cell."""

    def __init__(self, shape: HeadShape) -> None:
        points = shape.landmarks(shape.data.neutral)[: lm.MESH_COUNT, :2]
        low, high = points.min(0), points.max(0)
        self._middle, self._side = (low + high) / 2, float((high - low).max()) * MARGIN
        own = self._placed(points)
        mirrored = own[mirror_index()[: lm.MESH_COUNT]] * [-1, 1] + [1, 0]
        self.points = ((own + mirrored) / 2).astype(np.float32)
        skin = shape.data.part_triangles("face")
        self.used = np.unique(skin)
        self._triangles = np.searchsorted(self.used, skin).astype(np.int32)
        neutral = shape.data.neutral[self.used]
        self._places, self._depth = self._placed(neutral).astype(np.float32), -neutral[:, 2]

    def _placed(self, points: Array) -> Array:
        return (points[:, :2] - self._middle) / self._side * [1, -1] + 0.5

    def drawn(self, values: Array) -> Array:
        """(CELLS, CELLS): one value for each of `used`."""
        nearest = np.empty((CELLS, CELLS), np.float32)
        out = np.empty((CELLS, CELLS, 2), np.float32)
        source = np.stack([values, values], 1).astype(np.float32)
        rasterise(self._places, self._depth.astype(np.float32), source, self._triangles, nearest, out)
        columns = (np.arange(CELLS) + 0.5) / CELLS
        return np.where(nearest < FAR, out[..., 0] + columns, 0)

    def away(self, numbers: tuple[int, ...], filled: bool = False) -> Array:
        """(CELLS, CELLS): sides of the layout from a line through landmarks, or from within them."""
        fine = 8
        mask = np.ones((CELLS * fine, CELLS * fine), np.uint8)
        line = np.round(self.points[list(numbers)] * CELLS * fine).astype(np.int32)
        if filled:
            cv2.fillPoly(mask, [line], 0)
        else:
            cv2.polylines(mask, [line], False, 0, 1)
        far = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / (CELLS * fine)
        return cv2.resize(far, (CELLS, CELLS), interpolation=cv2.INTER_AREA)


def fold(shape: HeadShape, layout: _Layout) -> Array:
    """(CELLS, CELLS): the logarithm of the ratio at a full smile, of the fold on the image's left."""
    random = np.random.default_rng(11)
    smile = expression(shape.data, mouthSmile_R=1.0)
    before, change = np.zeros((2, len(layout.used), 3))
    for _ in range(PEOPLE):
        person = shape.identity(sample.identity(random))
        resting = shape.normals(person)[layout.used]
        moved = np.float32(person.ravel() + smile @ shape.data.expression).reshape(-1, 3)
        before += resting / PEOPLE
        change += (shape.normals(moved)[layout.used] - resting) / PEOPLE
    light = AMBIENT + before @ LIGHT
    light = np.maximum(light, DIMMEST * np.median(light))
    ratio = layout.drawn(change @ LIGHT / light)
    ratio -= cv2.GaussianBlur(ratio, (0, 0), COARSE * CELLS)
    ratio *= np.exp(-0.5 * (layout.away(LINE) / BESIDE) ** 2)
    unit = between_middles(layout.points)
    ratio *= smoothstep(0, LIPS_FADE, layout.away(lm.OUTER_LIPS, filled=True) / unit)
    return np.where(ratio > 0, BRIGHT * ratio, ratio)


def weights(shape: HeadShape, layout: _Layout) -> Array:
    """(468, 2): of each landmark's way, in eye distances, x right and y down, for how far the corner of the
    mouth on the image's left smiles."""
    random = np.random.default_rng(3)
    data, flip = shape.data, mirror_index()[: lm.MESH_COUNT]
    sides = [data.expression_index(f"mouthSmile_{side}") for side in "RL"]
    ways, smiles = [], []
    person = shape.identity(sample.identity(random))
    for k in range(SAMPLES):
        if k % EACH == 0:
            person = shape.identity(sample.identity(random))
        portrait = expressions_shown.portrait_moment(data, random)
        target = expressions_shown.target_moment(data, portrait, random)
        first = portrait.expression * (random.random() < 0.5)
        at = [
            shape.landmarks(np.float32(person.ravel() + one @ data.expression).reshape(-1, 3))
            for one in (first, target.expression)
        ]
        way = (at[1] - at[0])[: lm.MESH_COUNT, :2] / between_middles(at[0]) * [1, -1]
        change = (target.expression - first)[sides]
        ways += [way, way[flip] * [-1, 1]]
        smiles += list(change)
    x, y = np.array(ways).reshape(len(ways), -1), np.array(smiles)
    apart = np.linalg.norm(layout.points[:, None] - layout.points[None], axis=-1)
    alike = np.exp(-0.5 * (apart / ALIKE) ** 2) + INDEPENDENT * np.eye(lm.MESH_COUNT)
    errors = np.kron(alike, np.eye(2)) * NOISE**2 * len(x)
    found = np.linalg.solve(x.T @ x + errors, x.T @ y)
    return found.reshape(lm.MESH_COUNT, 2)


def main(arguments: list[str]) -> None:
    shape = HeadShape(load(Path(arguments[0])))
    layout = _Layout(shape)
    np.savez_compressed(
        arguments[1],
        points=layout.points,
        fold=fold(shape, layout).astype(np.float16),
        weights=weights(shape, layout).astype(np.float32),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
