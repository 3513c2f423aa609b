"""The person goes on around the crop: no seam at its edge, no straight cut, nothing smeared."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest
from faces import posed

from livecam.face import landmarks as lm
from livecam.motion.types import rest
from livecam.persona.enroll import build_persona
from livecam.render.around import _strips, _within
from livecam.render.canvas import PictureCanvas
from livecam.render.cpu.renderer import CpuRenderer

SIDE = 1000
CLOTH, WALL = (60, 70, 150), (150, 160, 120)
STEP = 12
"""Levels by which cloth and wall differ from place to place: what a seam may be at most is a tenth of what
they differ from each other."""


def soft_texture(seed: int) -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE)), (0, 0), 8)
    return (STEP * noise / noise.std())[..., None]


@pytest.fixture(scope="module")
def wide(face):
    """A face in a picture three times its crop's size, with a trunk down to the picture's end and hair above
    the crop's: both leave the crop."""
    points = face.copy()
    points[:, :2] = (points[:, :2] - 256) * 0.7 + [SIDE / 2, 420]
    points[:, 2] *= 0.7
    centre = points[:, :2].mean(0).astype(int)
    person = np.zeros((SIDE, SIDE), np.uint8)
    height = int(np.ptp(points[list(lm.FACE_OVAL), 1]))
    cv2.ellipse(
        person, (int(centre[0]), int(centre[1]) - height // 3), (height // 2, height), 0, 0, 360, 255, -1
    )
    trunk = (8 * height // 5, SIDE - int(centre[1]) - height // 2)
    cv2.ellipse(person, (int(centre[0]), SIDE), trunk, 0, 0, 360, 255, -1)
    alpha = cv2.GaussianBlur(person, (0, 0), 1.5).astype(np.float32)[..., None] / 255
    cloth, wall = CLOTH + soft_texture(1), WALL + soft_texture(2)
    picture = np.clip(cloth * alpha + wall * (1 - alpha), 0, 255).astype(np.uint8)
    cv2.fillPoly(picture, [np.round(points[list(lm.FACE_OVAL), :2]).astype(np.int32)], (200, 160, 130))
    return build_persona(picture, points.astype(np.float32), "wide", 512, {}, person=alpha[..., 0])


@pytest.fixture(scope="module")
def canvas_of(wide):
    """canvas_of(size): each is built once, for that takes most of the time; it draws every motion."""
    return lru_cache(lambda size: PictureCanvas(wide, size))


MOTIONS = [
    {"shift": (0.09, 0)},
    {"shift": (-0.09, -0.06)},
    {"shift": (0.05, 0.09), "angles": (0.3, 0, 0.2)},
    {"shift": (0, -0.09), "size": 0.92},
    {"shift": (0.03, 0), "size": 1.08, "angles": (-0.3, 0.2, -0.2)},
]


def test_at_rest_the_picture_is_the_picture(wide, canvas_of):
    canvas = canvas_of(None)
    motion = rest(wide.landmarks)
    out = canvas.place(CpuRenderer(wide).render(motion), motion)
    crop = wide.crop
    outside = np.ones(out.shape[:2], bool)
    outside[int(crop.y) : int(crop.y + crop.side), int(crop.x) : int(crop.x + crop.side)] = False
    np.testing.assert_array_equal(out[outside], wide.picture[outside])


@pytest.mark.parametrize("size", [None, (1280, 720), (640, 480)])
@pytest.mark.parametrize("moved", MOTIONS)
def test_no_seam_at_the_crops_edge(wide, canvas_of, size, moved):
    """Neighbours across the edge differ no more than neighbours on either side of it do, by a level."""
    canvas = canvas_of(size)
    motion = posed(wide, **moved)
    out = canvas.place(CpuRenderer(wide).render(motion), motion).astype(float)
    left, top, side = canvas._around._crop
    for edge, axis in ((top, 0), (top + side, 0), (left, 1), (left + side, 1)):
        if not 8 < edge < out.shape[axis] - 8:
            continue
        lines = np.abs(np.diff(np.moveaxis(out, axis, 0)[edge - 8 : edge + 8], axis=0)).mean((1, 2))
        assert lines[7] < np.delete(lines, 7).max() + 1


def test_the_trunk_below_the_crop_moves(wide, canvas_of):
    """By most of the head's way right below the crop; a canvas that knows of no motion shows it at rest."""
    canvas = canvas_of(None)
    motion = posed(wide, (0.08, 0))
    out = canvas.place(CpuRenderer(wide).render(motion), motion)
    crop = wide.crop
    row = int(crop.y + crop.side) + 10
    middle = slice(SIDE // 2 - 60, SIDE // 2 + 60)
    strip = wide.picture[row - 4 : row + 5, middle].astype(np.float32)
    found = cv2.matchTemplate(out[row - 30 : row + 30].astype(np.float32), strip, cv2.TM_SQDIFF)
    x = int(np.unravel_index(found.argmin(), found.shape)[1])
    assert 0.6 * 0.08 < (x - middle.start) / crop.side <= 0.081


def test_nobody_beyond_the_crop_costs_nothing(persona):
    alone = replace(persona, matte=np.zeros_like(persona.matte))
    canvas = PictureCanvas(alone, None)
    assert not canvas._around.needed
    motion = posed(persona, (0.05, 0))
    rendered = CpuRenderer(persona).render(motion)
    np.testing.assert_array_equal(canvas.place(rendered, motion), canvas.place(rendered))


@pytest.mark.parametrize("margin", [4, 20, 40])
def test_strips_leave_no_gap(margin):
    """Whatever is active outside the crop's inner part is drawn, and nothing twice."""
    left, top, side, widest = 60, 40, 120, 40
    active = np.ones((220, 260), np.uint8)
    drawn = np.zeros_like(active)
    strips = _strips(active, left, top, side, widest)
    for x0, y0, x1, y1 in _within(strips, left, top, side, margin):
        drawn[y0:y1, x0:x1] += 1
    wanted = np.ones_like(active)
    wanted[top + margin : top + side - margin, left + margin : left + side - margin] = 0
    np.testing.assert_array_equal(drawn, wanted)
