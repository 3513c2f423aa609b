from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from faces import turned

from livecam.motion.idle import Idle
from livecam.motion.presence import (
    HOLD_SECONDS,
    JUDGED_SECONDS,
    QUICKEST,
    REST_SECONDS,
    RETURN_SECONDS,
    WAKE_SECONDS,
    Presence,
)
from livecam.motion.seat import GAP_SECONDS
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest


@pytest.fixture
def moving(face):
    return MotionTransfer((face / 512).astype(np.float32), face)(turned(face, yaw=15))


@pytest.fixture
def still(face):
    return rest((face / 512).astype(np.float32))


@pytest.fixture
def alive(face):
    return Idle((face / 512).astype(np.float32), 1)


def distance(a, b):
    return float(np.abs(a.landmarks - b.landmarks).max())


def test_follows_at_once_at_the_start(still, moving):
    assert Presence(still).update(moving, 0.0) is moving


def test_a_short_loss_leaves_no_trace(still, moving):
    presence = Presence(still)
    presence.update(moving, 1.0)
    held = presence.update(None, 1.0 + HOLD_SECONDS / 2)
    assert distance(held, moving) == 0
    assert presence.update(moving, 1.0 + HOLD_SECONDS * 0.9) is moving


def test_a_long_loss_eases_to_rest_without_a_jump(still, moving):
    presence = Presence(still)
    last = presence.update(moving, 1.0)
    step = 0.02
    largest = 0.0
    for time in np.arange(1.0, 1.2 + HOLD_SECONDS + REST_SECONDS, step):
        now = presence.update(None, float(time))
        largest, last = max(largest, distance(now, last)), now
    assert distance(last, still) == 0
    # Smoothstep's steepest slope is 1.5 per unit of time.
    assert largest <= 1.6 * step / REST_SECONDS * distance(moving, still)


def test_a_return_is_eased_too(still, moving):
    presence = Presence(still)
    presence.update(moving, 1.0)
    for time in np.arange(1.0, 4.0, 0.05):
        presence.update(None, float(time))
    assert not presence.present
    first = presence.update(moving, 4.0)
    assert presence.present
    assert distance(first, still) < 1e-6
    assert presence.update(moving, 4.0 + RETURN_SECONDS + 0.01) is moving


def test_nobody_there_shows_the_portrait_at_rest(still):
    presence = Presence(still)
    assert distance(presence.update(None, 0.0), still) == 0
    assert distance(presence.update(None, 60.0), still) == 0


def test_alone_it_wakes_from_stillness(still, alive):
    """The first picture is the portrait's own, whatever the clock says; then it moves as `alive` does."""
    presence = Presence(still, alive)
    assert distance(presence.update(None, 1e6), still) == 0
    assert distance(presence.update(None, 1e6 + WAKE_SECONDS / 4), still) > 0
    for since in (WAKE_SECONDS + 0.1, 61.0):
        assert distance(presence.update(None, 1e6 + since), alive.motion(since)) < 1e-5
        assert not presence.present


@pytest.mark.parametrize("first_face", [0.0, 0.2, 4.0])
def test_between_alive_and_live_nothing_jumps(still, moving, alive, first_face):
    """Into and out of live motion, three times: no step is larger than easing and idle motion make it."""
    presence = Presence(still, alive)
    step, away = 0.01, distance(moving, still) + 0.02
    last, largest = still, 0.0
    for k in range(1500):
        time = k * step
        there = time >= first_face and (time - first_face) % 5 < 2 and first_face > 0
        now = presence.update(moving if there else None, time)
        largest, last = max(largest, distance(now, last)), now
    # Smoothstep's steepest slope is 1.5; a lid falls by the eye's height, .03 of the crop, within .08 s.
    assert largest <= 1.6 * step / RETURN_SECONDS * away + 1.6 * step / 0.08 * 0.03


def test_a_short_loss_leaves_no_trace_of_its_own_life(still, moving, alive):
    presence = Presence(still, alive)
    presence.update(moving, 1.0)
    presence.update(None, 1.1)
    assert distance(presence.update(None, 1.0 + HOLD_SECONDS / 2), moving) == 0
    assert presence.update(moving, 1.0 + HOLD_SECONDS * 0.9) is moving


def test_breath_is_blended_like_all_else(still, alive):
    breathing = alive.motion(3.0)
    assert breathing.breath != 0
    assert still.blend(breathing, 0.5).breath == pytest.approx(breathing.breath / 2)
    assert still.breath == 0


FRAME = 0.04
EASED = 1.5 * FRAME / RETURN_SECONDS
"""Largest share of the way that is eased within a frame: smoothstep's steepest slope is 1.5."""


def moved(motion, x, y=0.0):
    """The motion, its landmarks a little aside."""
    return replace(motion, landmarks=motion.landmarks + np.float32([x, y, 0]))


def largest_step(presence, given):
    """given: motions and their times."""
    shown = [presence.update(motion, time) for motion, time in given]
    return max(distance(a, b) for a, b in pairwise(shown))


def frames(motions, start=0.0):
    return [(motion, start + k * FRAME) for k, motion in enumerate(motions)]


@pytest.mark.parametrize("nobody", [0, 8])
def test_after_a_gap_it_eases_to_where_the_new_seat_has_it(still, nobody):
    """Frames that do not come for longer than the seat is kept, then some that nobody can be told in."""
    away = 0.04  # less than a head may move within a frame
    back = frames([None] * nobody + [still] * 20, 20 * FRAME + GAP_SECONDS)
    given = frames([moved(still, away)] * 20) + back
    presence = Presence(still)
    assert largest_step(presence, given) <= away * max(EASED, 1.5 * JUDGED_SECONDS[1] / RETURN_SECONDS)
    assert presence.update(still, back[-1][1] + FRAME) is still


def test_a_short_loss_from_which_it_comes_back_elsewhere_is_eased(still):
    given = frames([still] * 5 + [None] * 3 + [moved(still, 0.2)] * 20)
    presence = Presence(still)
    assert largest_step(presence, given) <= 1.01 * EASED * 0.2
    assert presence.update(given[-1][0], given[-1][1] + FRAME) is given[-1][0]


def test_a_leap_is_eased_and_arrives(still):
    far = moved(still, 0.2)
    given = frames([still] * 5 + [far] * 9)
    presence = Presence(still)
    assert largest_step(presence, given) <= 1.01 * EASED * 0.2
    assert presence.update(far, given[-1][1] + FRAME) is far


@pytest.mark.parametrize("every", [1, 2, 10])
def test_what_leaps_to_and_fro_never_jumps(still, every):
    given = frames([moved(still, 0.15 * (-1) ** (k // every)) for k in range(100)])
    assert largest_step(Presence(still), given) <= 1.01 * EASED * 0.3


def test_one_stray_frame_is_hardly_seen(still):
    given = frames([still] * 10 + [moved(still, 0.3)] + [still] * 12)
    presence = Presence(still)
    shown = [presence.update(motion, time) for motion, time in given]
    assert max(distance(one, still) for one in shown) <= EASED * 0.3
    assert shown[-1] is still


@pytest.mark.parametrize("seconds", [1 / 60, FRAME, 0.1])
def test_the_quickest_head_passes_unchanged(still, seconds):
    presence = Presence(still)
    step = 0.95 * QUICKEST * seconds
    for k in range(20):
        motion = moved(still, step * (k % 2))
        assert presence.update(motion, k * seconds) is motion


def test_a_portrait_that_moves_more_than_the_driver_may_be_quicker(still):
    quick = moved(still, 1.9 * QUICKEST * FRAME)
    for gain, passes in ((1.0, False), (2.0, True)):
        presence = Presence(still, gain=gain)
        presence.update(still, 0.0)
        assert (presence.update(quick, FRAME) is quick) == passes


def test_the_first_motion_is_no_leap(still):
    far = moved(still, 0.3)
    assert Presence(still).update(far, 0.0) is far
