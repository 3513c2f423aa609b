"""Eyes in two layers: white behind the lids, lashes that stay where the lids are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, looking_aside

from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.generator.inputs import LASH_RIM
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.persona import enroll
from livecam.persona.eyeballs import IN_THE_SHADE, MOST_BESIDE_SKIN, aside_eyes, split_eyes
from livecam.persona.fill import polygon_mask
from livecam.render.cpu.renderer import CpuRenderer

SIZE = 512
GREEN = (20, 200, 20)
WHITE = np.array([220.0, 210.0, 190.0])


def outlines(points):
    return [points[list(lm.loop(upper, lower)), :2] for upper, lower, _ in lm.EYES]


def lashes(points):
    """(S, S): a line as thick as the rim along the inside of all lids."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for outline in outlines(points):
        inside = cv2.distanceTransform((polygon_mask(SIZE, outline) > 127).astype(np.uint8), cv2.DIST_L2, 5)
        mask |= ((inside > 0) & (inside <= LASH_RIM * eye_width(points) * SIZE)).astype(np.uint8)
    return mask > 0


@pytest.fixture
def drawn(face):
    """A drawn face with green lashes, and its landmarks in 0..1."""
    points = (face / np.float32(SIZE)).astype(np.float32)
    picture = draw_face(face)
    picture[lashes(points)] = GREEN
    return picture, points


def test_behind_the_lids_it_is_white(drawn):
    picture, points = drawn
    _, eyeballs = split_eyes(picture, points, WHITE)
    for upper, _, _ in lm.EYES:
        corner, above = points[upper[0], :2], points[list(upper[3:6]), :2].mean(0)
        for place in (0.5 * (corner + above), above - [0, 0.25 * eye_width(points)]):
            x, y = np.floor(place * SIZE).astype(int)
            seen = eyeballs[y, x].astype(float)
            # The drawing's white is half of what is mixed, and is brighter.
            assert IN_THE_SHADE * WHITE.mean() - 3 <= seen.mean() <= 235
            assert np.ptp(seen) < 45  # lids have 74, lashes 180


def test_an_iris_goes_on_under_the_lids(drawn):
    picture, points = drawn
    centre = points[468, :2] * SIZE
    shut = points.copy()  # the lids cover the upper half of the iris
    for k in lm.LEFT_EYE_UPPER[1:-1]:
        shut[k, 1] = points[468, 1]
    _, eyeballs = split_eyes(picture, shut, WHITE)
    x, y = np.floor(centre).astype(int)
    np.testing.assert_allclose(
        eyeballs[y - 3, x], picture[y + 3, x], atol=25
    )  # noise, and the drawing's edge


def test_an_eye_without_white_gets_what_the_light_says(drawn):
    picture, points = drawn
    for outline in outlines(points):
        cv2.fillPoly(picture, [np.round(outline * SIZE).astype(np.int32)], (30, 25, 20))
    _, eyeballs = split_eyes(picture, points, WHITE)
    x, y = np.floor(points[list(lm.EYES[0][0][3:6]), :2].mean(0) * SIZE).astype(int)
    assert eyeballs[y - 8, x].mean() > 0.8 * IN_THE_SHADE * WHITE.mean()


def test_shut_lids_meet_in_the_colour_of_the_lashes(drawn):
    """Between them lies what fills the openings; the lower rim, mostly the white of the eye, has no say."""
    picture, points = drawn
    width = eye_width(points) * SIZE
    for outline in outlines(points):
        lower = np.round(outline[9:] * SIZE).astype(np.int32)
        cv2.polylines(picture, [lower], False, (250, 250, 250), round(3 * LASH_RIM * width))
    lids, _ = split_eyes(picture, points, WHITE)
    for outline in outlines(points):
        hole = polygon_mask(SIZE, outline.mean(0) + 0.5 * (outline - outline.mean(0))) > 127
        # A soft edge of a pixel is left of an opening 10 high, and the white is 230 lighter.
        np.testing.assert_allclose(lids[hole].astype(float).mean(0), GREEN, atol=40)


def test_lashes_stay_when_the_eyes_look_aside(drawn, face, monkeypatch):
    picture, _ = drawn
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    persona = enroll.build_persona(picture, face.copy(), "green", SIZE, {})
    renderer, still = CpuRenderer(persona), rest(persona.landmarks)
    aside = Motion(still.landmarks, still.head, still.gaze + np.float32([0.012, 0]), still.lids)

    def green(shown):
        return (shown[..., 1] > 150) & (shown[..., 0] < 110)

    before, after = green(renderer.render(still)), green(renderer.render(aside))
    assert before.sum() > 100
    # Of the rim's last pixel half is the eyeball's; moved along, less than half stays.
    assert (before & after).sum() > 0.93 * before.sum()
    assert (after & ~before).sum() < 0.05 * before.sum()


def test_eyes_that_look_aside_have_neither_lashes_nor_corners(drawn):
    """Around both eyes there is nothing but irises and white; the irises are the picture's own."""
    picture, points = drawn
    eyeballs = aside_eyes(picture, points, WHITE)
    for outline, (_, _, iris) in zip(outlines(points), lm.EYES, strict=True):
        shown = eyeballs[polygon_mask(SIZE, outline) > 127].astype(int)
        assert (shown[:, 1] - shown[:, 0]).max() < 40  # the lashes have 180
        x, y = np.floor(points[iris[0], :2] * SIZE).astype(int)
        np.testing.assert_array_equal(eyeballs[y, x], picture[y, x])


def whites(points):
    """Column and row of a place in the white of either eye's layer: at a corner."""
    for upper, _, _ in lm.EYES:
        x, y = np.floor(points[upper[0], :2] * SIZE).astype(int)
        yield x, y


def test_white_that_was_dull_at_rest_is_bright_in_an_eye_that_looks_aside(drawn):
    picture, points = drawn
    openings = [polygon_mask(SIZE, outline) > 127 for outline in outlines(points)]
    dull = picture.copy()
    for opening in openings:
        dull[opening & (picture.min(-1) > 180)] = 110
    eyeballs = aside_eyes(dull, points, WHITE)
    for x, y in whites(points):
        assert eyeballs[y, x].mean() == pytest.approx(255 * (1 - (1 - 110 / 255) ** 2), abs=2)


def test_an_eye_in_the_shade_does_not_glow(drawn):
    picture, points = drawn
    side = round(float(points[:, 0].mean()) * SIZE)
    shaded = picture.copy()
    shaded[:, side:] = (0.3 * shaded[:, side:]).astype(np.uint8)
    eyeballs = aside_eyes(shaded, points, WHITE)
    levels = sorted(float(eyeballs[y, x].mean()) for x, y in whites(points))
    skin = 0.3 * np.mean([214, 170, 140])
    assert levels[0] < MOST_BESIDE_SKIN * skin * 1.05 < 0.5 * levels[1]


def test_only_eyes_that_look_far_aside_show_that_layer(face, persona):
    def drawn_with(layer, share):
        interior = persona.interior.copy()
        interior[..., 3:6] = layer
        motion = MotionTransfer(persona.landmarks, face)(looking_aside(face, share).astype(np.float32))
        return CpuRenderer(replace(persona, interior=interior)).render(motion).astype(int)

    for share, most, least in ((0.0, 0, 0), (0.05, 0, 0), (0.1, 200, 20), (0.22, 255, 230)):
        changed = np.abs(drawn_with(255, share) - drawn_with(0, share)).max()
        assert least <= changed <= most
