"""A picture that pans and zooms with the driver never shows what lies outside of it."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import make_animator
from hypothesis import example, given
from hypothesis import strategies as st

from livecam.motion.types import rest
from livecam.motion.view import LIMITS
from livecam.render.pan import BASE_ZOOM, pan, view_map
from livecam.settings import MotionSettings, Settings

VIEW_SHIFT, _, VIEW_ZOOM = LIMITS
numbers = st.floats(-1e3, 1e3)


@given(x=numbers, y=numbers, zoom=st.floats(-3, 3), width=st.integers(2, 4096), height=st.integers(2, 4096))
@example(x=VIEW_SHIFT, y=-VIEW_SHIFT, zoom=-VIEW_ZOOM, width=1280, height=720)
def test_every_place_shown_lies_inside_the_picture(x, y, zoom, width, height):
    there = view_map(np.float32([x, y, zoom]), width, height)
    corners = np.array([[-0.5, width - 0.5], [-0.5, height - 0.5]])  # outer edges of the canvas
    asked = (corners - there[:, 2:]) / there[0, 0]
    assert asked[:, 0].min() >= -0.5 - 1e-6
    assert (asked[:, 1] <= np.array([width, height]) - 0.5 + 1e-6 * width).all()


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (640, 480)])
def test_the_room_holds_all_that_a_driver_can_ask_for(size):
    """Nothing is cut off within the limits of `livecam.motion.view`: the way is smooth to its end."""
    for x in (-VIEW_SHIFT, VIEW_SHIFT):
        for zoom in (-VIEW_ZOOM, 0.0, VIEW_ZOOM):
            shifted = view_map(np.float32([x if size[0] > size[1] else 0, x, zoom]), *size)
            middle = view_map(np.float32([0, 0, zoom]), *size)
            np.testing.assert_allclose(shifted[1, 2] - middle[1, 2], x * size[1], atol=1e-3)


def test_the_content_goes_where_the_view_says():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[98:102, 148:152] = 255
    out = pan(picture, np.float32([0.03, -0.02, 0]))[..., 0].astype(float)
    weights = out / out.sum()
    x = (weights.sum(0) * np.arange(300)).sum() - 149.5
    y = (weights.sum(1) * np.arange(200)).sum() - 99.5
    np.testing.assert_allclose([x, y], [6, -4], atol=0.1)


def test_zoom_is_about_the_middle_and_no_edge_is_new():
    picture = np.full((90, 160, 3), 200, np.uint8)
    for view in ([0, 0, 0], [1, 1, -1], [-0.035, 0.035, 0.04]):
        np.testing.assert_array_equal(pan(picture, np.float32(view)), 200)
    assert view_map(np.zeros(3, np.float32), 160, 90)[0, 0] == BASE_ZOOM


@pytest.mark.parametrize("follow", ["head", "all", "frame"])
def test_only_frame_changes_the_canvas(persona, face, follow):
    settings = Settings(motion=MotionSettings(follow=follow))
    animator, _ = make_animator(persona, face, settings=settings)
    placed = animator.canvas.place(animator.renderer.render(rest(persona.landmarks)))
    shown = animator.resting()
    assert shown.shape == placed.shape
    assert np.array_equal(shown, placed) == (follow != "frame")
