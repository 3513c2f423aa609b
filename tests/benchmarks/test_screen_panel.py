"""Numbers read off a screen by a camera that is held as people hold one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecam.benchmarks.glass_to_glass import screen_panel as panel


def photograph(clock, result, tilt=0.0, blur=0.8, noise=6.0, contrast=0.6, seed=0):
    """A screen with both panels as a 640x480 webcam sees it: turned, blurred, grey, noisy."""
    random = np.random.default_rng(seed)
    screen = np.full((700, 1280, 3), 30, np.uint8)
    for left, (number, kind) in ((60, (clock, panel.CLOCK)), (740, (result, panel.RESULT))):
        if number is not None:
            screen[200 : 200 + panel.HEIGHT, left : left + panel.WIDTH] = panel.draw(number, kind)
    corners = np.array([[0, 0], [1280, 0], [1280, 700], [0, 700]], np.float32)
    seen = np.array([[20, 60 + 60 * tilt], [620, 60], [620, 400], [20, 400 - 60 * tilt]], np.float32)
    seen[:, 1] += [0, 40 * tilt, 40 * tilt, 0]
    picture = cv2.warpPerspective(screen, cv2.getPerspectiveTransform(corners, seen), (640, 480))
    picture = cv2.GaussianBlur(picture, (0, 0), blur).astype(float) * contrast + 40
    return np.clip(picture + random.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, panel.NUMBERS - 1), st.integers(0, panel.NUMBERS - 1))
def test_numbers_there_and_back(clock, result):
    assert panel.read(photograph(clock, result)) == {panel.CLOCK: clock, panel.RESULT: result}


@pytest.mark.parametrize("number", [0, 1, panel.NUMBERS - 1])
def test_the_ends_of_the_range(number):
    assert panel.read(photograph(number, number)) == {panel.CLOCK: number, panel.RESULT: number}


@pytest.mark.parametrize("tilt", [-0.8, 0.8])
def test_a_screen_seen_from_the_side(tilt):
    assert panel.read(photograph(7_654_321, 99, tilt)) == {panel.CLOCK: 7_654_321, panel.RESULT: 99}


def test_one_panel_alone():
    assert panel.read(photograph(5, None)) == {panel.CLOCK: 5}


def test_a_picture_caught_between_two_numbers_says_nothing():
    """Half of the light of each: the checksum tells."""
    first, second = photograph(1_000_017, None, noise=0), photograph(1_000_033, None, noise=0)
    mixed = ((first.astype(int) + second) // 2).astype(np.uint8)
    assert panel.read(mixed).get(panel.CLOCK) in (None, 1_000_017, 1_000_033)
    torn = first.copy()
    torn[240:] = second[240:]
    assert panel.read(torn).get(panel.CLOCK) in (None, 1_000_017, 1_000_033)


def test_nothing_is_read_where_nothing_is():
    assert panel.read(np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)) == {}
