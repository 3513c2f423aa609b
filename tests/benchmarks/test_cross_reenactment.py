"""Judging a portrait that somebody else drives."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam.benchmarks.fidelity.cross_reenactment import Driver, Likeness, blinks, compare, overall, worst
from livecam.benchmarks.fidelity.features import GAZE, LIDS, MOUTH
from livecam.errors import UserError
from livecam.frames import DriverFrame


def likeness(driver, output, neutral=((0.0, 0.4, 0, 0, 0), (0.1, 0.3, 0, 0, 0)), lost=0):
    driver, output = np.asarray(driver, float), np.asarray(output, float)
    return Likeness("p", "d", list(range(len(driver))), driver, output, np.asarray(neutral, float), lost, {})


LIKENESS = ("portrait", "driver_name", "frames", "driver", "output", "neutral", "lost", "outputs")


def columns(count=20):
    """A driver that opens the mouth, turns and blinks now and then, but looks straight ahead."""
    rng = np.random.default_rng(0)
    values = np.column_stack(
        [rng.uniform(0.1, 0.5, count), rng.uniform(0.3, 0.45, count), *(10 * rng.normal(size=(2, count)))]
    )
    return np.column_stack([values, np.full(count, 0.02)])


def test_a_faithful_copy_correlates_fully():
    driver = columns()
    row = likeness(driver, 0.5 * driver + 1).summary()["correlation"]
    assert [row[n] for n in ("mouth gap", "lids", "yaw", "pitch")] == pytest.approx([1, 1, 1, 1])


def test_what_the_driver_hardly_does_is_not_rated():
    driver = columns()
    driver[:, GAZE] = 0.02 + 0.005 * np.random.default_rng(1).normal(size=len(driver))  # the judge's noise
    assert likeness(driver, driver).summary()["correlation"]["gaze"] is None


def test_where_shut_eyes_look_is_not_asked():
    driver = columns()
    driver[:, GAZE] = np.sin(np.arange(len(driver)))
    output = driver.copy()
    driver[:5, LIDS], output[:5, GAZE] = 0.1, 9.0
    assert likeness(driver, output).summary()["correlation"]["gaze"] == pytest.approx(1)
    driver[:, LIDS] = 0.1
    assert likeness(driver, output).summary()["correlation"]["gaze"] is None


def test_lips_that_stay_open_are_seen():
    driver, output = columns(), columns()
    driver[:5, MOUTH] = 0.01
    output[:5, MOUTH] = [0.2, 0.0, 0.1, 0.1, 0.3]
    row = likeness(driver, output).summary()
    assert (row["shut_frames"], row["gap_when_shut"]) == (5, 0.1)


def test_lids_that_stay_open_in_a_blink_are_seen():
    driver, output = columns(), columns()
    driver[:3, LIDS], output[:3, LIDS] = 0.1, 0.24
    row = likeness(driver, output).summary()
    assert row["blink_frames"] == 3
    assert row["driver_lids_in_blink"] == 0.25
    assert row["lids_in_blink"] == 0.8  # of the portrait's own .3


def test_frames_without_a_face_are_counted_and_left_out():
    driver, output = columns(), columns()
    output[4] = np.nan
    row = likeness(driver, output, lost=1).summary()
    assert row["lost"] == 1
    assert row["correlation"]["yaw"] == pytest.approx(1)


def test_the_mean_is_over_the_pairs_that_know():
    driver = columns()
    shut = driver.copy()
    shut[:2, MOUTH] = 0
    means = overall([likeness(driver, driver), likeness(shut, shut)])
    assert means["gap_when_shut"] == 0
    assert means["shut_frames"] == 2
    assert means["lids_in_blink"] is None
    assert means["frames"] == 40


def test_a_tracked_clip_drives_a_portrait(persona, face):
    """With a judge that sees in the output exactly what the driver did."""
    moves = [
        turned(with_lids(with_lip_gap(face, 0.4 * (k % 3) / 2), 1 - 0.9 * (k == 7)), yaw=8 * np.sin(k))
        for k in range(12)
    ]
    frames = [DriverFrame(k, k * 33_333_333, 512, 512, landmarks=p) for k, p in enumerate(moves)]
    seen = iter(moves)
    driver = Driver("d", 30, frames, dict(enumerate(moves)), {})
    result = compare(persona, driver, lambda picture: next(seen))["warper"]
    row = result.summary()
    assert row["lost"] == 0
    assert sorted(result.outputs) == list(range(12))
    assert all(row["correlation"][name] > 0.99 for name in ("mouth gap", "lids", "yaw"))


def test_outputs_without_a_face_count_as_lost(persona, face):
    frames = [DriverFrame(k, k * 33_333_333, 512, 512, landmarks=face) for k in range(3)]
    driver = Driver("d", 30, frames, dict.fromkeys(range(3), face), {})
    assert compare(persona, driver, lambda picture: None)["warper"].lost == 3


def test_a_clip_whose_tracker_saw_nobody_is_refused(persona, face):
    frames = [DriverFrame(k, k * 33_333_333, 512, 512) for k in range(3)]
    with pytest.raises(UserError, match="no face"):
        compare(persona, Driver("d", 30, frames, {0: face}, {}), lambda picture: face)


def test_further_methods_see_what_the_warper_made_and_where_the_face_went(persona, face):
    moves = [turned(face, yaw=float(yaw)) for yaw in range(0, 12, 3)]
    frames = [DriverFrame(k, k * 33_333_333, 512, 512, landmarks=p) for k, p in enumerate(moves)]
    seen = []

    def darker(picture, motion):
        seen.append((picture, motion.landmarks))
        return picture // 2

    driver = Driver("d", 30, frames, {1: moves[1], 3: moves[3]}, {})
    found = compare(persona, driver, lambda picture: face, {"refined": darker})
    assert list(found) == ["warper", "refined"]
    for (picture, landmarks), index in zip(seen, (1, 3), strict=True):
        np.testing.assert_array_equal(picture, found["warper"].outputs[index])
        np.testing.assert_array_equal(picture // 2, found["refined"].outputs[index])
        assert landmarks.shape == (478, 3)
    # Turned further, the nose has moved further; the landmarks are those of their own frame.
    noses = [landmarks[1, 0] - persona.landmarks[1, 0] for _, landmarks in seen]
    assert abs(noses[1]) > 2 * abs(noses[0]) > 0


def test_the_worst_frames_are_named():
    driver = columns(90)
    good, bad = driver.copy(), driver.copy()
    bad[40, LIDS] = driver[40, LIDS] + 0.3  # 1 of neutral .3, four times what is seen
    bad[41] = np.nan  # within a second of it, and worse: no face
    bad[80, MOUTH] = driver[80, MOUTH] + 0.3
    same = ((0.0, 0.3, 0, 0, 0), (0.0, 0.3, 0, 0, 0))
    rows = worst([likeness(driver, good, same), likeness(driver, bad, same)], 3)
    assert [(row["frame"], row["error"]) for row in rows[:2]] == [(41, None), (80, 2.0)]
    assert rows[2]["error"] == 0


def test_lids_where_the_driver_shuts_them():
    driver, output = columns(), columns()
    driver[:3, LIDS], output[:3, LIDS] = (
        0.05,
        0.06,
    )  # an eighth of the driver's .4, a fifth of the portrait's .3
    row = likeness(driver, output).summary()
    assert (row["shut_lids_frames"], row["lids_when_shut"]) == (3, 0.2)


def test_deepest_blinks_are_found_with_their_neighbours(face):
    shut, half = with_lids(face, 0.05), with_lids(face, 0.2)
    clip = [face] * 60
    clip[0], clip[1], clip[20], clip[50], clip[52] = None, half, shut, shut, half
    # The second half-blink is part of the blink at 50; None is a frame without a face.
    assert blinks(clip) == {0, 1, 2, 19, 20, 21, 49, 50, 51}
    assert blinks([face] * 30) == set()
    assert blinks([None]) == set()


def test_frames_judged_for_blinks_alone_change_no_other_figure():
    driver = columns()
    driver[5:8, LIDS] = 0.05
    plain = likeness(np.delete(driver, [5, 6, 7], 0), np.delete(driver, [5, 6, 7], 0)).summary()
    one = likeness(driver, driver)
    kept = {name: getattr(one, name) for name in LIKENESS}
    more = Likeness(**kept, extra=frozenset({5, 6, 7})).summary()
    assert {k for k in plain if plain[k] != more[k]} == {"shut_lids_frames", "lids_when_shut"}
    assert more["shut_lids_frames"] == 3
