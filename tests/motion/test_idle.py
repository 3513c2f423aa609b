"""A portrait alive by itself: how often, how far, how fast, and never the same twice."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.geometry import to_euler
from livecam.motion import idle
from livecam.motion.chance import Moments, Wander
from livecam.motion.idle import Idle

RATE = 30
MINUTES = 4
"""Enough for about 60 blinks."""


@pytest.fixture(scope="module")
def portrait(face):
    return (face / 512).astype(np.float32)


@pytest.fixture(scope="module")
def motions(portrait):
    alive = Idle(portrait, 1)
    return [alive.motion(k / RATE) for k in range(60 * RATE * MINUTES)]


@pytest.fixture(scope="module")
def heads(motions):
    """(N, 5): yaw, pitch and roll in degrees, place of the nose's bridge in shares of the crop."""
    rows = []
    for motion in motions:
        linear = motion.head[:, :3].astype(float)
        angles = np.degrees(to_euler(linear / np.cbrt(np.linalg.det(linear))))
        rows.append([*angles, *motion.landmarks[168, :2]])
    return np.array(rows)


def test_it_hangs_on_seed_and_time_alone(portrait):
    """Whatever was asked before, and after a day as well."""
    times = [0.0, 3.2, 70.01, 86_400.5, 12.0]
    first, again = Idle(portrait, 7), Idle(portrait, 7)
    forwards = [first.motion(t) for t in times]
    backwards = [again.motion(t) for t in times[::-1]][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
        assert one.breath == other.breath
    assert np.abs(Idle(portrait, 8).motion(3.2).landmarks - forwards[1].landmarks).max() > 1e-4


def test_blinks_come_as_a_person_blinks(motions):
    """About 17 a minute (Bentivoglio et al., 1997), unevenly; each shuts both eyes for a moment."""
    lids = np.array([motion.lids for motion in motions])
    np.testing.assert_array_equal(lids[:, 0], lids[:, 1])
    shut = lids[:, 0] < 0.5
    begun = np.flatnonzero(shut[1:] & ~shut[:-1]) / RATE
    gaps = np.diff(begun)
    assert 10 <= len(begun) / MINUTES <= 20
    assert 2.5 < np.median(gaps) < 5
    single = gaps[gaps > 2 * idle.TWICE_AFTER]
    assert single.min() >= idle.BLINK_LEAST - 1 / RATE
    assert single.std() > 1  # no metronome
    assert 0 < len(gaps) - len(single) < 0.25 * len(gaps)  # now and then twice
    # The lids are more than half shut for .15 s at most: about .03 + (.08 + .15) / 2.
    assert shut.mean() * 60 * MINUTES / len(begun) < 0.18


def test_a_blink_shuts_the_drawn_eyes(portrait):
    """The lids' points meet, not the number alone; corners, brows and the mouth stay with the head."""
    alive = Idle(portrait, 1)
    motions = [alive.motion(k / 100) for k in range(1500)]
    shut = min(motions, key=lambda motion: motion.lids[0])
    assert shut.lids.max() < 0.05
    for upper, lower, _ in lm.EYES:
        assert measures.lid_opening(shut.landmarks, upper, lower) < 0.03
    rigid = portrait @ shut.head[:, :3].T + shut.head[:, 3]
    eyes = [point for upper, lower, iris in lm.EYES for point in (*upper[1:-1], *lower[1:-1], *iris)]
    still = np.setdiff1d(np.arange(lm.COUNT), eyes)
    np.testing.assert_allclose(shut.landmarks[still], rigid[still], atol=1e-6)


def test_the_head_moves_but_hardly(heads):
    """By less than its limits, by more than nothing, about where the portrait holds it."""
    turns = heads[:, :3]
    assert (np.abs(turns) < np.degrees(idle.SWAY) + 1e-6).all()
    assert (turns.std(0) > np.degrees(idle.SWAY) / 6).all()
    # A mean over 4 minutes; the slow wander is new every 12 s, so that it errs by .22 of its spread.
    assert (np.abs(turns.mean(0)) < 0.66 * turns.std(0)).all()
    assert (np.ptp(heads[:, 3:], axis=0) < 0.04).all()


def test_nothing_jumps_but_the_eyes(motions, heads):
    """In one frame the head turns by less than .1 degrees and goes by less than .001 of the crop, which is
    half a pixel of 512: no trembling, no wobble."""
    steps = np.abs(np.diff(heads, axis=0)).max(0)
    assert (steps[:3] < 0.1).all()
    assert (steps[3:] < 0.001).all()
    assert np.abs(np.diff([motion.breath for motion in motions])).max() < 0.1


def test_eyes_hold_and_jump_within_their_range(motions, portrait):
    width = measures.eye_width(portrait.astype(float))
    looks = np.array([motion.gaze[0] for motion in motions]) / width
    # LOOK's two deviations, and what holds against the head: .4 of an eye for a radian.
    assert np.abs(looks[:, 0]).max() < 0.052 + 0.015
    assert np.abs(looks[:, 1]).max() < 0.024 + 0.012
    jumps = np.abs(np.diff(looks, axis=0)).max(1) > 0.008
    assert 8 < jumps.sum() / MINUTES < 60
    assert jumps.mean() < 0.05  # else they rest


def test_eyes_stay_on_their_target_while_the_head_turns(portrait):
    """A turn to the image's right carries the eyes along; they are held back by the other way."""
    alive = Idle(portrait, 3)
    rows = []
    for k in range(800):
        motion = alive.motion(k / 4)
        rows.append([motion.head[0, 2], motion.gaze[0, 0], motion.landmarks[lm.NOSE_TIP, 0]])
    sine_of_yaw, gaze, nose = np.array(rows).T
    assert np.corrcoef(sine_of_yaw, nose)[0, 1] < -0.5  # it lies before the axis
    assert np.corrcoef(sine_of_yaw, gaze)[0, 1] > 0.1


def test_breathing(motions, heads):
    """12 to 15 a minute, not a clock; breathed in the head stands higher."""
    breath = np.array([motion.breath for motion in motions])
    ups = np.flatnonzero((breath[1:] >= 0) & (breath[:-1] < 0)) / RATE
    assert 12 <= len(ups) / MINUTES <= 15
    assert (np.diff(ups) > 3.5).all()
    assert (np.diff(ups) < 5.5).all()
    assert np.diff(ups).std() > 0.03
    assert -1 <= breath.min() < -0.95
    assert 0.95 < breath.max() <= 1
    assert np.corrcoef(breath, heads[:, 4])[0, 1] < -0.5


def test_no_minute_is_like_another(heads):
    """Head turns at any shift from 20 s to two minutes correlate no more than chance has it: two minutes hold
    some 12 stretches of three independent angles, which makes .17; the largest of 100 is thrice that."""
    turns = heads[:, :3] - heads[:, :3].mean(0)
    for shift in range(20 * RATE, 121 * RATE, RATE):
        one, other = turns[:-shift], turns[shift:]
        alike = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
        assert alike < 0.52, shift / RATE


def test_covered_eyes_neither_blink_nor_look(portrait):
    alive = Idle(portrait, 1, {"eyes"})
    for k in range(400):
        motion = alive.motion(k / 10)
        assert (motion.lids == 1).all()
        assert (motion.gaze == 0).all()
        rigid = portrait @ motion.head[:, :3].T + motion.head[:, 3]
        np.testing.assert_allclose(motion.landmarks, rigid, atol=1e-6)


def test_wandering_is_smooth_across_its_knots():
    wander = Wander(5, 0, 2.0, 3)
    for knot in (2.0, 8.0, 400.0):
        before, at, after = (wander(knot + step) for step in (-1e-4, 0.0, 1e-4))
        np.testing.assert_allclose(before - at, at - after, atol=1e-7)


def test_moments_are_counted_on_from_block_to_block():
    moments = Moments(5, 0, 4.0, 0.6, 1.0)
    seen = [moments.last(k / 50)[0] for k in range(50 * 400)]
    steps = np.diff(seen)
    assert set(steps) == {0, 1}
    gaps = np.diff(np.flatnonzero(steps)) / 50
    assert gaps.min() >= 1.0 - 0.03
    assert moments.last(-3.0) == moments.last(0.0) == (0, 0.0)
