"""However the head moves, every place is drawn, and nobody is seen a second time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from faces import posed

from livecam.persona.room import head_limits
from livecam.render.cpu.warper import CpuWarper
from livecam.render.geometry import FrameGeometry
from livecam.settings import MotionSettings

YAW, PITCH, ROLL = MotionSettings().pose_limits
TURNS = [*itertools.product((-YAW, YAW), (-PITCH, PITCH), (-ROLL, ROLL)), (0, 0, 0)]


def corners(persona):
    """Every corner of what a head may do."""
    limits = head_limits(persona)
    places = [(0, 0), *itertools.product((-limits.left, limits.right), (-limits.up, limits.down))]
    for angles, shift, size in itertools.product(TURNS, places, (limits.smaller, limits.larger)):
        yield posed(persona, shift, angles, size)


def test_a_triangle_covers_every_cell(persona):
    geometry = FrameGeometry(persona)
    for motion in corners(persona):
        geometry(motion)
        assert geometry.uncovered == 0


def test_a_head_that_goes_away_takes_all_of_itself_along(persona):
    """A grid of dots over the resting head, moved: no dot is seen that is not in the moved person, and none
    stays where it was. Dots are .02 of the crop wide, so that a shift of .04 clears each of them."""
    size = persona.size
    y, x = np.mgrid[0:size, 0:size]
    inside = persona.foreground[..., 3] == 255
    dots = inside & (x % 26 < 5) & (y % 26 < 5) & (y < 0.6 * size)
    layer = np.where(dots, 255, 0).astype(np.uint8)
    geometry, warp = FrameGeometry(persona), CpuWarper(size)
    for shift in ((0.045, 0), (-0.045, 0)):
        out = warp(layer, geometry(posed(persona, shift)).flow).copy()
        assert (out[dots] > 127).mean() < 0.02
        assert out.astype(float).sum() == pytest.approx(layer.astype(float).sum(), rel=0.1)
