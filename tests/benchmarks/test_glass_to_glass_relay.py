"""The relay into a guest without a guest: both ends here, a list for the device, a shifted clock."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam.benchmarks.glass_to_glass import frame_code as code
from livecam.benchmarks.glass_to_glass import relay_guest, relay_host
from livecam.benchmarks.glass_to_glass.relay_clock import Clocks, Comparison, compare
from livecam.benchmarks.glass_to_glass.relay_guest import Relay, put, take
from livecam.benchmarks.glass_to_glass.relay_host import DeviceInGuest, relay_figures
from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and renaming as on Linux")

WIDTH, HEIGHT = 480, 48
SHIFT_NS = 7_000_000_000
"""By which the guest's clock is behind here."""
READER = """
import json, sys, time
now = time.monotonic_ns() - {shift}
seen = [{{"index": k, "capture_us": 5, "seen_ns": now + k, "mean": 100.0}} for k in range(3)]
time.sleep(0.1)
open(sys.argv[-1], "w").write(json.dumps(seen))
print("a word", file=sys.stderr)
sys.exit({code})
"""


@given(
    st.integers(-(10**13), 10**13),
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1),
)
def test_the_true_offset_is_within_the_bounds(offset, ways):
    now = 10**14
    exchanges = []
    for there, back in ways:
        exchanges.append((now, now + there - offset, now + there + back))
        now += there + back + 1000
    found = compare(exchanges)
    assert abs(found.offset_ns - offset) <= found.uncertainty_ns
    assert found.uncertainty_ns <= min(there + back for there, back in ways) / 2
    assert found.guest_ns == exchanges[-1][1]


def test_no_exchange_no_comparison():
    with pytest.raises(ValueError, match="never"):
        compare([])


def test_a_drift_is_spread_evenly():
    clocks = Clocks(Comparison(1_000_000, 500.0, 100.0), Comparison(3_000_000, 700.0, 250_000.0))
    assert [clocks.on_host(at) - at for at in (1_000_000, 2_000_000, 3_000_000)] == [500, 600, 700]
    assert clocks.drift_ms == pytest.approx(200e-6)
    assert clocks.uncertainty_ms == 0.25
    still = Comparison(5, 10.0, 0.0)
    assert Clocks(still, still).on_host(5) == 15


def clocks_apart_by(milliseconds, uncertainty_ms=0.0):
    return Clocks(
        Comparison(0, milliseconds * 1e6, uncertainty_ms * 1e6),
        Comparison(10**10, milliseconds * 1e6, uncertainty_ms * 1e6),
    )


def note(number, *milliseconds):
    return (number, *(round(value * 1e6) for value in milliseconds))


def test_figures_tell_the_relays_share_and_what_it_skipped():
    notes = [note(0, 1001, 0, 0, 0), note(3, 1100, 101, 103, 106), note(5, 1200, 202, 204, 207)]
    found = relay_figures(notes, clocks_apart_by(1000), begun_ns=50_000_000)
    assert (found["pictures"], found["skipped"]) == (2, 1)
    assert found["pickup_ms"]["p50"] == 1.5
    assert found["smallest_pickup_ms"] == 1.0
    assert [found[name]["longest"] for name in ("read_ms", "device_ms", "whole_ms")] == [2.0, 3.0, 7.0]
    assert relay_figures([], clocks_apart_by(0))["whole_ms"]["p50"] is None


def test_a_picture_that_is_found_before_it_was_there_is_told(caplog):
    early = [note(0, 1001, 0.9, 1, 1)]
    assert relay_figures(early, clocks_apart_by(1000, 0.2))["smallest_pickup_ms"] == -0.1
    assert not caplog.records  # within what is known of the clocks
    relay_figures(early, clocks_apart_by(1000, 0.05))
    assert "do not trust the clocks" in caplog.text


def test_a_file_is_taken_once_and_the_newest_wins(tmp_path):
    assert take(tmp_path, "thing") is None
    put(tmp_path, "thing", b"old")
    put(tmp_path, "thing", b"n", b"ew")
    assert take(tmp_path, "thing") == b"new"
    assert take(tmp_path, "thing") is None
    assert list(tmp_path.iterdir()) == []


class Guest:
    """The guest's end in a thread, with what `DeviceInGuest` asks of a process."""

    def __init__(self, obedient=True, exit_code=0):
        self.obedient, self.exit_code = obedient, exit_code
        self.sent = []
        self.folder = self.relay = self.thread = None
        self.ended_by = ""

    def start(self, folder, fmt, words, seconds):
        self.folder, self.seconds = folder, seconds
        script = folder / "reader.py"
        script.write_text(READER.format(shift=SHIFT_NS, code=self.exit_code))
        self.relay = Relay(
            folder,
            (fmt.width, fmt.height),
            lambda planes: self.sent.append(planes.copy()),
            [sys.executable, "-S", str(script)],
            wait=lambda seconds: time.sleep(0.001),
            clock_ns=lambda: time.monotonic_ns() - SHIFT_NS,
        )
        if self.obedient:
            self.thread = threading.Thread(target=self.relay.serve, daemon=True)
            self.thread.start()
        put(folder, "ready")
        return self

    def poll(self):
        running = self.thread.is_alive() if self.thread else not self.ended_by
        return None if running else 0

    def wait(self, timeout=None):
        if self.thread:
            self.thread.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired("guest", timeout)
        return 0

    def terminate(self):
        self.ended_by = "terminate"

    def kill(self):
        self.ended_by = "kill"


@pytest.fixture
def memory(monkeypatch, tmp_path):
    monkeypatch.setattr(relay_host, "MEMORY", tmp_path)
    monkeypatch.setattr(relay_host, "EXCHANGES", 5)  # two threads of one process take turns slowly
    monkeypatch.setattr(relay_host, "STOP_S", 120.0)
    return tmp_path


@pytest.fixture
def guest():
    return Guest()


@pytest.fixture
def device(memory, guest):
    made = DeviceInGuest(10, start=guest.start)
    made.open(SinkFormat(WIDTH, HEIGHT, 30))
    yield made
    made.close()


def picture(number, brightness=120):
    pixels = np.full((HEIGHT, WIDTH, 3), brightness, np.uint8)
    code.draw(pixels, number, 1000 * number)
    return OutputFrame(pixels, number, 0)


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_pictures_come_out_at_the_other_end_as_planes(device, guest):
    for number in (1, 2):
        device.write(picture(number))
        until(lambda number=number: len(guest.sent) == number)
    planes = guest.sent[1].reshape(HEIGHT * 3 // 2, WIDTH)
    assert code.read(planes[:HEIGHT]) == (2, 2)
    assert planes[10, 10] == pytest.approx(16 + 120 * 219 / 255, abs=1)  # BT.601, limited range; rounding
    assert np.abs(planes[HEIGHT:].astype(int) - 128).max() <= 1  # grey


def test_a_slow_guest_gets_the_newest_picture(memory):
    guest = Guest(obedient=False)  # nothing is done by itself
    device = DeviceInGuest(10, start=guest.start)
    device.open(SinkFormat(WIDTH, HEIGHT, 30))
    for number in range(4):
        device.write(picture(number))
    assert guest.relay.pass_on()
    assert not guest.relay.pass_on()
    assert [code.read(planes.reshape(-1, WIDTH)[:HEIGHT]) for planes in guest.sent] == [(3, 3)]
    guest.ended_by = "itself"
    device.close()


def test_a_picture_of_another_size_is_no_picture(tmp_path):
    relay = Relay(tmp_path, (WIDTH, HEIGHT), lambda planes: None, [])
    put(tmp_path, "picture", b"short")
    with pytest.raises(ValueError, match="another size"):
        relay.pass_on()


def test_what_the_reader_saw_comes_in_the_hosts_time(device, guest):
    writing = threading.Event()

    def write():
        for number in range(10_000):
            if writing.wait(0.005):
                return
            device.write(picture(number))

    writer = threading.Thread(target=write)
    begun = time.monotonic_ns()
    writer.start()
    try:
        until(lambda: guest.sent)
        seen = device.watch(0.1)
    finally:
        writing.set()
        writer.join()
    ended = time.monotonic_ns()
    assert [entry["index"] for entry in seen] == [0, 1, 2]
    assert begun < seen[0]["seen_ns"] < ended  # 7 seconds off on the other clock
    found = device.figures()
    assert found["pictures"] > 0
    assert found["smallest_pickup_ms"] >= -found["clock_uncertainty_ms"]
    assert abs(found["clock_drift_ms"]) <= 2 * found["clock_uncertainty_ms"] + 1e-3  # one clock: none


def test_a_reader_that_fails_is_told_in_its_own_words(memory):
    device = DeviceInGuest(10, start=Guest(exit_code=1).start)
    device.open(SinkFormat(WIDTH, HEIGHT, 30))
    with pytest.raises(UserError, match="a word"):
        device.watch(0.1)
    device.close()


def test_nothing_stays_behind(device, guest, memory):
    assert [path.name.startswith("livecam-relay-") for path in memory.iterdir()] == [True]
    device.close()
    assert guest.poll() == 0
    assert guest.ended_by == ""  # it ended when asked
    assert list(memory.iterdir()) == []
    device.close()
    with pytest.raises(ValueError, match="not open"):
        device.write(picture(0))


def test_a_guest_that_does_not_listen_is_ended(memory, monkeypatch):
    monkeypatch.setattr(relay_host, "STOP_S", 0.01)
    guest = Guest(obedient=False)
    device = DeviceInGuest(10, start=guest.start)
    device.open(SinkFormat(WIDTH, HEIGHT, 30))
    device.close()
    assert guest.ended_by == "terminate"
    assert list(memory.iterdir()) == []


def test_a_guest_that_ends_is_told_in_its_own_words(memory):
    def start(folder, fmt, words, seconds):
        return subprocess.Popen([sys.executable, "-c", f"open({str(words)!r}, 'w').write('too bad\\n'); 1/0"])

    device = DeviceInGuest(10, start=start)
    with pytest.raises(UserError, match="ended with 1: too bad"):
        device.open(SinkFormat(WIDTH, HEIGHT, 30))
    assert list(memory.iterdir()) == []


def test_ctrl_c_while_it_starts_leaves_nothing(memory):
    processes = []

    def start(folder, fmt, words, seconds):
        processes.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]))
        (memory / "begun").touch()
        return processes[0]

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    device = DeviceInGuest(10, start=start)
    device._wait = interrupted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay_host, "STOP_S", 0.01)
        with pytest.raises(KeyboardInterrupt):
            device.open(SinkFormat(WIDTH, HEIGHT, 30))
    assert processes[0].returncode is not None
    assert [path.name for path in memory.iterdir()] == ["begun"]


def test_sizes_that_calls_show_black_are_refused(memory):
    with pytest.raises(UserError, match="odd side"):
        DeviceInGuest(10).open(SinkFormat(481, 48, 30))
    assert list(memory.iterdir()) == []


def test_a_lonely_guest_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(relay_guest, "LONELY_S", 0.02)
    Relay(tmp_path, (WIDTH, HEIGHT), lambda planes: None, [], wait=lambda seconds: time.sleep(0.001)).serve()
