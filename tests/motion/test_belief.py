"""What a face returns to is neutral, whatever it did first and does for a while."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from faces import looking_aside, turned, with_lids, with_lip_gap

from livecam import geometry as geo
from livecam.animator import Animator
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.frames import DriverFrame
from livecam.motion.belief import SHAPE_SPEED, TURN_SPEED, NeutralBelief
from livecam.pipeline.lossless import frame_motions
from livecam.settings import MotionSettings
from livecam.sources.memory import MemorySource

FPS = 10
SMILE = 1.2
"""Times the resting mouth's width, as of 51 people who smile."""


def smiling(face):
    out = face.copy()
    lips = list(lm.LIPS)
    middle = face[lips].mean(0)
    out[lips] = (face[lips] - middle) * [SMILE, 1, 1] + middle
    return out


def somebody_else(face):
    """A narrower face with a longer nose, which sits elsewhere."""
    out = face.copy()
    out[:, 0] = (out[:, 0] - 256) * 0.9 + 330
    nose = [1, 2, 4, 5]
    out[nose, 1] += 8
    return out


def watch(belief, frames, start=0.0, shown=None):
    """The neutral face after each frame; None where it is undecided whose it is."""
    noise = np.random.default_rng(0)
    steps = []
    for k, frame in enumerate(frames):
        time = start + k / FPS
        seen = None if frame is None else (frame + noise.normal(0, 0.1, frame.shape)).astype(np.float32)
        belief.add(seen, time)
        if belief.undecided:
            steps.append(None)
            shown = None
            continue
        shown = belief.step(time, shown)
        steps.append(shown)
    return steps


def lips(points):
    return measures.lip_gap(points)


def width(points):
    return measures.mouth_width(points) / measures.between_eyes(points)


def yaw(points):
    return float(np.degrees(geo.to_euler(measures.face_axes(points.astype(np.float64)))[0]))


def seconds(count, face):
    return [face] * round(count * FPS)


@pytest.fixture
def rest(face):
    """With lips that touch and a mouth as wide as most."""
    return with_lip_gap(face, 0.01)


def test_who_speaks_first_is_corrected_soon(rest):
    """A mouth that stands open for two seconds and then closes is known shut three seconds later."""
    opened = with_lip_gap(rest, 0.4)
    belief = NeutralBelief()
    belief.begin(opened, None, 0.0)
    steps = watch(belief, seconds(2, opened) + seconds(3, rest))
    assert lips(steps[2 * FPS - 1]) == pytest.approx(0.4, abs=0.02)
    assert lips(steps[-1]) < 0.05


def test_speech_is_not_rest(rest):
    """Of lips that meet for a moment now and then that moment is the neutral one."""
    speech = [with_lip_gap(rest, share) for share in (0.15, 0.3, 0.25, 0.01, 0.2, 0.35, 0.2)]
    belief = NeutralBelief()
    steps = watch(belief, speech * 10)
    assert lips(steps[-1]) < 0.05


def test_who_smiles_first_is_corrected_soon(rest):
    belief = NeutralBelief()
    belief.begin(smiling(rest), None, 0.0)
    steps = watch(belief, seconds(2, smiling(rest)) + seconds(4, rest))
    assert width(steps[0]) == pytest.approx(SMILE * width(rest), rel=0.02)
    assert width(steps[-1]) == pytest.approx(width(rest), rel=0.02)


@pytest.mark.parametrize("before", [5, 30])
def test_a_long_smile_stays_an_expression(rest, before):
    belief = NeutralBelief()
    steps = watch(belief, seconds(before, rest) + seconds(10, smiling(rest)))
    taken = (width(steps[-1]) / width(rest) - 1) / (SMILE - 1)
    assert taken < 0.1  # of the smile; seen as nothing


def test_a_long_look_aside_stays_one(rest):
    aside = looking_aside(turned(rest, yaw=25), 0.2)
    belief = NeutralBelief()
    steps = watch(belief, seconds(8, rest) + seconds(10, aside))
    assert yaw(steps[-1]) - yaw(rest) < 2.5  # a tenth
    corners, iris = list(lm.LEFT_EYE_CORNERS), lm.LEFT_IRIS[0]
    eye = measures.eye_width(rest)
    off = [(p[iris, 0] - p[corners, 0].mean()) / eye for p in (rest, steps[-1])]
    assert abs(off[1] - off[0]) < 0.05


def test_a_neutral_frame_that_looks_aside_gives_no_wrong_gaze(rest):
    """Seen ahead for two seconds, eyes rest where they mostly were, from the first step on."""
    belief = NeutralBelief()
    for k, frame in enumerate(seconds(2, rest)):
        belief.add(frame, k / FPS)
    belief.begin(looking_aside(rest, 0.2), None, 2.0)
    step = belief.step(2.0, None)
    iris = lm.LEFT_IRIS[0]
    assert abs(step[iris, 0] - rest[iris, 0]) < 0.02 * measures.eye_width(rest)


def test_bones_do_not_slide_while_the_head_is_held_otherwise(rest):
    """A tracker sees a taller forehead in another pose; of that a tenth at most is taken in three seconds."""
    taller = rest.copy()
    taller[10, 1] -= 10
    belief = NeutralBelief()
    belief.begin(rest, None, 0.0)
    steps = watch(belief, seconds(3, taller))
    assert 0 < (rest[10, 1] - steps[-1][10, 1]) < 1.5


def test_blinks_and_shut_eyes_are_not_rest(rest):
    blinks = [with_lids(rest, share) for share in (1, 1, 0, 1, 0.5, 0, 0, 0)]
    belief = NeutralBelief()
    belief.begin(with_lids(rest, 0.2), None, 0.0)
    steps = watch(belief, blinks * 6)
    assert measures.lid_openings(steps[-1]) == pytest.approx(measures.lid_openings(rest), rel=0.1)


def test_where_the_head_returns_to_is_neutral(rest):
    """Somebody who looked aside for the first two seconds; slowly, for heads turn for a while."""
    belief = NeutralBelief()
    belief.begin(turned(rest, yaw=20), None, 0.0)
    steps = watch(belief, seconds(2, turned(rest, yaw=20)) + seconds(40, rest))
    assert abs(yaw(steps[-1]) - yaw(rest)) < 5  # what is left of it nobody takes for looking aside


def test_changes_are_never_faster_than_anybody_notices(rest):
    """What is shown goes to what is believed, at most so far in a second, from one expression to another."""
    belief = NeutralBelief()
    opened = turned(with_lids(with_lip_gap(smiling(rest), 0.6), 0.2), yaw=20, pitch=-10)
    belief.begin(opened, None, 0.0)
    steps = watch(belief, seconds(2, opened) + seconds(8, rest))
    unit = measures.between_eyes(rest)
    farthest = np.ptp(rest[:, 0]) / unit  # from the axis of the head, about
    largest = max(np.linalg.norm(after - before, axis=1).max() / unit for before, after in pairwise(steps))
    assert 0 < largest <= (SHAPE_SPEED + 3 * TURN_SPEED * farthest) / FPS


def test_a_second_person_has_a_neutral_face_of_their_own(rest):
    other = somebody_else(with_lids(rest, 0.6))
    belief = NeutralBelief()
    steps = watch(belief, seconds(4, rest) + seconds(2, None) + seconds(2, other))
    np.testing.assert_allclose(steps[-1], other, atol=1.0)
    assert any(step is None for step in steps)  # nothing is shown before it is known whose face it is


def test_who_comes_back_gets_the_one_that_was_kept(rest):
    """Also if they come back with an open mouth; there where they sit now."""
    other = somebody_else(rest)
    belief = NeutralBelief()
    known = watch(belief, seconds(6, rest))[-1]
    away = seconds(2, None)
    back = with_lip_gap(rest, 0.4) + np.array([30, 10, 0], np.float32)
    steps = watch(belief, away + seconds(4, other) + away + seconds(1, back), start=6.0, shown=known)
    np.testing.assert_allclose(steps[-1], known + np.array([30, 10, 0]), atol=1.5)


def test_who_takes_the_place_without_a_gap_is_seen_too(rest):
    other = somebody_else(with_lip_gap(rest, 0.05))
    belief = NeutralBelief()
    steps = watch(belief, seconds(4, rest) + seconds(4, other))
    np.testing.assert_allclose(steps[-1], other, atol=1.5)
    moved = [np.abs(b - a).max() for a, b in pairwise(steps)]
    assert max(moved) < 0.5 * np.abs(other - rest).max()  # eased, not cut


def test_one_person_stays_one(rest):
    """Whatever the face does, and wherever: smiles, opened mouths, turns, distance, a short absence."""
    acts = [
        rest,
        smiling(rest),
        with_lip_gap(rest, 0.8),
        turned(rest, yaw=18),
        turned(rest, pitch=12),
        rest * np.float32(0.6),
    ]
    belief = NeutralBelief()
    watch(belief, [frame for act in acts for frame in seconds(2, act)] + seconds(2, None) + seconds(2, rest))
    assert len(belief._people.known) == 1


def test_frames_seen_ahead_are_not_learnt_twice(rest):
    belief = NeutralBelief()
    for _ in range(2):
        for k in range(20):
            belief.add(rest, k / FPS)
    assert belief._people.known[-1].face.seconds <= 20 / FPS


@pytest.mark.parametrize("odd", [np.nan, np.inf, 0.0])
def test_points_that_are_no_face_teach_nothing(rest, odd):
    """And what is believed stays a face."""
    belief = NeutralBelief()
    before = watch(belief, seconds(2, rest))[-1]
    belief.add(np.full_like(rest, odd), 2.0)
    belief.add(np.full_like(rest, odd), 2.3)
    after = belief.step(2.4, before)
    np.testing.assert_allclose(after, rest, atol=1.0)


def test_times_that_stand_still_or_jump_change_nothing_at_once(rest):
    belief = NeutralBelief()
    belief.begin(rest, None, 0.0)
    belief.add(with_lip_gap(rest, 0.5), 0.0)
    first = belief.step(0.0, None)
    for time in (0.0, -5.0):
        np.testing.assert_array_equal(belief.step(time, first), first)


# In the animator


def source_of(points):
    frames = [DriverFrame(k, k * 10**9 // FPS, 512, 512, landmarks=p) for k, p in enumerate(points)]
    return MemorySource(frames, FPS)


@pytest.fixture
def driver(rest):
    """Of whom the portrait is no picture."""
    return somebody_else(rest)


def live_motions(animator, points):
    for k, face in enumerate(points):
        animator.calibrate(face, k / FPS)
        yield animator.animate(face, k / FPS)


@pytest.mark.parametrize("lossless", [False, True])
def test_a_mouth_opened_first_moves_the_portrait_rightly_later(persona, driver, lossless):
    """Its lips part by what the driver's do, though the driver's were apart in the first two seconds."""
    opened = with_lip_gap(driver, 0.3)
    points = [*seconds(2.5, opened), *seconds(4, driver), opened]
    with Animator(persona) as animator:
        if lossless:
            last = list(frame_motions(source_of(points), animator))[-1].motion
        else:
            last = list(live_motions(animator, points))[-1]
    assert lips(last.landmarks) == pytest.approx(0.3, abs=0.08)


def test_what_was_chosen_stays(persona, driver):
    """A frame named by its number is neutral for good."""
    opened = with_lip_gap(driver, 0.3)
    with Animator(persona, motion=MotionSettings(neutral_frame=1)) as animator:
        last = list(live_motions(animator, [*seconds(1, opened), *seconds(8, driver), opened]))
    np.testing.assert_array_equal(last[-1].landmarks, last[5].landmarks)


def test_the_portraits_own_picture_stays_neutral(persona, face):
    """Bit for bit: self-reenactment begins with the portrait's own picture."""
    own = (persona.picture_landmarks()).astype(np.float32)
    with Animator(persona) as animator:
        for _ in live_motions(animator, [own]):
            pass
        known = animator.finder.neutral
        other = with_lip_gap(own, 0.3)
        motions = list(live_motions(animator, [own, *seconds(10, other), own]))
        assert animator.finder.pinned
        np.testing.assert_array_equal(animator.finder.neutral, known)
    np.testing.assert_array_equal(motions[-1].landmarks, motions[0].landmarks)


def test_somebody_else_starts_from_the_portrait_at_rest(persona, driver):
    """Not low and with lids half shut, as against the first one's neutral face."""
    other = (somebody_else(with_lids(driver, 0.5)) + np.array([40, 60, 0])).astype(np.float32)
    with Animator(persona) as animator:
        motions = list(live_motions(animator, seconds(4, driver) + seconds(3, None) + seconds(3, other)))
    np.testing.assert_allclose(motions[-1].lids, 1.0, atol=0.1)
    assert np.abs(motions[-1].landmarks - persona.landmarks).max() < 0.02
