"""A stream's sink with a receiver that does as it is told: away, back, stuck, refusing."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from doubles import Clip, Collected, make_animator

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.pipeline.live import LivePipeline
from livecam.sinks import SinkFormat
from livecam.sinks.streaming import sink as module
from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.sink import StreamSink

PATIENCE = 60
"""Seconds for what takes a moment: the machine may be busy."""
FORMAT = SinkFormat(64, 48, 30)


class Receiver:
    """What its carriers meet. `there`: whether it answers. `takes`: whether it takes what is sent; until it
    does, `send` blocks."""

    def __init__(self) -> None:
        self.there, self.takes, self.stuck = threading.Event(), threading.Event(), threading.Event()
        self.takes.set()
        self.changed = threading.Condition()
        self.tries: list[float] = []
        self.sent: list[list[bytes]] = []
        self.aborted = self.fails = self.silent = False

    def carrier(self, _: Address) -> Carrier:
        return Carrier(self)

    def wait_for(self, what: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(what, PATIENCE)


class Carrier:
    container = "mpegts"

    def __init__(self, receiver: Receiver) -> None:
        self._receiver, self._aborted = receiver, threading.Event()

    def connect(self) -> None:
        receiver = self._receiver
        with receiver.changed:
            receiver.tries.append(0.0)
            receiver.changed.notify_all()
        if receiver.silent:
            assert self._aborted.wait(PATIENCE)
        if not receiver.there.is_set():
            raise ConnectionRefusedError(111, "Connection refused")
        receiver.sent.append([])

    def send(self, data: bytes) -> None:
        receiver = self._receiver
        while not receiver.takes.wait(0.01):
            receiver.stuck.set()
            if self._aborted.is_set():
                raise OSError("aborted")
        if receiver.fails:
            raise BrokenPipeError(32, "Broken pipe")
        with receiver.changed:
            receiver.sent[-1].append(data)
            receiver.changed.notify_all()

    def abort(self) -> None:
        self._receiver.aborted = True
        self._aborted.set()

    def close(self) -> None: ...


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def sink(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamSink]:
    monkeypatch.setattr(module, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "LONGEST_RETRY_SECONDS", 0.02)
    one = StreamSink(Address("udp", "host", 1), receiver.carrier)
    yield one
    receiver.takes.set()
    one.close()


def frame(number: int) -> OutputFrame:
    pixels = np.full((48, 64, 3), number % 256, np.uint8)
    return OutputFrame(pixels, number, round(number * 1e9 / 30))


def lost(sink: StreamSink, number: int = 0) -> str:
    """What `write` says once the receiver is away."""
    done = threading.Event()
    for _ in range(100 * PATIENCE):
        try:
            sink.write(frame(number))
        except SinkLost as error:
            return str(error)
        done.wait(0.01)
    raise AssertionError("it is not away")


def send_until(sink: StreamSink, what: Callable[[], bool]) -> None:
    """Write pictures, whether it is away or not, until that is so."""
    done = threading.Event()
    for number in range(100 * PATIENCE):
        with contextlib.suppress(SinkLost):
            sink.write(frame(number))
        if what():
            return
        done.wait(0.01)
    raise AssertionError("it does not come to that")


def test_a_receiver_that_is_not_there_is_tried_again(sink: StreamSink, receiver: Receiver) -> None:
    sink.open(FORMAT)
    assert lost(sink) == "udp://host:1: connection refused"
    receiver.wait_for(lambda: len(receiver.tries) >= 3)
    receiver.there.set()
    send_until(sink, lambda: sink.counters["sent"] >= 3)
    assert sink.counters["reconnects"] == 0


def test_a_receiver_that_goes_away_is_said_and_found_again(
    sink: StreamSink, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    receiver.there.set()
    sink.open(FORMAT)
    send_until(sink, lambda: sink.counters["sent"] >= 3)
    receiver.fails = True
    receiver.there.clear()
    send_until(sink, lambda: len(receiver.tries) >= 3)
    assert "connection refused" in lost(sink)
    before = sink.counters["sent"]
    receiver.fails = False
    receiver.there.set()
    send_until(sink, lambda: sink.counters["sent"] > before)
    assert sink.counters["reconnects"] == 1
    assert [record.message for record in caplog.records].count("udp://host:1 is back") == 1
    assert receiver.sent[-1][0][:1] == b"\x47"  # a stream from its beginning, which can be read by itself


def test_the_tries_become_rarer(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    one = StreamSink(Address("udp", "host", 1), receiver.carrier)
    real = one._changed.wait_for

    def wait_for(predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        if timeout is not None:
            waits.append(timeout)
            if len(waits) >= 7:
                one._closing = True
            return False
        return real(predicate)

    monkeypatch.setattr(one._changed, "wait_for", wait_for)
    one.open(FORMAT)
    assert one._thread is not None
    one._thread.join(PATIENCE)
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]
    one.close()


def test_a_stuck_receiver_delays_neither_write_nor_close(sink: StreamSink, receiver: Receiver) -> None:
    receiver.there.set()
    receiver.takes.clear()
    sink.open(FORMAT)
    sink.write(frame(0))
    assert receiver.stuck.wait(PATIENCE)
    for number in range(1, 100):  # each comes back at once: `send` blocks until the end of this test
        sink.write(frame(number))
    assert sink.counters["dropped"] >= 97
    assert sink.counters["sent"] == 0
    sink.close()
    assert receiver.aborted


def test_a_receiver_that_does_not_answer_does_not_hold_up_the_end(
    sink: StreamSink, receiver: Receiver
) -> None:
    receiver.silent = True
    sink.open(FORMAT)
    receiver.wait_for(lambda: len(receiver.tries) == 1)
    for number in range(10):
        sink.write(frame(number))
    thread = sink._thread
    assert thread is not None
    sink.close()
    assert receiver.aborted
    assert not thread.is_alive()


def test_after_being_stuck_the_newest_comes_next(sink: StreamSink, receiver: Receiver) -> None:
    receiver.there.set()
    receiver.takes.clear()
    sink.open(FORMAT)
    sink.write(frame(0))
    assert receiver.stuck.wait(PATIENCE)
    for number in range(1, 50):
        sink.write(frame(number))
    receiver.takes.set()
    receiver.wait_for(lambda: sum(map(len, receiver.sent)) >= 2)
    sink.close()
    assert sink.counters == {"sent": 2, "dropped": 48, "reconnects": 0}


def test_the_last_picture_is_sent_before_the_end(sink: StreamSink, receiver: Receiver) -> None:
    receiver.there.set()
    sink.open(FORMAT)
    sink.write(frame(0))
    receiver.wait_for(lambda: sum(map(len, receiver.sent)) >= 1)
    sink.write(frame(1))
    sink.close()
    assert sink.counters["sent"] == 2


def test_a_fault_of_our_own_ends_the_sink(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "Encoder", broken)
    receiver.there.set()
    with StreamSink(Address("udp", "host", 1), receiver.carrier) as sink:
        sink.open(FORMAT)
        with pytest.raises(ZeroDivisionError):
            send_until(sink, lambda: False)


def test_after_close_nothing_is_taken(sink: StreamSink) -> None:
    sink.open(FORMAT)
    sink.close()
    sink.close()
    with pytest.raises(ValueError, match="not open"):
        sink.write(frame(0))


@pytest.mark.parametrize(
    ("fmt", "expected"),
    [
        (SinkFormat(63, 48, 30), "odd"),
        (SinkFormat(64, 49, 30), "odd"),
        (SinkFormat(8192, 4320, 30), "4096x2304"),
        (SinkFormat(64, 48, 0.5), "1 to 120"),
        (SinkFormat(64, 48, 240), "1 to 120"),
    ],
)
def test_sizes_and_rates_that_no_receiver_takes(receiver: Receiver, fmt: SinkFormat, expected: str) -> None:
    sink = StreamSink(Address("udp", "host", 1), receiver.carrier)
    with pytest.raises(UserError, match=expected):
        sink.open(fmt)
    assert receiver.tries == []


def test_in_a_run_a_stuck_receiver_delays_no_other_sink_and_not_the_end(persona, face, receiver) -> None:
    animator, report = make_animator(persona, face)
    stuck, other = StreamSink(Address("udp", "host", 1), receiver.carrier), Collected(live=True)
    receiver.there.set()
    receiver.takes.clear()
    stuck.open(SinkFormat(animator.width, animator.height, 50))
    pipeline = LivePipeline(Clip(10_000, live=True, fps=20), animator, [stuck, other], report, fps=50.0)
    runner = threading.Thread(target=pipeline.run)
    runner.start()
    assert receiver.stuck.wait(PATIENCE)
    already, waited = len(other.frames), threading.Event()
    for _ in range(100 * PATIENCE):
        if len(other.frames) >= already + 10:
            break
        waited.wait(0.01)
    assert len(other.frames) >= already + 10
    assert stuck.counters["sent"] == 0
    pipeline.stop()
    runner.join(PATIENCE)
    assert not runner.is_alive()
    stuck.close()
    assert stuck.counters["sent"] == 0
