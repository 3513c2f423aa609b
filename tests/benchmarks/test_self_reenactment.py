"""Comparing a clip with what is made of its first frame."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.benchmarks.fidelity import metrics
from livecam.benchmarks.fidelity.self_reenactment import (
    MEASURES,
    Comparison,
    overall,
    rate,
    shown_part,
    worst,
)
from livecam.persona.types import Crop


def comparison(name, warper, static, lost=0):
    rows = {
        which: [dict.fromkeys(MEASURES, value) for value in values]
        for which, values in (("warper", warper), ("static", static))
    }
    return Comparison(name, list(range(len(warper))), rows, {"warper": lost, "static": 0}, [])


def test_rating_a_picture_against_itself(face):
    truth = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    values = rate(truth, truth, face, face)
    assert values["face_psnr"] == values["psnr"] == metrics.PSNR_CEILING
    assert values["ssim"] == values["sharpness"] == pytest.approx(1)
    assert values["landmarks"] == values["lips"] == values["eyes"] == 0


def test_only_the_face_counts_for_face_psnr(face):
    truth = np.full((512, 512, 3), 100, np.uint8)
    output = truth.copy()
    output[:40] = 0  # above the face
    values = rate(output, truth, face, face)
    assert values["face_psnr"] == metrics.PSNR_CEILING
    assert values["psnr"] < 30


def test_without_a_face_in_the_output_its_points_are_unknown(face):
    picture = np.zeros((512, 512, 3), np.uint8)
    values = rate(picture, picture, None, face)
    assert np.isnan([values["landmarks"], values["lips"], values["eyes"]]).all()
    assert np.isfinite(values["face_psnr"])
    assert np.isnan(rate(picture, picture, face, None)["face_psnr"])


def test_what_lies_beyond_the_clips_picture_does_not_count():
    shown = shown_part(Crop(-10.0, 5.5, 100.0), np.zeros((60, 50, 3), np.uint8), 200)
    # Twice as large: columns from 10 * 2 to 60 * 2, rows from 0 to 54.5 * 2.
    assert shown == (slice(0, 109), slice(20, 120))
    truth = np.full((200, 200, 3), 50, np.uint8)
    output = truth.copy()
    output[120:] = 255
    assert rate(output, truth, None, None, shown)["psnr"] == metrics.PSNR_CEILING


def test_means_leave_out_the_unknown_and_count_each_clip_once():
    one = comparison("one", [1.0, np.nan, 3.0], [4.0, 4.0, 4.0], lost=1)
    two = comparison("two", [6.0], [8.0])
    assert one.means("warper")["psnr"] == 2
    means = overall([one, two])
    assert means["warper"]["psnr"] == 4
    assert means["static"]["lips"] == 6
    assert (means["warper"]["lost"], means["static"]["lost"]) == (1, 0)
    assert means["warper"]["worst_face_psnr"] == 0
    assert means["static"]["worst_face_psnr"] == 2  # 4 - 2 on the one clip, 8 - 6 on the other


def test_json_knows_no_nan():
    values = comparison("one", [np.nan, np.nan], [1.23456789, np.nan]).as_dict()
    assert values["means"]["warper"]["psnr"] is None
    assert values["per_frame"]["static"]["psnr"] == [1.2346, None]


def test_the_worst_frames_of_all_clips_are_named():
    """Frames 0, 1, 2 are of one second: only the worst of them counts."""
    one = comparison("one", [0.1, 0.3, 0.2], [1.0, 1.0, 1.0])
    two = comparison("two", [np.nan, 0.9], [1.0, 1.0])
    two.frames[1] = 40
    rows = worst([one, two])
    assert [(row["clip"], row["frame"], row["points"]) for row in rows] == [
        ("two", 0, None),
        ("two", 40, 0.9),
        ("one", 1, 0.3),
    ]
    one.rows["refined"] = one.rows["static"]
    assert worst([one], 1) == [{"clip": "one", "frame": 0, "points": 1.0, "warper": 0.1}]
