"""The simulated way of a frame: the same every time, and what pacing is worth in it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from livecam.benchmarks.glass_to_glass import simulation as simulation
from livecam.benchmarks.glass_to_glass.simulation import MACHINES, Machine, Work, simulate, through

IDLE, BUSY, _ = MACHINES


def test_a_slow_stage_takes_the_newest_and_skips_the_rest():
    given = np.array([0.0, 1.0, 2.0, 3.0, 10.0])
    kept, done = through(range(5), given, np.array([2.5, 9.0, 1.0, 1.0, 1.0]))
    assert kept == [0, 2, 3, 4]
    assert done.tolist() == [2.5, 3.5, 4.5, 11.0]


def test_without_chance_latency_is_what_was_put_in():
    exact = Machine("exact", Work(5, 5), Work(6, 6), Work(1e-6, 1e-6), stalls=0.0)
    found = simulate(30.0, exact, jitter_ms=0.0, seconds=40, phases=2)
    assert found["p50"] == pytest.approx(12.0, abs=0.1)  # 11 of work, 1 of margin
    assert found["p95"] == pytest.approx(12.0, abs=0.5)  # the ticks of one phase are still on their way
    assert (found["repeated"], found["dropped"], found["fps"]) == (0, 0, 30)


def test_the_same_every_time():
    assert simulate(25.0, BUSY, seconds=15, phases=1) == simulate(25.0, BUSY, seconds=15, phases=1)


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 30.0, 50.0, 60.0])
def test_pacing_repeats_and_drops_only_what_the_rates_force(rate):
    paced = simulate(rate, IDLE, seconds=30, phases=2)
    assert paced["repeated"] <= paced["forced"]["repeated"] + 2  # of 1000; chance alone costs up to 45
    assert paced["dropped"] <= paced["forced"]["dropped"] + 4
    assert paced["fps"] == pytest.approx(30, abs=0.15)
    assert paced["reordered"] == 0


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 30.0])
def test_pacing_shortens_the_way(rate):
    chance, paced = (simulate(rate, IDLE, seconds=30, phases=2, paced=on) for on in (False, True))
    assert paced["p50"] < chance["p50"] - 5  # ms; 8 to 15 were seen
    assert paced["p95"] < chance["p95"] - 5


def test_a_thread_each_for_tracking_and_drawing_is_worth_it_on_a_busy_machine():
    one, two = (simulate(30.0, BUSY, seconds=30, phases=2, threads=count) for count in (1, 2))
    assert two["repeated"] < one["repeated"] / 4
    assert two["p50"] < one["p50"] - 10  # ms; together they take longer than a period


def test_the_command_writes_what_it_shows(tmp_path, capsys):
    out = tmp_path / "pacing.json"
    assert (
        simulation.main(["--rates", "30", "--machines", "two cores", "--seconds", "12", "--json", str(out)])
        == 0
    )
    assert "forced" in capsys.readouterr().out
    runs = json.loads(out.read_text())["runs"]
    assert [run["way"] for run in runs] == list(simulation.WAYS)
