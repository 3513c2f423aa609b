"""A picture that pans and zooms with the driver never shows what lies outside of it."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import make_animator
from hypothesis import example, given
from hypothesis import strategies as st

from livecam.face import landmarks as lm
from livecam.motion.types import rest
from livecam.motion.view import LIMITS
from livecam.render.canvas import PictureCanvas
from livecam.render.pan import BASE_ZOOM, pan, view_map
from livecam.settings import MotionSettings, Settings

VIEW_SHIFT, _, VIEW_ZOOM = LIMITS
numbers = st.floats(-1e3, 1e3)


@given(
    x=numbers,
    y=numbers,
    zoom=st.floats(-3, 3),
    width=st.integers(2, 4096),
    height=st.integers(2, 4096),
    face=st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)),
)
@example(x=VIEW_SHIFT, y=-VIEW_SHIFT, zoom=-VIEW_ZOOM, width=1280, height=720, face=(0.5, 0.1))
def test_every_place_shown_lies_inside_the_picture(x, y, zoom, width, height, face):
    middle = (face[0] * width, face[1] * height)
    there = view_map(np.float32([x, y, zoom]), width, height, middle)
    corners = np.array([[-0.5, width - 0.5], [-0.5, height - 0.5]])  # outer edges of the canvas
    asked = (corners - there[:, 2:]) / there[0, 0]
    assert asked[:, 0].min() >= -0.5 - 1e-6
    assert (asked[:, 1] <= np.array([width, height]) - 0.5 + 1e-6 * max(width, height)).all()


@pytest.mark.parametrize("face", [(0.5, 0.42), (0.5, 0.1), (0.02, 0.9)])
def test_what_the_driver_asks_for_moves_smoothly_to_the_end_of_the_room(face):
    """No hard stop: from one hundredth of the limit to the next it never goes by more than that."""
    shares = np.linspace(-1, 1, 201)
    for view in ([VIEW_SHIFT, VIEW_SHIFT, 0], [-VIEW_SHIFT, VIEW_SHIFT, -VIEW_ZOOM], [0, 0, VIEW_ZOOM]):
        maps = [
            view_map(np.float32(share * np.array(view)), 1280, 720, (face[0] * 1280, face[1] * 720))
            for share in shares
        ]
        corners = np.array([[[0, 0, 1], [1279, 719, 1]] @ there.T for there in maps])
        steps = np.diff(corners, axis=0)
        assert np.abs(steps).max() <= VIEW_SHIFT * 720 / 100 + VIEW_ZOOM * BASE_ZOOM * 1280 / 100 * 1.1
        assert np.abs(np.diff(steps, axis=0)).max() < 0.1  # pixels


def test_the_content_goes_where_the_view_says():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[98:102, 148:152] = 255
    out = pan(picture, np.float32([0.03, -0.02, 0]), (150, 100))[..., 0].astype(float)
    weights = out / out.sum()
    x = (weights.sum(0) * np.arange(300)).sum() - 149.5
    y = (weights.sum(1) * np.arange(200)).sum() - 99.5
    np.testing.assert_allclose([x, y], [6, -4], atol=0.1)


def test_at_rest_the_face_stays_where_it_is_and_no_edge_is_new():
    picture = np.full((90, 160, 3), 200, np.uint8)
    for view in ([0, 0, 0], [1, 1, -1], [-0.035, 0.035, 0.04]):
        np.testing.assert_array_equal(pan(picture, np.float32(view), (70, 20)), 200)
    there = view_map(np.zeros(3, np.float32), 160, 90, (70, 20))
    np.testing.assert_allclose(there @ [69.5, 19.5, 1], [69.5, 19.5])
    assert there[0, 0] == BASE_ZOOM


def test_the_canvas_knows_where_the_face_is(make_persona):
    persona = make_persona(256)
    eyes = persona.picture_landmarks()[list(lm.OUTER_EYE_CORNERS), :2].mean(0)
    np.testing.assert_allclose(PictureCanvas(persona, None).face, eyes, atol=1)
    marker = np.zeros((256, 256, 3), np.uint8)
    x, y = (persona.landmarks[list(lm.OUTER_EYE_CORNERS), :2].mean(0) * 256).astype(int)
    marker[y - 3 : y + 3, x - 3 : x + 3] = 255
    canvas = PictureCanvas(persona, (640, 480))
    found = np.argwhere(canvas.place(marker)[..., 1] > 250).mean(0)[::-1]
    np.testing.assert_allclose(canvas.face, found, atol=2)  # pixels; the marker is on whole pixels of 256


@pytest.mark.parametrize("follow", ["head", "all", "frame"])
def test_only_frame_changes_the_canvas(persona, face, follow):
    settings = Settings(motion=MotionSettings(follow=follow))
    animator, _ = make_animator(persona, face, settings=settings)
    placed = animator.canvas.place(animator.renderer.render(rest(persona.landmarks)))
    shown = animator.resting()
    assert shown.shape == placed.shape
    assert np.array_equal(shown, placed) == (follow != "frame")
