"""The head moves as its coefficients say."""

from __future__ import annotations

import numpy as np
import pytest
from head_data import head_shape

from livecam.face import landmarks as points


@pytest.fixture(scope="module")
def shape():
    return head_shape()


@pytest.fixture(scope="module")
def rest(shape):
    return np.zeros(len(shape.data.expression_names), np.float32)


def test_extreme_coefficients_stay_finite_and_near(shape, rest):
    from training.heads.shape import Gaze, Pose

    rng = np.random.default_rng(0)
    for _ in range(5):
        neutral = shape.identity(rng.normal(0, 3, 100))
        moved = shape.express(neutral, np.ones_like(rest), Gaze(90, -90))
        posed = shape.pose(moved, Pose(90, 60, 45))
        assert np.isfinite(posed).all()
        assert np.isfinite(shape.normals(posed)).all()
        # A head is under 40 cm; everything at once must not throw it metres away.
        assert np.abs(posed).max() < 100


def test_a_blink_shuts_the_lids(shape, rest):
    from training.heads.performance import expression
    from training.heads.shape import Gaze

    neutral = shape.identity(np.zeros(100))
    opened = shape.landmarks(shape.express(neutral, rest, Gaze()))
    shut = shape.landmarks(shape.express(neutral, expression(shape.data, eyeBlink=1.0), Gaze()))
    for upper, lower, _ in points.EYES:
        gaps = [np.linalg.norm(p[upper[4]] - p[lower[4]]) for p in (opened, shut)]
        # The points lie up to 2 mm outside the rims: shut lids keep 3 of the open eye's 10 mm.
        assert gaps[1] < 0.35 * gaps[0]


def test_the_eyeballs_follow_the_gaze(shape, rest):
    from training.heads.shape import Gaze

    neutral = shape.identity(np.zeros(100))
    left, right = (shape.landmarks(shape.express(neutral, rest, Gaze(yaw, 0))) for yaw in (-20, 20))
    for iris in (points.LEFT_IRIS[0], points.RIGHT_IRIS[0]):
        # An eyeball's radius is about 1.5 cm: 40 degrees move the iris by 1 cm.
        assert 0.7 < right[iris, 0] - left[iris, 0] < 1.3


def test_both_eyes_look_straight_ahead_at_rest(shape, rest):
    from training.heads.shape import Gaze

    vertices = shape.express(shape.identity(np.zeros(100)), rest, Gaze(0, 0, vergence=0))
    for eyeball in shape.eyeballs:
        centre = shape.data.neutral[eyeball.sclera].mean(0) + eyeball.centre_offset
        reach = np.linalg.norm(vertices[eyeball.sclera] - centre, axis=1)
        cornea = vertices[eyeball.sclera][np.argsort(reach)[-12:]].mean(0) - centre
        # The raw mesh looks outwards by 7 degrees; fitted cornea and axis agree to under one.
        assert abs(np.degrees(np.arctan2(cornea[0], cornea[2]))) < 1.0


def test_the_shoulders_stay_when_the_head_turns(shape):
    from training.heads.shape import Pose

    neutral = shape.identity(np.zeros(100))
    posed = shape.pose(neutral, Pose(40, 0, 0, body=0.0))
    low = neutral[:, 1] < -17
    np.testing.assert_allclose(posed[low], neutral[low], atol=1e-4)
    nose = shape.landmarks(posed)[points.NOSE_TIP]
    assert nose[0] > 5


def test_an_open_mouth_has_its_tongue_below_and_darkness_above_it(shape, rest):
    from training.heads.performance import expression
    from training.heads.shape import Gaze

    neutral = shape.identity(np.zeros(100))
    teeth = np.unique(shape.data.triangles[shape.data.part == shape.data.part_names.index("teeth")])
    front = teeth[neutral[teeth, 2] > 10]
    upper = front[neutral[front, 1] > -3.2]
    opened = shape.express(neutral, expression(shape.data, jawOpen=0.6), Gaze())
    still = shape.express(neutral, rest, Gaze())
    np.testing.assert_array_equal(still[shape.tongue.vertices], neutral[shape.tongue.vertices])
    tops = [moved[shape.tongue.vertices, 1].max() for moved in (still, opened)]
    edge = opened[upper, 1].min()
    lower = opened[front, 1].min()
    # Of 3.4 cm between the rows the jaw's shape alone leaves .6 above the tongue; films have about a third.
    assert tops[0] > edge
    assert edge - tops[1] > 0.3 * (edge - lower)
