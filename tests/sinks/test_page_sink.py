"""The page's sink: newest picture only, encoded once, and only for somebody who waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.sinks import page as page_module
from livecam.sinks.page import PageSink, Picture, Viewer


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The grey levels of the pictures that were encoded, in order."""
    levels: list[int] = []
    real = page_module.jpeg

    def counting(pixels: np.ndarray) -> bytes:
        levels.append(int(pixels[0, 0, 0]))
        return real(pixels)

    monkeypatch.setattr(page_module, "jpeg", counting)
    return levels


def frame(level: int) -> OutputFrame:
    return OutputFrame(np.full((16, 24, 3), level, np.uint8), 0, 0)


def level_of(picture: Picture) -> int:
    return round(cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR).mean())


def run(scenario: Callable[[PageSink], Awaitable[None]]) -> None:
    async def limited() -> None:
        sink = PageSink()
        sink.open(SinkFormat(24, 16, 30))
        await asyncio.wait_for(scenario(sink), 5)

    asyncio.run(limited())


async def waiting(viewer: Viewer) -> asyncio.Task[Picture]:
    task = asyncio.ensure_future(viewer.__anext__())
    await asyncio.sleep(0)
    return task


def test_nothing_is_encoded_without_a_viewer(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        sink.write(frame(1))
        viewer = sink.watch()
        sink.write(frame(2))  # it does not wait yet
        assert encoded == []
        task = await waiting(viewer)
        sink.write(frame(30))
        assert level_of(await task) == 30
        viewer.leave()
        sink.write(frame(4))
        assert encoded == [30]
        assert sink.viewers == 0

    run(scenario)


def test_encoded_once_for_many(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        viewers = [sink.watch() for _ in range(3)]
        tasks = [await waiting(viewer) for viewer in viewers]
        assert sink.viewers == 3
        sink.write(frame(50))
        pictures = [await task for task in tasks]
        assert encoded == [50]
        assert pictures[0] is pictures[1] is pictures[2]

    run(scenario)


def test_slow_viewers_get_the_newest(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        slow, quick = sink.watch(), sink.watch()
        task = await waiting(slow)
        for level in (10, 20, 30):
            other = await waiting(quick)
            sink.write(frame(level))
            assert level_of(await other) == level
        assert level_of(await task) == 10
        task = await waiting(slow)
        sink.write(frame(40))
        assert level_of(await task) == 40

    run(scenario)


def test_a_picture_that_holds_is_not_sent_again(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        held = frame(60)
        first, late = sink.watch(), sink.watch()
        task = await waiting(first)
        sink.write(held)
        await task
        again, newcomer = await waiting(first), await waiting(late)
        sink.write(OutputFrame(held.pixels, 5, 5))
        assert level_of(await newcomer) == 60
        assert encoded == [60]
        assert not again.done()
        sink.write(frame(61))
        assert level_of(await again) == 61

    run(scenario)


def test_close_ends_every_viewer(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        async def watch() -> int:
            return len([picture async for picture in sink.watch()])

        task = asyncio.ensure_future(watch())
        await asyncio.sleep(0)
        sink.write(frame(1))
        await asyncio.sleep(0.01)
        sink.close()
        sink.close()
        assert await task == 1
        assert [picture async for picture in sink.watch()] == []

    run(scenario)


def test_one_viewer_can_be_ended(encoded: list[int]) -> None:
    async def scenario(sink: PageSink) -> None:
        viewer = sink.watch()
        viewer.end()
        assert [picture async for picture in viewer] == []

    run(scenario)


def test_from_another_thread(encoded: list[int]) -> None:
    """As in a run: one thread writes, the page's loop reads; no picture comes twice or out of order."""

    async def scenario(sink: PageSink) -> None:
        viewer = sink.watch()
        done = threading.Event()

        def write() -> None:
            level = 0
            while not done.is_set():
                level = (level + 1) % 250
                sink.write(frame(level))

        thread = threading.Thread(target=write)
        thread.start()
        numbers = []
        async for picture in viewer:
            numbers.append(picture.number)
            if len(numbers) == 50:
                break
        done.set()
        thread.join()
        assert all(a < b for a, b in pairwise(numbers))

    run(scenario)


def test_a_viewer_whose_loop_has_ended_is_forgotten(encoded: list[int]) -> None:
    sink = PageSink()

    async def come_and_vanish() -> None:
        await waiting(sink.watch())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(come_and_vanish())
    loop.close()
    sink.write(frame(1))
    assert sink.viewers == 0


def test_jpeg_keeps_rgb_order() -> None:
    pixels = np.full((16, 16, 3), (200, 120, 90), np.uint8)
    back = cv2.imdecode(np.frombuffer(page_module.jpeg(pixels), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    # JPEG's own rounding; swapped red and blue would be 110 off.
    assert np.abs(back.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("see_through", [False, True])
def test_an_overlay_has_its_alpha_below_its_colours(see_through):
    from livecam.sinks.overlay import OverlaySink

    pixels = np.full((16, 32, 3), 90, np.uint8)
    cut_out = np.dstack([pixels, np.full((16, 32), 255, np.uint8)])
    cut_out[:, :16, 3] = 0
    sent = OverlaySink().encode(OutputFrame(pixels, 0, 0, cut_out if see_through else None))
    both = cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_COLOR)
    assert both.shape == (32, 32, 3)
    # JPEG keeps flat colours to within a few levels.
    assert np.abs(both[:16].astype(int) - 90).max() <= 4
    assert both[17:, 17:].min() >= 250
    assert (both[17:, :15].max() <= 5) == see_through
