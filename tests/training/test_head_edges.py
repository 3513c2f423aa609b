"""MediaPipe's points lie where lips end and lids meet, on faces that are not at rest, too."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from head_data import head_shape, studio

from livecam.face import landmarks as lm


@pytest.fixture(scope="module")
def moved():
    """What an expression moves the 478 points by, in cm, by its name."""
    data = head_shape().data

    def by(name):
        shape = data.expression[data.expression_index(name)].reshape(-1, 3)
        return np.einsum("lkc,lk->lc", shape[data.landmark_corners], data.landmark_weights)

    return by


def test_all_of_the_lower_lip_follows_the_jaw(moved):
    jaw = moved("jawOpen")[:, 1]
    corners = jaw[[78, 308]].mean()
    for row in (lm.INNER_LIP_LOWER, (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292)):
        # The corners go down by 1.1 cm, the middle of the lip by 3.5; the upper lip beside the corners by .8.
        assert (jaw[list(row[1:-1])] < corners - 0.5).all()


def test_outer_corners_stay_in_a_blink(moved):
    for corner, upper, name in ((33, 159, "eyeBlink_R"), (263, 386, "eyeBlink_L")):
        blink = moved(name)[:, 1]
        assert abs(blink[corner]) < 0.16 < 0.6 < abs(blink[upper])


@pytest.mark.parametrize(
    "levels", [{"jawOpen": 0.25}, {"jawOpen": 0.6}, {"jawOpen": 0.2, "mouthUpperUp": 0.5}]
)
def test_the_outline_of_the_lips_is_what_opens(levels):
    from training.heads.performance import expression
    from training.heads.renderer import Moment
    from training.heads.truth import mask, truth

    made, size = studio(), 512
    person, data = made.person(1), made.shape.data
    moment = Moment(expression(data, **levels))
    layers = made.renderer.draw(person, moment, size)
    known = truth(made.shape, person.look.camera, moment, layers, size)
    outline = np.zeros((size, size), np.uint8)
    cv2.fillPoly(outline, [np.round(known.landmarks[list(lm.MOUTH), :2]).astype(np.int32)], 1)
    seen = mask(known.material, "mouth")
    inside = outline > 0
    # .85 to .91 and at most .01; with the points of the head's table as they are .76 to .84 and .05 to .06.
    assert (seen & inside).sum() / (seen | inside).sum() > 0.8
    assert (seen & ~inside).sum() / seen.sum() < 0.03
