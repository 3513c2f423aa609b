"""Closing lids: smooth skin, and an unbroken line of lashes where they meet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, with_lids

from livecam.face import landmarks as lm
from livecam.generator.layout import EYE_AREAS
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.persona import enroll
from livecam.persona.skin import cheek_pixels
from livecam.render.cpu.lids import close_lids
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.geometry import FrameGeometry

SIZE = 512


@pytest.fixture
def striped(face, monkeypatch):
    """A face whose upper lids have upright stripes, as stretched lashes and brush strokes have."""
    picture = draw_face(face)
    for skin in lm.UPPER_LIDS:
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(face[list(skin), :2]).astype(np.int32)], 1)
        dark = (np.arange(picture.shape[1]) // 3 % 2 == 0)[None] & (mask > 0)
        picture[dark] = picture[dark] // 2
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    return enroll.build_persona(picture, face.copy(), "striped", SIZE, {})


def shut(persona, face, share=0.0):
    """The motion of a driver whose lids are open by that share."""
    return MotionTransfer(persona.landmarks, face)(with_lids(face, share).astype(np.float32))


def drawn(persona, motion):
    """The picture without and with `close_lids`."""
    renderer = CpuRenderer(persona)
    after = renderer.render(motion)
    inputs = FrameGeometry(persona)(motion)
    still = inputs.lids * np.float32([1, 1, 1, 0, 1, 0] + [1] * 6)
    renderer._geometry = lambda motion: type(inputs)(**{**inputs.feeds(), "lids": still})
    return renderer.render(motion), after


def test_open_eyes_are_left_alone(persona, face):
    inputs = FrameGeometry(persona)(rest(persona.landmarks))
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    before = picture.copy()
    close_lids(picture, picture[::-1].copy(), inputs)
    np.testing.assert_array_equal(picture, before)


def test_shut_lids_meet_in_an_unbroken_line(striped, face):
    motion = shut(striped, face)
    pictures = drawn(striped, motion)
    lashes = FrameGeometry(striped)(motion).lids[:, :3] * 255
    worst = [0.0, 0.0]
    for (upper, _, _), colour in zip(lm.EYES, lashes, strict=True):
        row = motion.landmarks[list(upper), :2] * SIZE
        for x in np.arange(row[1, 0], row[-2, 0]):
            y = np.interp(x, row[:, 0], row[:, 1])
            for k, picture in enumerate(pictures):
                worst[k] = max(worst[k], float(np.abs(picture[int(y), int(x)] - colour).max()))
    # Beside the corners the line is under 2 pixels thick: half a pixel from its middle a fifth of the skin
    # shows, 120 levels away.
    assert worst[1] < 25 < 40 < worst[0]


def test_shut_lids_show_skin_and_not_the_stretched_dark(striped, face):
    """Every second stripe of the lids is half as bright as the skin; the skin around has no stripes."""
    motion = shut(striped, face)
    _, after = drawn(striped, motion)
    skin = float(np.median(cheek_pixels(striped.picture, face / np.float32(striped.picture.shape[0]))))
    for outline in lm.UPPER_LIDS:
        mask = np.zeros((SIZE, SIZE), np.uint8)
        cv2.fillPoly(mask, [np.round(motion.landmarks[list(outline), :2] * SIZE).astype(np.int32)], 1)
        inside = (
            cv2.distanceTransform(mask, cv2.DIST_L2, 5) > 8
        )  # beyond the line, most of its shade, the rim
        # The crease takes .08 of its light at least, the shade of lashes some more.
        assert np.percentile(after[inside], 20) > 0.75 * skin


def test_a_lid_that_is_a_little_lower_is_still_the_pictures_own(persona, face):
    inputs = FrameGeometry(persona)(
        MotionTransfer(persona.landmarks, face)(with_lids(face, 0.95).astype("f4"))
    )
    assert (inputs.lids[:, 3] == 0).all()


def test_stretched_skin_has_no_stripes(striped, face):
    motion = shut(striped, face)
    before, after = drawn(striped, motion)
    for skin in lm.UPPER_LIDS:
        mask = np.zeros((SIZE, SIZE), np.uint8)
        cv2.fillPoly(mask, [np.round(motion.landmarks[list(skin), :2] * SIZE).astype(np.int32)], 1)
        inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5) > 5  # beyond the lid's soft edge and the line

        def stripes(picture, inside=inside):
            grey = picture.mean(-1)
            return np.abs(np.diff(grey, axis=1))[inside[:, 1:] & inside[:, :-1]].mean()

        # Stripes of 6 pixels are a wave that a bell of 5.4 pixels leaves nothing of; the noise stays.
        assert stripes(after) < 0.3 * stripes(before)


def test_nothing_else_changes(striped, face):
    motion = shut(striped, face, 0.3)
    before, after = drawn(striped, motion)
    lids = np.zeros((SIZE, SIZE), np.uint8)
    for area, skin in zip(EYE_AREAS, lm.UPPER_LIDS, strict=True):
        for outline in (area, skin):
            cv2.fillPoly(lids, [np.round(motion.landmarks[list(outline), :2] * SIZE).astype(np.int32)], 1)
    near = cv2.dilate(lids, np.ones((11, 11)))  # half the line's thickness, 3 pixels, and its edge
    np.testing.assert_array_equal(after[near == 0], before[near == 0])
    assert (after != before).any()
