"""The command line of the measurement, its load and its guest, without measuring anything."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from livecam.benchmarks.glass_to_glass import busy_cores, guest, relay_host
from livecam.benchmarks.glass_to_glass import command as glass_to_glass
from livecam.benchmarks.glass_to_glass.relay_host import DeviceInGuest
from livecam.errors import UserError
from livecam.sinks.base import SinkFormat

ROW = {
    "source_fps": 30.0,
    "load": 0,
    "engine": "cpu",
    "latency_ms": {"p50": 20.0, "p95": 24.0, "p99": 30.0},
    "fps": 30.0,
    "cadence_ms": {"deviation": 1.0},
    "repeated": 1,
    "dropped": 2,
    "reordered": 3,
    "unreadable": 4,
    "black": 5,
    "latencies_ms": [20.0, 21.0],
    "stages": {},
}
MACHINE = {"cpu": "a processor", "cores": 2, "load_average": 0.5, "date": "2026-01-01"}


def test_with_load_every_rate_is_measured_twice(monkeypatch, capsys, tmp_path):
    asked = []

    def measure_all(options, loads):
        asked.append((options.rates, loads))
        return {"machine": MACHINE, "runs": [{**ROW, "load": load} for load in loads]}

    monkeypatch.setattr(glass_to_glass, "_measure_all", measure_all)
    out = tmp_path / "figures.json"
    assert glass_to_glass.main(["--rates", "30", "--load", "2", "--json", str(out)]) == 0
    assert asked == [([30.0], [0, 2])]
    assert [run["load"] for run in json.loads(out.read_text())["runs"]] == [0, 2]
    shown = capsys.readouterr().out
    assert "a processor" in shown
    assert "repeated" in shown  # not cut short where no terminal is attached


def test_in_the_guest_the_same_command_runs_without_what_is_for_the_host(monkeypatch, tmp_path):
    asked = []

    def measure(arguments, seconds):
        asked.append((arguments, seconds))
        return {"machine": MACHINE, "host": MACHINE, "runs": [ROW]}

    monkeypatch.setattr(guest, "measure", measure)
    out = tmp_path / "figures.json"
    given = ["--guest", "--rates", "30", "24", "--seconds", "600", "--unpaced", "--json", str(out)]
    assert glass_to_glass.main([*given, "--no-refine"]) == 0
    ((arguments, seconds),) = asked
    again = glass_to_glass._parser().parse_args(arguments)
    assert (again.rates, again.seconds, again.unpaced, again.guest) == ([30, 24], 600, True, False)
    assert again.no_refine
    assert again.json is None
    assert seconds >= 2 * 605
    assert json.loads(out.read_text())["runs"] == [ROW]


def test_with_the_device_in_the_guest_livecam_stays_here(monkeypatch, tmp_path, capsys):
    relay = {name: {"p50": 1.0, "p95": 2.0} for name in ("pickup_ms", "read_ms", "device_ms", "whole_ms")}
    relay |= {"skipped": 7, "smallest_pickup_ms": 0.5, "clock_uncertainty_ms": 0.1, "clock_drift_ms": 0.0}

    def measure_all(options, loads):
        assert isinstance(glass_to_glass._sink(options, loads), DeviceInGuest)
        return {"machine": MACHINE, "runs": [{**ROW, "relay": relay}]}

    monkeypatch.setattr(glass_to_glass, "_measure_all", measure_all)
    out = tmp_path / "figures.json"
    assert glass_to_glass.main(["--device-in-guest", "--rates", "30", "--json", str(out)]) == 0
    result = json.loads(out.read_text())
    assert result["where"] == "device in a guest, livecam on the host"
    assert result["runs"][0]["relay"] == relay
    shown = capsys.readouterr().out
    assert "device in a guest, livecam on the host" in shown
    assert "7 pictures skipped" in " ".join(shown.split())


def test_the_device_in_the_guest_is_the_guests_own(capsys):
    assert glass_to_glass.main(["--device-in-guest", "--camera", "none"]) == 2
    assert "the guest has one of its own" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        glass_to_glass.main(["--device-in-guest", "--guest"])


def test_ctrl_c_ends_the_command(monkeypatch):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(glass_to_glass, "run", interrupted)
    assert glass_to_glass.main([]) == 130


@pytest.fixture
def script(monkeypatch, tmp_path):
    """A stand-in for the guest's script: runs BODY, with the figures' path as the last argument."""

    def make(body):
        path = tmp_path / "vm.sh"
        path.write_text(f'#!/bin/bash\n[ "$1" = true ] && exit 0\nout="${{@: -1}}"\n{body}\n')
        path.chmod(0o755)
        monkeypatch.setattr(guest, "SCRIPT", path)

    return make


def test_the_guests_figures_come_out_with_the_hosts_load(script):
    script('[ "$(dirname "$out")" = "$VCAM_VM_OUT" ] && echo \'{"runs": []}\' > "$out"')
    result = guest.measure(["--rates", "30"], 1)
    assert result["runs"] == []
    assert {"load_average", "load_average_after"} <= result["host"].keys()


def test_a_guest_that_fails_is_said_so(script, monkeypatch, tmp_path):
    script("exit 3")
    with pytest.raises(UserError, match="ended with 3"):
        guest.measure([], 1)
    monkeypatch.setattr(guest, "SCRIPT", tmp_path / "none.sh")
    with pytest.raises(UserError, match="checkout"):
        guest.measure([], 1)


def test_the_relays_guest_gets_its_folder_and_bell_and_is_ended_by_force(script, monkeypatch):
    """A script that says it is ready and then hears nothing."""
    monkeypatch.setattr(relay_host, "STOP_S", 0.1)
    script(
        'echo "$VCAM_VM_OUT $(basename "$VCAM_VM_BELL") $* $$" > "$SAID"\n'
        'touch "$VCAM_VM_OUT/ready"\nexec sleep 100'
    )
    said = guest.SCRIPT.parent / "said"
    monkeypatch.setenv("SAID", str(said))
    device = DeviceInGuest(1)
    device.open(SinkFormat(640, 480, 30))
    device.close()
    folder, bell, *words, process = said.read_text().split()
    assert not Path(folder).exists()
    assert bell == "bell"
    assert words[-4:] == [folder, "640", "480", "30"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


def test_load_works_and_ends_with_its_block(monkeypatch):
    monkeypatch.setattr(busy_cores.shutil, "which", lambda name: None)
    assert busy_cores.kind() == "own"
    with busy_cores.busy(2):
        children = multiprocessing.active_children()
        assert len(children) == 2
        assert all(child.is_alive() for child in children)
    assert not any(child.is_alive() for child in children)
    with busy_cores.busy(0):
        assert not multiprocessing.active_children()


def test_load_uses_the_processor():
    before = time.process_time()
    for _ in range(600):  # a tenth of a second each; on a full machine it gets a small share of them
        busy_cores.work(0.1)
        if time.process_time() - before > 0.005:
            return
    pytest.fail("it sleeps")


def test_stress_ng_is_used_where_it_is(monkeypatch, tmp_path):
    said = tmp_path / "said"
    fake = tmp_path / "stress-ng"
    fake.write_text(f'#!/bin/sh\necho "$@" > {said}.new && mv {said}.new {said}\nexec sleep 100\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert busy_cores.kind() == "stress-ng"
    with busy_cores.busy(3):
        deadline = time.monotonic() + 120
        while not said.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert said.read_text().startswith("--matrix 3 ")


def test_the_guest_is_found_in_a_checkout():
    assert guest.SCRIPT.is_file()
