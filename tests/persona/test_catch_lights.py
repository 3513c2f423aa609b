"""Lights on the eyes are lifted off the irises, and stay where they are when the eyes turn."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, looking_aside

from livecam.face import landmarks as lm
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.persona import enroll
from livecam.persona.catch_lights import catch_lights
from livecam.render.cpu.renderer import CpuRenderer

SIZE = 512
WHITE = np.full(3, 240.0)
BRIGHT = (255, 255, 255)


def places(points):
    """(2, 2): the middles of the irises, and (2,) their radii, in the unit of points."""
    middles = np.stack([points[iris[0], :2] for _, _, iris in lm.EYES])
    radii = [
        np.linalg.norm(points[list(iris[1:]), :2] - points[iris[0], :2], axis=1).mean()
        for *_, iris in lm.EYES
    ]
    return middles, np.array(radii)


def lit(face, share=0.2, colour=BRIGHT, place=(0.15, 0.1)):
    """A face with a light on each iris. share, place: its radius and where it is, in radii of the iris."""
    picture = draw_face(face)
    for middle, radius in zip(*places(face), strict=True):
        cv2.circle(picture, tuple(np.round(middle).astype(int).tolist()), round(radius), (60, 80, 60), -1)
        where = tuple(int(v) for v in np.round(middle + np.array(place) * radius))
        cv2.circle(picture, where, max(1, round(share * radius)), colour, -1)
    return picture


@pytest.fixture
def persona(face, monkeypatch):
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    return enroll.build_persona(lit(face), face.copy(), "lit", SIZE, {})


def where_lit(persona, motion):
    """(2,): where along x the light of each eye is drawn, in pixels."""
    unlit = persona.interior.copy()
    unlit[..., 9:] = 0
    pictures = [
        CpuRenderer(one).render(motion).astype(float) for one in (persona, replace(persona, interior=unlit))
    ]
    light = (pictures[0] - pictures[1]).mean(-1).sum(0)
    halves = np.split(light * np.arange(SIZE), [SIZE // 2]), np.split(light, [SIZE // 2])
    return np.array([place.sum() / share.sum() for place, share in zip(*halves, strict=True)])


def test_a_face_without_lights_has_none(face):
    picture = lit(face, colour=(60, 80, 60))
    assert not catch_lights(picture, face / np.float32(picture.shape[0]), WHITE).any()


def test_a_light_goes_half_as_far_as_the_iris(face, persona):
    """.08 widths of the eye: less than that at which eyes begin to be drawn as ones that look far aside."""
    transfer = MotionTransfer(persona.landmarks, face)
    motions = [transfer(looking_aside(face, share).astype(np.float32)) for share in (0.0, 0.08)]
    before, after = (where_lit(persona, motion) for motion in motions)
    went = (motions[1].landmarks - motions[0].landmarks)[[iris[0] for *_, iris in lm.EYES], 0] * SIZE
    assert went.min() > 2
    np.testing.assert_allclose(after - before, went / 2, atol=0.3)  # the lids cut a little of it


def test_a_light_is_lifted_off_and_put_back_at_rest(face, persona):
    lights = persona.interior[..., 9:]
    assert lights.any()
    picture = CpuRenderer(persona).render(rest(persona.landmarks))
    own = enroll.cut_crop(persona.picture, persona.crop, SIZE)
    where = lights.any(-1)
    np.testing.assert_array_equal(picture[where], own[where])


@pytest.mark.parametrize(
    ("share", "colour", "place"),
    [(0.6, BRIGHT, (0, 0)), (0.2, (120, 120, 120), (0.15, 0.1)), (0.2, BRIGHT, (0.9, 0))],
    ids=["as large as the iris", "too dark", "in the white"],
)
def test_what_is_no_light_stays_on_the_iris(face, share, colour, place):
    picture = lit(face, share, colour, place)
    assert not catch_lights(picture, face / np.float32(picture.shape[0]), WHITE).any()
