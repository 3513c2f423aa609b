"""Reactions laid over the live motion, by two portraits: what is seen of them, and that nothing jumps."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.motion.idle import Idle
from livecam.motion.limits import HeadLimits
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.presence import JUDGED_SECONDS, QUICKEST, Presence
from livecam.motion.reacting import IN_SECONDS, OUT_SECONDS, Reacting
from livecam.motion.reaction import Reaction
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.settings import MotionSettings
from livecam.studio.reactions import BUNDLED, opened

RATE = 30
SETTINGS = MotionSettings()
PORTRAITS = ("frontal", "turned")


@pytest.fixture(scope="module")
def played():
    return {name: opened(name) for name in BUNDLED}


@pytest.fixture(params=PORTRAITS)
def portrait(request, face):
    """(478, 3) in 0..1 of the crop; the second one is narrower, and looks aside."""
    if request.param == "frontal":
        return (face / 512).astype(np.float32)
    other = (face - 256) * [0.85, 1.0, 0.9] + 256
    return (turned(other, yaw=14, roll=3) / 512).astype(np.float32)


def stage(portrait, settings=SETTINGS, limits=None):
    return Reacting(PortraitFace(portrait), limits or HeadLimits(), settings)


def play(reacting, live, seconds, start=(), rate=RATE):
    """Motions frame by frame. live: of a time. start: (time, reaction)."""
    waiting, motions = list(start), []
    for k in range(round(seconds * rate) + 1):
        while waiting and waiting[0][0] <= k / rate + 1e-9:
            reacting.start(waiting.pop(0)[1])
        motions.append(reacting.update(live(k / rate), k / rate))
    return motions


def steps(motions):
    """The way of each point between frames, in the plane: (frames - 1, 478)."""
    points = np.array([one.landmarks[:, :2] for one in motions])
    return np.linalg.norm(np.diff(points, axis=0), axis=2)


def angles(motion, since):
    """Yaw, pitch and roll in degrees from one head to another."""
    a, b = (m.head[:, :3].astype(float) for m in (since, motion))
    return np.degrees(geo.to_euler(b / np.cbrt(np.linalg.det(b)))) - np.degrees(
        geo.to_euler(a / np.cbrt(np.linalg.det(a)))
    )


def face_of(motion):
    """The points as if the head had not moved."""
    head = motion.head.astype(float)
    return np.linalg.solve(head[:, :3], (motion.landmarks - head[:, 3]).T).T


def openings(motion):
    return np.array([measures.lid_opening(face_of(motion), u, low) for u, low, _ in lm.EYES])


def talking(portrait, face):
    """Somebody who is there: speaks, turns a little, blinks, looks about."""
    transfer = MotionTransfer(portrait, face)

    def at(t):
        mouth = with_lip_gap(face, 0.15 + 0.15 * np.sin(9 * t))
        eyes = with_lids(mouth, 1 - 0.9 * (t % 1.3 < 0.1))
        return transfer(turned(eyes, yaw=6 * np.sin(2 * t), pitch=4 * np.sin(3 * t)), t)

    motions = {}
    return lambda t: motions.setdefault(round(t, 6), at(t))


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("who", ["somebody", "nobody"])
def test_before_and_after_it_is_the_live_motion_and_between_nothing_jumps(portrait, face, played, name, who):
    alive = Idle(portrait, 1)
    live = talking(portrait, face) if who == "somebody" else (lambda t: alive.motion(t))
    reaction, reacting = played[name], stage(portrait)
    shown = play(reacting, live, reaction.seconds + 1, [(0.5, reaction)])
    lives = [live(k / RATE) for k in range(len(shown))]
    apart = np.array([np.abs(a.landmarks - b.landmarks).max() for a, b in zip(shown, lives, strict=True)])
    assert not apart[: RATE // 2 + 1].any()
    assert not apart[round((0.5 + reaction.seconds) * RATE) + 1 :].any()
    assert apart.max() > 0.01
    # No point goes as far as all of a head may in that time; the quickest one of these has .7 of it.
    assert steps(shown).max() < QUICKEST / RATE


def test_where_it_begins_the_live_motion_is_hardly_changed(portrait, face, played):
    """The parts of both motions are put together again without loss."""
    live = talking(portrait, face)
    for reaction in played.values():
        reacting = stage(portrait)
        reacting.start(reaction)
        reacting.update(live(0.7), 0.7)
        one = reacting.update(live(0.701), 0.701)
        np.testing.assert_allclose(one.landmarks, live(0.701).landmarks, atol=1e-4)  # .05 pixels of 512
        np.testing.assert_allclose(one.gaze, live(0.701).gaze, atol=1e-4)


def test_a_nod_nods_and_a_shake_shakes_about_where_the_head_is(portrait, face, played):
    still = rest(portrait)
    aside = MotionTransfer(portrait, face)(turned(face, yaw=10, pitch=-6))
    for name, axis in (("shake", 0), ("nod", 1)):
        for live in (still, aside):
            shown = play(stage(portrait), lambda t, live=live: live, 2.0, [(0, played[name])])
            ways = np.array([angles(one, live) for one in shown])
            low, high = ways.min(0), ways.max(0)
            assert high[axis] - low[axis] > 12, name  # degrees; smaller ones are hardly seen
            others = np.delete(high - low, axis)
            assert others.max() < 5
            # It comes back to where the head is, twice at least on the way.
            swings = np.diff(np.sign(np.diff(ways[:, axis])[np.abs(np.diff(ways[:, axis])) > 0.05]))
            assert np.count_nonzero(swings) >= 3
            np.testing.assert_allclose(
                face_of(shown[20])[lm.MESH_COUNT - 468 : 468], face_of(live)[:468], atol=2e-3
            )


def test_who_talks_goes_on_talking_while_nodding(portrait, face, played):
    live = talking(portrait, face)
    shown = play(stage(portrait), live, 1.5, [(0, played["nod"])])
    for k, one in enumerate(shown):
        said, as_it_is = (measures.lip_gap(face_of(m)) for m in (one, live(k / RATE)))
        assert abs(said - as_it_is) < 0.02
        np.testing.assert_allclose(one.lids, live(k / RATE).lids, atol=1e-6)


def test_eyes_stay_on_the_camera_through_a_nod_but_not_under_shut_lids(portrait, face, played):
    """As the head goes down they go up in it; where the driver blinks meanwhile, no white is to be seen."""
    irises, size = [lm.LEFT_IRIS[0], lm.RIGHT_IRIS[0]], measures.eye_width(portrait)
    for eyes, low, high in ((1.0, 0.03, 0.16), (0.0, 0.0, 0.01)):
        live = MotionTransfer(portrait, face)(with_lids(face, eyes))
        shown = play(stage(portrait), lambda t, live=live: live, 0.7, [(0, played["nod"])])
        up = [(face_of(live) - face_of(one))[irises, 1].mean() / size for one in shown]
        looks = [-one.gaze[:, 1].mean() / size for one in shown]
        assert low <= max(up) <= high
        assert low <= max(looks) <= high


def test_a_wink_shuts_one_eye_alone(portrait, played):
    still = rest(portrait)
    shown = play(stage(portrait), lambda t: still, 1.2, [(0, played["wink"])])
    lids = np.array([one.lids for one in shown])
    seen = np.array([openings(one) for one in shown]) / openings(still)
    assert lids[:, 1].min() < 0.15
    assert seen[:, 1].min() < 0.3
    assert lids[:, 0].min() > 0.85
    assert seen[:, 0].min() > 0.85


def corners_lifted(motion, still):
    """How far the corners of the mouth go up against the upper lip's middle, in widths of the mouth."""
    a, b = face_of(motion), face_of(still)
    width = measures.mouth_width(b)
    return float((b[[61, 291], 1] - a[[61, 291], 1]).mean() / width)


def test_a_laugh_opens_the_mouth_lifts_its_corners_and_narrows_the_eyes(portrait, played):
    still = rest(portrait)
    shown = play(stage(portrait), lambda t: still, 2.4, [(0, played["laugh"])])
    gaps = np.array([measures.lip_gap(face_of(one)) for one in shown]) - measures.lip_gap(portrait)
    middle = gaps[RATE // 2 : 3 * RATE // 2]
    assert middle.max() > 0.2
    assert middle.max() - middle.min() > 0.08  # in bursts
    assert max(corners_lifted(one, still) for one in shown) > 0.1
    assert min(one.lids.max() for one in shown) < 0.8


def test_a_surprise_raises_brows_and_opens_eyes_and_mouth(portrait, played):
    still = rest(portrait)
    shown = play(stage(portrait), lambda t: still, 1.8, [(0, played["surprise"])])
    brows = [p for one in lm.BROWS for p in one]
    unit = measures.between_eyes(portrait)
    raised = [(face_of(still) - face_of(one))[brows, 1].mean() / unit for one in shown]
    assert max(raised) > 0.04
    assert max(one.lids.min() for one in shown) > 1.1
    assert max(measures.lip_gap(face_of(one)) for one in shown) - measures.lip_gap(portrait) > 0.25


def test_what_covers_the_mouth_keeps_it_still(face, played):
    portrait = (face / 512).astype(np.float32)
    still = rest(portrait)
    reacting = Reacting(PortraitFace(portrait, {"mouth"}), HeadLimits(), SETTINGS)
    for one in play(reacting, lambda t: still, 2.4, [(0, played["laugh"])]):
        np.testing.assert_allclose(face_of(one)[list(lm.LIPS)], portrait[list(lm.LIPS)], atol=1e-4)


def test_the_portraits_limits_hold_wherever_the_head_is(portrait, face, played):
    """A head at its limit, and a portrait with little room: no reaction takes it further."""
    tight = MotionSettings(pose_limits=(0.2, 0.15, 0.1))
    limits = HeadLimits(0.02, 0.02, 0.02, 0.02, 0.98, 1.02)
    transfer = MotionTransfer(portrait, face, tight, limits=limits)
    centre = PortraitFace(portrait).centre
    for name, reaction in played.items():
        for yaw, pitch in ((40, 0), (-40, 20), (0, -40)):
            # Turned about the head's own place, so that only its angles are at their limits.
            live = transfer(turned(face, yaw=yaw, pitch=pitch))
            start = angles(live, rest(portrait))
            for one in play(
                stage(portrait, tight, limits), lambda t, live=live: live, 1.2, [(0, reaction)], rate=15
            ):
                way = angles(one, rest(portrait))
                assert (np.abs(way) <= np.maximum(np.degrees([0.2, 0.15, 0.1]), np.abs(start)) + 0.1).all(), (
                    name
                )
                at = one.head[:, :3] @ centre + one.head[:, 3] - centre
                before = live.head[:, :3] @ centre + live.head[:, 3] - centre
                assert (np.abs(at[:2]) <= np.maximum(0.02, np.abs(before[:2])) + 1e-4).all()


def test_gains_of_the_live_motion_do_not_make_a_reaction_another_one(portrait, played):
    still = rest(portrait)
    as_usual = play(stage(portrait), lambda t: still, 1, [(0, played["laugh"])])
    silent = MotionSettings(expression_gain=0, pose_gain=0, gaze_gain=0, follow="all")
    quiet = play(stage(portrait, silent), lambda t: still, 1, [(0, played["laugh"])])
    for one, other in zip(as_usual, quiet, strict=True):
        np.testing.assert_array_equal(one.landmarks, other.landmarks)


@pytest.mark.parametrize("gaps", [(0.4, 0.4), (0.1, 0.1, 0.1), (0.03,) * 20])
def test_another_one_takes_over_smoothly_and_the_last_that_was_asked_for_is_played(
    portrait, face, played, gaps
):
    live, times = talking(portrait, face), np.cumsum((0.1, *gaps))
    names = (["laugh", "shake", "surprise"] * 10)[: len(times) - 1]
    asked = [*zip(times[:-1], (played[name] for name in names), strict=True), (times[-1], played["wink"])]
    shown = play(stage(portrait), live, times[-1] + 3, asked)
    assert steps(shown).max() < QUICKEST / RATE
    begun = times[-1] + 2 * OUT_SECONDS  # by then the one before the last has gone
    winking = shown[round(times[-1] * RATE) : round((begun + 0.6) * RATE)]
    assert min(one.lids[1] for one in winking) < 0.3
    assert shown[-1] is live((len(shown) - 1) / RATE)


def test_any_frame_rate_shows_the_same(portrait, played):
    still = rest(portrait)
    for name in ("nod", "laugh"):
        slow = play(stage(portrait), lambda t: still, 1, [(0, played[name])], rate=15)
        quick = play(stage(portrait), lambda t: still, 1, [(0, played[name])], rate=60)
        # The seat is a little elsewhere at another rate.
        for one, other in zip(slow, quick[::4], strict=True):
            np.testing.assert_allclose(one.landmarks, other.landmarks, atol=2e-3)


@pytest.mark.parametrize(("rate", "seconds"), [(8, 3.0), (60, 0.35), (25, 1.0)])
def test_one_of_another_length_and_rate(portrait, face, rate, seconds):
    times = np.linspace(0, seconds, max(round(seconds * rate), 3))
    points = [turned(face * 0.4 + 90, yaw=12 * np.sin(np.pi * t / seconds) ** 2) for t in times]
    still = rest(portrait)
    shown = play(stage(portrait), lambda t: still, seconds + 0.2, [(0, Reaction("own", times, points))])
    assert steps(shown).max() < QUICKEST / RATE
    assert shown[-1] is still
    most = max(angles(one, still)[0] for one in shown)
    whole = seconds > IN_SECONDS + OUT_SECONDS
    assert 9 < most < 13 if whole else 1 < most < 13


def test_a_recording_that_leaps_or_loses_the_face_is_eased_over(portrait, face):
    """Somebody else's face in the middle of it, then none at all."""
    times = np.arange(61) / RATE
    points = [face if k < 15 else face * 1.6 + 200 if k < 30 else None if k < 45 else face for k in range(61)]
    points = [None if one is None else np.float32(one) for one in points]
    still = rest(portrait)
    shown = play(stage(portrait), lambda t: still, 2.2, [(0, Reaction("own", times, points))])
    assert steps(shown).mean(1).max() < QUICKEST * max(1 / RATE, JUDGED_SECONDS[0])
    assert all(one.finite for one in shown)


def test_it_goes_on_at_another_portrait(face, played):
    first = (face / 512).astype(np.float32)
    second = (turned(face, yaw=14) / 512).astype(np.float32)
    one, other = stage(first), stage(second)
    play(one, lambda t: rest(first), 0.5, [(0, played["surprise"])])
    one.start(played["wink"])
    other.adopt(one)
    moved = other.update(rest(second), 0.52)
    assert measures.lip_gap(face_of(moved)) - measures.lip_gap(second) > 0.2
    assert min(other.update(rest(second), 0.52 + k / RATE).lids[1] for k in range(20)) < 0.3


def test_it_may_be_asked_for_from_any_thread(portrait, played):
    reacting, still, ended = stage(portrait), rest(portrait), threading.Event()

    def ask():
        while not ended.wait(0.0005):
            reacting.start(played["nod"])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        shown = play(reacting, lambda t: still, 3)
    finally:
        ended.set()
        asking.join()
    assert steps(shown).max() < QUICKEST / RATE


def test_presence_sees_nothing_of_it(portrait, played):
    """A reaction at its height is no leap of the driver's."""
    presence, reacting, still = Presence(rest(portrait)), stage(portrait), rest(portrait)
    reacting.start(played["surprise"])
    for k in range(20):
        motion = presence.update(still, k / RATE)
        reacting.update(motion, k / RATE)
        assert motion is still
