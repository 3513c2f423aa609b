from __future__ import annotations

import threading
import time

import pytest

from livecam.pipeline.slots import Closed, Latest, LatestSlot


def test_only_the_newest_is_kept_and_the_rest_counted():
    slot: LatestSlot[int] = LatestSlot()
    for k in range(5):
        slot.put(k)
    assert slot.take() == 4
    assert slot.dropped == 4


def test_take_waits_for_the_other_thread():
    slot: LatestSlot[str] = LatestSlot()
    threading.Timer(0.05, slot.put, ["late"]).start()
    assert slot.take(timeout=5) == "late"


def test_take_gives_up_after_its_timeout():
    slot: LatestSlot[int] = LatestSlot()
    begun = time.monotonic()
    assert slot.take(timeout=0.05) is None
    assert time.monotonic() - begun >= 0.04


def test_close_lets_the_last_one_out_then_ends():
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    assert slot.take() == 1
    with pytest.raises(Closed):
        slot.take()


def test_close_wakes_a_waiting_thread():
    slot: LatestSlot[int] = LatestSlot()
    threading.Timer(0.05, slot.close).start()
    with pytest.raises(Closed):
        slot.take(timeout=5)


def test_latest_can_be_read_again_and_again():
    latest = Latest(1)
    latest.set(2)
    assert latest.get() == latest.get() == 2


def test_a_shared_value_is_waited_for():
    shared = Latest("old")
    assert shared.other_than("another", timeout=5) == "old"
    threading.Timer(0.05, shared.set, args=("new",)).start()
    assert shared.other_than(shared.get(), timeout=20) == "new"


def test_a_shared_value_that_stays_is_given_after_the_time():
    value = object()
    begun = time.monotonic()
    assert Latest(value).other_than(value, timeout=0.05) is value
    assert time.monotonic() - begun >= 0.05
    assert Latest(value).other_than(value, timeout=-1) is value
