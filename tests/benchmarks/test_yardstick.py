"""Samples, their figures, and two candidates compared person by person."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from livecam.benchmarks.fidelity import comparing, yardstick
from livecam.benchmarks.fidelity.statistics import Kernel
from livecam.benchmarks.fidelity.yardstick import Sample
from livecam.benchmarks.output import write_json
from livecam.errors import UserError

PEOPLE = [f"{k:03d}" for k in range(30)]


def sample(gain: float = 0.0, sharp: float = 1.0, seed: int = 0) -> Sample:
    """Thirty people who differ by 3 dB among each other; the refined mouth has so much more than the
    warper's, give or take .1, and so much of the truth's gradients."""
    rng = np.random.default_rng(9)
    own = rng.normal(17, 3, 30)
    noise = np.random.default_rng(seed).normal(0, 0.1, 30)
    values = {
        name: {
            "mouth_psnr": dict(zip(PEOPLE, own + more, strict=True)),
            "mouth_energy": dict.fromkeys(PEOPLE, share * 50.0),
            "mouth_true_energy": dict.fromkeys(PEOPLE, 50.0),
        }
        for name, more, share in (("warper", 0 * noise, 1.0), ("refined", gain + noise, sharp))
    }
    return Sample("people", 512, values)


def test_a_gain_is_shown_that_is_smaller_than_people_differ():
    one = sample(gain=0.3)
    apart = yardstick.differences((one, "refined"), (one, "warper"))["mouth dB"]["mean"]
    assert apart[1] == "better"
    assert apart[0].value == pytest.approx(0.3, abs=0.1)  # the mean of 30 noises of .1 is within .02
    found = yardstick.figures(one, "refined")["mouth dB"]["mean"]
    assert found.high - found.low > 1  # people differ by 3 dB, so the figure itself is not as sure


def test_equal_candidates_are_not_called_better():
    one = sample(gain=0.3)
    for row in yardstick.differences((one, "refined"), (one, "refined")).values():
        assert {verdict for _, verdict in row.values()} == {"no difference shown"}


@pytest.mark.parametrize(("sharp", "verdict"), [(2.0, "worse"), (0.5, "worse"), (1.0, "no difference shown")])
def test_of_sharpness_that_is_best_which_is_nearest_to_the_truth(sharp, verdict):
    one = sample(sharp=sharp)
    apart = yardstick.differences((one, "refined"), (one, "warper"))
    assert apart["mouth sharp"]["mean"][1] == verdict


def test_only_people_that_both_know_are_compared():
    one, other = sample(gain=0.3), sample()
    mouths = cast("dict[str, float]", other.values["warper"]["mouth_psnr"])
    del mouths["000"]
    mouths["001"] = math.nan
    apart, _ = yardstick.differences((one, "refined"), (other, "warper"))["mouth dB"]["mean"]
    assert apart.count == 28


def test_a_sample_is_read_as_it_was_written(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 4))
    kernel = Kernel.of((x @ x.T, x @ x.T, x @ x.T), np.arange(30))
    given = Sample("people", 512, sample(0.3).values, PEOPLE, {yardstick.KERNEL: {"refined": kernel}})
    path = tmp_path / "out.json"
    write_json({"yardstick": {"people": given.as_dict()}}, path)
    read = Sample.load(path, "people")
    assert read.as_dict() == given.as_dict()
    apart = yardstick.differences((Sample.of_dict(given.as_dict()), "refined"), (read, "refined"))
    assert apart["kernel"]["mean"][0].value == 0
    with pytest.raises(UserError, match="no figures of clips"):
        Sample.load(path, "clips")


def test_a_file_that_is_none_is_said(tmp_path):
    (tmp_path / "out.json").write_text("{}")
    for path in (tmp_path / "out.json", tmp_path / "none.json", Path(tmp_path)):
        with pytest.raises(UserError, match="--json"):
            Sample.load(path, "people")


def test_refined_and_warper_are_held_against_the_others():
    one, other = sample(), sample()
    assert list(comparing.comparisons(one, None)) == ["refined against the warper"]
    titles = list(comparing.comparisons(one, other))
    assert titles[1:] == [
        "refined against the other's refined",
        "refined against the other's warper",
        "warper against the other's warper",
    ]
