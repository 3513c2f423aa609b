"""What the benchmarks write, and what they say when they cannot."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from livecam.benchmarks import machine, plots
from livecam.benchmarks.latency import yardstick
from livecam.benchmarks.output import rounded, shown, write_json
from livecam.errors import UserError


def test_lists_stay_on_one_line_and_the_values_survive(tmp_path):
    values = {"a": [1, 2.5, None], "b": {"names": ["x, y", "[z]"], "rows": [{"c": [1]}, {"c": []}]}}
    write_json(values, tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text("utf-8")
    assert json.loads(text) == values
    assert "[ 1, 2.5, null ]" in text


def test_a_number_that_json_cannot_hold_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": float("nan")}, tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        write_json({}, tmp_path / "no folder" / "out.json")


def test_unknown_values():
    assert rounded(None) is rounded(float("inf")) is rounded(float("nan")) is None
    assert rounded(np.float64(1.23456789)) == 1.2346
    assert [shown(v, 2) for v in (None, float("nan"), 1.005, 0.0)] == ["-", "-", "1.00", "0.00"]


def test_the_machine_is_named_without_its_owner():
    text = json.dumps(machine.describe(), allow_nan=False)
    described = json.loads(text)
    assert described["cpu"]
    assert described["cores"] >= 1
    assert described["versions"]["numpy"] == np.__version__
    assert "/" not in described["system"]


def test_without_matplotlib_plots_are_refused_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match="pip install matplotlib"):
        plots.prepare(tmp_path / "plots")


def test_the_yardstick_leaves_opencv_as_it_was():
    import cv2

    before = cv2.getNumThreads()
    measured = yardstick.measure(rounds=3)
    assert cv2.getNumThreads() == before
    assert 0 < measured.cpu_ms < 1000
    assert measured.busy > 0.5  # CPU time cannot exceed the wall time of one thread but for the clocks' grain
