"""How far portraits turn: as their own pose allows, slower and slower, and never past the end."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned

from livecam import geometry as geo
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.pose_limits import BACK, FARTHEST, LEAST, TURNED, limited, turn_limits
from livecam.motion.transfer import MotionTransfer
from livecam.settings import MotionSettings

MOST = MotionSettings().pose_limits


def yaw_of(head: np.ndarray) -> float:
    return float(np.degrees(geo.to_euler(head[:, :3].astype(np.float64)))[0])


def own_yaw(portrait: np.ndarray) -> float:
    return PortraitFace(portrait).yaw


def test_a_frontal_portrait_is_turned_to_45_degrees(face: np.ndarray) -> None:
    """As far as the driver up to 40 to a half degree, and within two of 45."""
    transfer = MotionTransfer((face / 512).astype(np.float32), face)
    for yaw in (-40, 40):
        assert yaw_of(transfer(turned(face, yaw)).head) == pytest.approx(yaw, abs=0.5)
    assert yaw_of(transfer(turned(face, 45)).head) == pytest.approx(45, abs=2)
    nodded = transfer(turned(face, pitch=25)).head[:, :3].astype(np.float64)
    assert np.degrees(geo.to_euler(nodded))[1] == pytest.approx(25, abs=1)


@pytest.mark.parametrize("side", [1, -1])
def test_a_turned_portrait_has_less_to_either_side(face: np.ndarray, side: int) -> None:
    """By 28 degrees: onwards to the farthest that is shown, back as far as its far half can be drawn out."""
    down, up = turn_limits(own_yaw(turned(face, 28 * side)), MOST)
    onwards, back = (up, down) if side > 0 else (down, up)
    assert onwards[0] == pytest.approx(FARTHEST - np.radians(28), abs=0.02)
    assert back[0] == pytest.approx(np.interp(np.radians(28), (0, TURNED), BACK), abs=0.02)
    np.testing.assert_array_equal(down[1:], MOST[1:])
    np.testing.assert_array_equal(up[1:], MOST[1:])


def test_the_more_a_portrait_is_turned_the_less_it_turns_and_some_is_always_left(face: np.ndarray) -> None:
    limits = [turn_limits(own_yaw(turned(face, yaw)), MOST) for yaw in range(0, 80, 4)]
    yaws = np.array([(down[0], up[0]) for down, up in limits])
    assert (np.diff(yaws[1:], axis=0) <= 1e-6).all()
    assert yaws.min() >= LEAST


def test_a_turn_slows_down_and_stops(face: np.ndarray) -> None:
    """Never back, never past the end, never faster than the driver."""
    limits = turn_limits(own_yaw(turned(face, 28)), MOST)
    angles = np.radians(np.arange(0, 180, 1.0))
    for sign, end in ((-1, limits[0][0]), (1, limits[1][0])):
        reached = np.array([abs(limited(np.array([sign * a, 0, 0]), limits)[0]) for a in angles])
        steps = np.diff(reached)
        assert (steps >= 0).all()
        assert (steps <= np.radians(1) + 1e-9).all()
        assert reached.max() <= end
        assert steps[-1] < 1e-6


def test_who_asks_for_more_than_any_picture_shows_gets_it(face: np.ndarray) -> None:
    down, up = turn_limits(own_yaw(turned(face, 28)), (1.2, 1.0, 1.2))
    assert down[0] == up[0] == 1.2


def test_settings_may_allow_less(face: np.ndarray) -> None:
    down, up = turn_limits(own_yaw(face), (0.2, 0.1, 0.3))
    np.testing.assert_array_equal([down, up], [(0.2, 0.1, 0.3)] * 2)
