"""Rasters: the graph's and the host's agree, and they show what they are named for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from faces import turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.generator.alignment import face_square
from livecam.generator.layout import CHANNELS, EYES, GRID, IRISES, LIDS, LIPS, MOUTH
from livecam.generator.parts import FACE, LEFT_EYE, RIGHT_EYE, Part
from livecam.generator.parts import MOUTH as MOUTH_PART
from livecam.model.rasters import Rasters
from livecam.render.cpu.rasters import draw_rasters

WINDOWS = (FACE, MOUTH_PART, LEFT_EYE, RIGHT_EYE)


def both(points: np.ndarray, part: Part = FACE) -> tuple[np.ndarray, np.ndarray]:
    points = np.asarray(points, np.float32)
    tensor = torch.from_numpy(points)
    grid = tuple(n // 2 for n in part.pixels())
    inside_graph = Rasters(grid, GRID)(tensor[:, :2], part.window(tensor))[0].numpy()
    return inside_graph, draw_rasters(points, part.window(points), grid, GRID)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("lids", [0.0, 1.0])
@pytest.mark.parametrize("part", WINDOWS, ids=lambda part: part.name)
def test_graph_and_host_agree(face, gap, lids, part) -> None:  # type: ignore[no-untyped-def]
    inside_graph, on_host = both(turned(with_lids(with_lip_gap(face, gap), lids), 15, 5, 12) / 512, part)
    wide, high = part.pixels()
    assert on_host.shape == (len(CHANNELS), high // 2, wide // 2)
    # A point exactly on a shut outline may fall to either side of it, a rounding apart, with a distance
    # near 0.
    np.testing.assert_allclose(inside_graph, on_host, rtol=0, atol=2e-3)


def test_agree_beyond_the_crop_and_in_one_place() -> None:
    """Wild landmarks, as before the first face."""
    wild = (np.random.default_rng(0).uniform(0, 1, (lm.COUNT, 2)), np.full((lm.COUNT, 2), 0.5))
    for points, part in product(wild, WINDOWS):
        inside_graph, on_host = both(points, part)
        assert np.isfinite(on_host).all()
        assert np.abs(inside_graph - on_host).mean() < 1e-3  # crossings of random outlines round differently


def test_inside_is_where_the_landmarks_say(face) -> None:  # type: ignore[no-untyped-def]
    points = with_lip_gap(face, 0.4)
    square = face_square(points)
    rasters = draw_rasters(points, square)

    def at(channel: int, *which: int) -> float:
        x, y = square.to_crop(*points[list(which), :2].mean(0))
        return float(rasters[channel, int(y * GRID), int(x * GRID)])

    assert at(MOUTH, 13, 14) > 0.1
    assert at(MOUTH, lm.NOSE_TIP) < 0
    assert at(LIPS, 12) > 0
    for eye, iris in ((lm.LEFT_EYE, 468), (lm.RIGHT_EYE, 473)):
        assert at(EYES, *eye) > 0
        assert at(IRISES, iris) > 0
        assert at(LIDS, *eye) > at(EYES, *eye)  # the lids reach further
    assert rasters[:, 0, GRID // 2].max() == -1  # the forehead


def test_a_shut_mouth_and_lid_are_still_lines(face) -> None:  # type: ignore[no-untyped-def]
    """Unlike a filled outline, which vanishes."""
    rasters = draw_rasters(with_lip_gap(face, 0.0), face_square(face))
    # The nearest pixel centre is at most .7 pixels of the grid away, the reach is 8.
    assert -0.1 < rasters[MOUTH].max() <= 0.05
