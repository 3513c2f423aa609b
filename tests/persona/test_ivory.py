"""The colour of teeth: the light by the eyes' white, and a picture's own tone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces import with_lids

from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.persona.fill import polygon_mask
from livecam.persona.ivory import Tone, eye_white, ivory
from livecam.persona.skin import cheek_pixels, highlights

PALE, BROWN, WHITE = (205, 165, 145), (130, 95, 78), (190, 180, 175)
SIZE = 512


def looking(face, skin, white=WHITE, light=1.0, points=None):
    """A plain face with eyes on grey ground, and its landmarks in 0..1."""
    points = face if points is None else points
    image = np.full((SIZE, SIZE, 3), (140, 150, 160), np.float64)
    image[:40] = 235  # something bright
    cv2.fillConvexPoly(image, np.round(points[list(lm.FACE_OVAL), :2]).astype(np.int32), skin)
    for upper, lower, iris in lm.EYES:
        ball = polygon_mask(SIZE, points[list(lm.loop(upper, lower)), :2] / SIZE) > 127
        image[ball] = white
        radius = float(np.linalg.norm(points[list(iris[1:]), :2] - points[iris[0], :2], axis=1).mean())
        away = np.hypot(*(np.mgrid[0:SIZE, 0:SIZE][::-1] + 0.5 - points[iris[0], :2][:, None, None]))
        image[ball & (away < radius)] = (70, 50, 40)
    return np.clip(image * light, 0, 255).astype(np.uint8), (points / np.float32(SIZE)).astype(np.float64)


def colour_of(image, points):
    return ivory(image, points, cheek_pixels(image, points.astype(np.float32)))


def test_the_white_of_the_eyes_is_found_and_relied_on(face):
    image, points = looking(face, PALE)
    white, trust = eye_white(image, points, 170.0)
    np.testing.assert_allclose(white, WHITE, atol=1)
    assert trust > 0.9


def test_brown_and_pale_people_have_much_the_same_teeth(face):
    brown, pale = (colour_of(*looking(face, skin)) for skin in (BROWN, PALE))
    by_skin = np.mean(PALE) / np.mean(BROWN)
    assert 1 < pale.mean() / brown.mean() < by_skin**0.45
    assert brown.mean() > 1.6 * np.mean(BROWN)


def test_less_light_gives_as_much_darker_teeth(face):
    whole, half = (colour_of(*looking(face, BROWN, light=light)) for light in (1.0, 0.5))
    np.testing.assert_allclose(half, 0.5 * whole, rtol=0.02)


def test_coloured_light_colours_them(face):
    warm = colour_of(*looking(face, (205, 140, 90), (190, 150, 105)))
    assert warm[0] > 1.5 * warm[2]


@pytest.mark.parametrize("white", [(40, 35, 30), (255, 255, 255)], ids=["in the dark", "a glare"])
def test_what_is_no_white_is_not_relied_on(face, white):
    image, points = looking(face, (80, 60, 50) if max(white) == 255 else PALE, white)
    skin = float(highlights(cheek_pixels(image, points.astype(np.float32))).mean())
    assert eye_white(image, points, skin)[1] < 0.05


def test_eyes_nearly_shut_leave_the_skin_alone(face):
    shut = with_lids(face, 0.0)
    image, points = looking(face, PALE, points=shut)
    assert eye_width(points) > 0
    assert eye_white(image, points, 170.0)[1] < 0.5
    assert (colour_of(image, points) > 0.9 * np.array(PALE)).all()


def test_a_drawing_in_one_tone_keeps_it(face):
    grey = looking(face, PALE)[0].mean(-1, keepdims=True).astype(np.uint8).repeat(3, 2)
    sepia = (grey * np.array([1.0, 0.85, 0.65])).astype(np.uint8)
    for image in (grey, sepia):
        tone = Tone(image)
        assert tone.share == 1
        found = tone(np.array([200.0, 190.0, 150.0]))
        np.testing.assert_allclose(found / found.mean(), image[60, 5] / image[60, 5].mean(), atol=0.02)


def test_a_coloured_picture_has_many(face):
    image, _ = looking(face, PALE)
    image[300:] = (40, 90, 160)
    image[300:, :200] = (150, 120, 30)
    tone = Tone(image)
    assert tone.share == 0
    np.testing.assert_array_equal(tone(np.array([200.0, 190.0, 150.0])), [200.0, 190.0, 150.0])
