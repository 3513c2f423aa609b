from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam import geometry as geo
from livecam.face import measures

angle = st.floats(-1.2, 1.2)


@given(yaw=angle, pitch=angle, roll=angle)
def test_angles_survive_the_round_trip(yaw, pitch, roll):
    np.testing.assert_allclose(
        geo.to_euler(geo.from_euler([yaw, pitch, roll])), [yaw, pitch, roll], atol=1e-9
    )


@given(yaw=angle, roll=angle, scale=st.floats(0.2, 5), shift=st.floats(-100, 100))
def test_similarity_recovers_what_was_applied(yaw, roll, scale, shift):
    points = np.random.default_rng(1).normal(size=(30, 3))
    rotation = geo.from_euler([yaw, 0.3, roll])
    s, r, t = geo.similarity(points, scale * points @ rotation.T + shift)
    assert s == pytest.approx(scale)
    np.testing.assert_allclose(r, rotation, atol=1e-9)
    np.testing.assert_allclose(t, shift, atol=1e-7)


def test_smoothstep_without_a_way_is_a_step():
    with np.errstate(all="raise"):
        steps = geo.smoothstep(2.0, 2.0, np.array([1.0, 2.0, 3.0]))
    assert steps.tolist() == [0, 1, 1]


def test_similarity_never_reflects():
    points = np.random.default_rng(1).normal(size=(30, 3))
    _, rotation, _ = geo.similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_soft_limit_is_exact_below_the_knee_and_never_passes_the_limit():
    x = np.linspace(-5, 5, 1001)
    y = geo.soft_limit(x, 1.0, knee=0.7)
    inside = np.abs(x) <= 0.7
    np.testing.assert_array_equal(y[inside], x[inside])
    assert np.abs(y).max() <= 1.0
    slope = np.diff(y) / np.diff(x)
    assert slope.min() >= 0
    assert np.abs(np.diff(slope)).max() < 0.05  # no kink: steps of .01 in x


def test_smoothstep_runs_both_ways():
    assert geo.smoothstep(0, 1, -1) == 0
    assert geo.smoothstep(0, 1, 2) == 1
    assert geo.smoothstep(1, 0, 2) == 0
    assert geo.smoothstep(0, 2, 1) == pytest.approx(0.5)


def test_face_axes_of_a_frontal_face(face):
    axes = measures.face_axes(face.astype(np.float64))
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    yaw, _, roll = np.degrees(geo.to_euler(axes))
    assert abs(yaw) < 1.5  # the ICT head is symmetric, the measured correspondence nearly so
    assert abs(roll) < 1.5


def test_a_first_order_law_does_not_ask_how_often_it_is_asked():
    assert geo.first_order(0.0) == 0
    assert geo.first_order(np.log(2)) == pytest.approx(0.5)
    left = 1 - geo.first_order(np.array([0.1, 0.2, 0.3]))
    assert left.prod() == pytest.approx(1 - geo.first_order(0.6))
