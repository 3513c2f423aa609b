"""Shut lids, painted from the skin around an eye."""

from __future__ import annotations

import cv2
import numpy as np
from faces import draw_face

from livecam.face import landmarks as lm
from livecam.generator.layout import EYE_AREAS
from livecam.persona.lids import shut_lids

SKIN = np.array((214, 170, 140))


def inside(face, outlines, grow=0):
    mask = np.zeros((512, 512), np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(face[list(outline), :2]).astype(np.int32)], 1)
    return cv2.erode(mask, np.ones((5, 5))) > 0 if grow < 0 else cv2.dilate(mask, np.ones((3, 3))) > 0


def made_up(face):
    """Lids and lashes a quarter as bright as the skin."""
    picture = draw_face(face)
    dark = inside(face, lm.UPPER_LIDS)
    picture[dark] //= 4
    return picture


def test_only_the_eyes_are_painted_over(face):
    picture = made_up(face)
    painted = shut_lids(picture, face / np.float32(512))
    away = ~inside(face, EYE_AREAS)
    np.testing.assert_array_equal(painted[away], picture[away])


def test_dark_lids_and_the_eye_itself_become_skin(face):
    """Within: beyond the rim, where they pass into what is around; 35 levels are the crease and its shade."""
    painted = shut_lids(made_up(face), face / np.float32(512)).astype(int)
    eyes = inside(face, (lm.LEFT_EYE, lm.RIGHT_EYE), -1)
    assert np.abs(np.median(painted[eyes], axis=0) - SKIN).max() < 12
    assert np.percentile(painted[eyes].mean(-1), 5) > SKIN.mean() - 35


def test_a_face_at_the_pictures_edge_is_painted_without_complaint(face):
    shifted = face.copy()
    shifted[:, 0] -= 195  # the left eye lies half outside
    assert shut_lids(draw_face(face), shifted / np.float32(512)).shape == (512, 512, 3)
