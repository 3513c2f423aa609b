"""What the host of a virtual machine takes away is told beside the figures."""

from __future__ import annotations

from livecam.benchmarks import machine

STAT = "cpu  100 0 50 800 10 0 5 {} 7 0\ncpu0 1 2 3\n"


def test_stolen_time_is_a_share_of_all_between_two_looks():
    before, after = (machine.cpu_times(STAT.format(stolen)) for stolen in (35, 85))
    assert before == (35, 1000)  # guest time, the 7, is in user already
    assert machine.stolen_percent(before, after) == 100.0  # nothing but theft between them
    more = machine.cpu_times("cpu  140 0 50 1010 10 0 5 85 7 0")
    assert machine.stolen_percent(before, more) == 16.67  # 50 of 300 ticks


def test_systems_that_do_not_tell():
    assert machine.cpu_times("no such line") is None
    assert machine.stolen_percent(None, (1, 2)) is None
    assert machine.stolen_percent((1, 2), (1, 2)) is None
