"""The way of a frame, with stand-ins at both ends: order, rate, holding on, and what may never happen."""

from __future__ import annotations

import errno
import re
import threading
import time
from functools import partial

import numpy as np
import pytest
from doubles import Clip, Collected, Tracked, make_animator
from faces import turned

from livecam.errors import SinkLost, SourceLost, UserError
from livecam.pipeline.live import LivePipeline
from livecam.pipeline.lossless import run_lossless
from livecam.pipeline.status import State, Status
from livecam.settings import MotionSettings, Settings

PATIENCE = 120
"""Seconds for what takes a moment: nothing here depends on how busy the machine is."""


@pytest.fixture
def animator(persona):
    return partial(make_animator, persona)


def live(clip, way, sinks, report, **options):
    kind = options.pop("kind", LivePipeline)
    pipeline = kind(clip, way, sinks, report, fps=options.pop("fps", 50.0), **options)
    runner = threading.Thread(target=pipeline.run)
    runner.start()
    return pipeline, runner


def until(condition):
    """Waits for what takes a moment, and on a busy machine longer."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def end(pipeline, runner):
    pipeline.stop()
    runner.join(PATIENCE)
    assert not runner.is_alive()


class Gated(Clip):
    """A camera that gives its next picture when `gate` is set."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.gate = threading.Event()

    def read(self):
        self.gate.wait(PATIENCE)
        return super().read()


def test_live_sinks_tick_at_a_constant_rate_whatever_comes_in(animator, face):
    """Nothing comes in, then one picture: ticks go on. None is early, and one that is late is left out."""
    way, report = animator(face)
    out, camera, begun = Collected(live=True), Gated(1, live=True), time.monotonic()
    _, runner = live(camera, way, [out], report)
    until(lambda: len(out.frames) >= 10)
    camera.gate.set()
    runner.join(PATIENCE)
    indices = [f.index for f in out.frames]
    assert indices == sorted(set(indices))
    for frame, at in zip(out.frames[:-1], out.times[:-1], strict=True):  # the last one is the goodbye
        assert frame.capture_ns == frame.index * 20_000_000
        assert at - begun >= frame.index * 0.02


def test_before_the_first_frame_a_live_sink_shows_the_portrait(animator, face):
    way, report = animator(face)
    out, camera = Collected(live=True), Gated(2, live=True)
    _, runner = live(camera, way, [out], report)
    until(lambda: out.frames)
    np.testing.assert_array_equal(out.frames[0].pixels, way.resting())
    camera.gate.set()
    runner.join(PATIENCE)


class Unplugged(Clip):
    """Gives `count` pictures and is then lost, or only silent, for good."""

    def __init__(self, count, lost):
        super().__init__(count, live=True, fps=30)
        self._lost, self.released = lost, threading.Event()

    def read(self):
        frame = super().read()
        if frame is None and self._lost:
            raise SourceLost("unplugged")
        if frame is None:
            self.released.wait(PATIENCE)
        return frame


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("count", [0, 3])
def test_without_a_camera_the_portrait_lives_on(animator, face, count, lost):
    """Before its first picture or after some, unplugged or stuck: pictures go on, all different."""
    way, report = animator(face)
    out, camera = Collected(live=True), Unplugged(count, lost)
    pipeline, runner = live(camera, way, [out], report)

    def moves():
        last = [frame.pixels for frame in out.frames[-20:]]
        return len({picture.tobytes() for picture in last}) >= 8

    until(moves)
    assert report.frames == count
    assert runner.is_alive()
    camera.released.set()
    end(pipeline, runner)


@pytest.mark.parametrize("lost", [True, False])
def test_without_a_camera_a_still_portrait_rests(animator, face, lost):
    """`idle` off: whatever the last picture showed, it comes back to the portrait as it is."""
    settings = Settings(motion=MotionSettings(idle=False, neutral_seconds=0.0))
    way, report = animator(face, face, *[turned(face, yaw=14)] * 9, settings=settings)
    out, camera = Collected(live=True), Unplugged(12, lost)
    pipeline, runner = live(camera, way, [out], report)
    resting = way.resting()

    def away():
        return np.abs(out.frames[-1].pixels.astype(int) - resting).mean() if out.frames else 0

    until(lambda: away() > 2)
    until(lambda: away() == 0)
    assert runner.is_alive()
    camera.released.set()
    end(pipeline, runner)


def test_a_slow_film_is_no_silence(animator, face, monkeypatch):
    """One picture a second from a file: what it shows holds until the next."""
    way, report = animator(face)
    shown, animate = [], way.animate

    def kept(points, time_s):
        shown.append(points is not None)
        return animate(points, time_s)

    monkeypatch.setattr(way, "animate", kept)
    LivePipeline(Clip(3, fps=1.0), way, [], report, fps=30).run()
    assert shown == [True] * 3


def test_a_slow_sink_does_not_hold_up_another(animator, face):
    class Stuck(Collected):
        released = threading.Event()

        def write(self, frame):
            self.released.wait(PATIENCE)
            super().write(frame)

    way, report = animator(face)
    slow, quick = Stuck(live=True), Collected(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=20), way, [slow, quick], report)
    until(lambda: len(quick.frames) >= 10)
    assert slow.frames == []
    slow.released.set()
    end(pipeline, runner)


def test_a_slow_tracker_skips_frames_instead_of_queueing(animator, face):
    clip = Clip(30, live=True, fps=100)

    class Slow(Tracked):
        """Five pictures come in while it looks at one."""

        def track(self, image, capture_ns):
            awaited = min(clip._next + 5, 30)
            until(lambda: clip._next >= awaited)
            return super().track(image, capture_ns)

    way, report = animator(face)
    way._tracker = Slow(face)
    _, runner = live(clip, way, [Collected(live=True)], report)
    runner.join(PATIENCE)
    assert report.frames <= 7  # a sixth of them, and the last
    assert report.dropped >= 20


def test_a_lost_camera_is_waited_for(animator, face):
    way, report = animator(face)
    out, clip = Collected(live=True), Clip(10_000, live=True, fps=20, failing=[3, 6])
    pipeline, runner = live(clip, way, [out], report)
    until(lambda: not clip._failing)
    seen, shown = report.frames, len(out.frames)
    until(lambda: report.frames >= seen + 3 and len(out.frames) >= shown + 3)
    end(pipeline, runner)


def test_a_lost_sink_is_tried_again(animator, face):
    way, report = animator(face)
    out = Collected(live=True, lose=5)
    pipeline, runner = live(Clip(10_000, live=True, fps=20), way, [out], report)
    until(lambda: len(out.frames) > 10)
    assert out.lose == 0
    end(pipeline, runner)


@pytest.mark.parametrize("face_seen", [True, False])
def test_nothing_black_is_ever_sent(animator, face, face_seen):
    """Before the first frame, live, after camera and device were lost and are back, and at the end."""
    way, report = animator(face if face_seen else None)
    writes = 0

    class Unsteady(Collected):
        def write(self, frame):
            nonlocal writes
            writes += 1
            if writes in (2, 3, 12, 13, 14):
                raise SinkLost("gone")
            super().write(frame)

    out = Unsteady(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=30, failing=[0, 5]), way, [out], report)
    until(lambda: len(out.frames) >= 20)
    end(pipeline, runner)
    resting = way.resting().astype(int)
    for frame in out.frames:
        assert frame.pixels.mean() > 0.8 * resting.mean()  # the portrait moves, its brightness hardly
    for frame in (out.frames[0], out.frames[-1]):
        np.testing.assert_array_equal(frame.pixels, resting)


def test_a_file_is_played_at_its_own_pace_and_looped(animator, face):
    way, report = animator(face)
    clip = Clip(5, fps=25)
    begun = time.monotonic()
    _, runner = live(clip, way, [Collected(live=True)], report, loop=True, max_frames=12)
    runner.join(PATIENCE)
    assert clip.rewinds >= 2
    assert time.monotonic() - begun >= 0.3  # 12 frames at 25 fps are .48 s, less the two rewinds


def test_a_live_sink_ends_with_the_portrait_at_rest_and_a_film_does_not(animator, face):
    way, report = animator(
        turned(face, yaw=14), settings=Settings(motion=MotionSettings(neutral_frame=10**6))
    )
    camera, film = Collected(live=True), Collected()
    pipeline, runner = live(
        Clip(10_000, live=True, fps=30), way, [camera, film], report, fps=30, kind=Darkened
    )
    until(lambda: film.frames and film.frames[-1].pixels.max() == 0)
    end(pipeline, runner)
    np.testing.assert_array_equal(camera.frames[-1].pixels, way.resting())
    assert film.frames[-1].pixels.max() == 0


class Darkened(LivePipeline):
    def finish(self, frame):
        frame.pixels[:] = 0


def test_the_delay_is_in_the_report(animator, face):
    way, report = animator(face)
    sinks, clip = [Collected(live=True)], Gated(10_000, live=True, fps=30)
    pipeline, runner = live(clip, way, sinks, report, fps=30)
    assert pipeline.audio_offset_ms() is None
    clip.gate.set()
    until(lambda: pipeline.audio_offset_ms() is not None)
    end(pipeline, runner)
    result = report.result()
    assert result["audio_offset_ms"] == round(result["stages"]["total"]["p50_ms"]) > 0


def test_stop_ends_everything(animator, face):
    way, report = animator(face)
    pipeline, runner = live(Clip(10_000, live=True, fps=30), way, [Collected(live=True)], report)
    until(lambda: report.frames > 0)
    end(pipeline, runner)


def test_an_interrupt_while_threads_start_leaves_none_behind(animator, face, monkeypatch):
    way, report = animator(face)
    start = threading.Thread.start

    def interrupted(thread):
        if thread.name == "draw":
            raise KeyboardInterrupt
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LivePipeline(Clip(10_000, live=True), way, [Collected(live=True)], report, fps=30).run()
    assert not {"capture", "track", "draw"} & {thread.name for thread in threading.enumerate()}
    assert "audio_offset_ms" in report.result()  # what --report writes


def test_a_frame_that_fails_holds_the_picture_and_goes_on(animator, face):
    way, report = animator(face, ValueError("one bad frame"), face)
    out = Collected(live=True)
    _, runner = live(Clip(10_000, live=True, fps=30), way, [out], report, max_frames=7)
    runner.join(PATIENCE)
    assert report.frames == 7
    assert not runner.is_alive()


def test_a_tracker_that_only_fails_ends_the_run_with_its_error(animator, monkeypatch):
    monkeypatch.setattr("livecam.pipeline.stage.FAILURES", 3)
    way, report = animator(ValueError("broken"))
    pipeline = LivePipeline(Clip(1000, live=True, fps=60), way, [Collected(live=True)], report, fps=30)
    with pytest.raises(ValueError, match="broken"):
        pipeline.run()


def test_status_tells_what_is_going_on(animator, face):
    way, report = animator(face)
    pipeline = LivePipeline(Clip(1, live=True), way, [], report, fps=30)
    assert pipeline.status() == Status(State.STARTING)
    pipeline.run()
    status = pipeline.status()
    assert (status.state, status.frames) == (State.LIVE, 1)
    assert status.as_json() == {"state": "live", "frames": 1, "latency_ms": status.latency_ms}


def test_neutral_can_be_taken_again_while_live(animator, face):
    """The driver sits turned; after recalibration that is straight ahead."""
    away = turned(face, yaw=14)
    way, report = animator(
        face, face, face, away, settings=Settings(motion=MotionSettings(neutral_seconds=0.05))
    )
    out = Collected(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=30), way, [out], report)
    resting = way.resting().astype(int)

    def away_from_rest():
        return np.abs(out.frames[-1].pixels - resting).mean() if out.frames else 0

    until(lambda: away_from_rest() > 2)
    pipeline.recalibrate()
    until(lambda: away_from_rest() < 0.5)  # while it runs: at the end it rests in any case
    assert runner.is_alive()
    end(pipeline, runner)


class Breaking(Collected):
    """A sink that takes `good` frames and then always fails."""

    def __init__(self, error, good=3, **options):
        super().__init__(**options)
        self._error, self._good, self.closed = error, good, 0

    def write(self, frame):
        assert not self.closed
        if len(self.frames) >= self._good:
            raise self._error
        super().write(frame)

    def close(self):
        self.closed += 1


FULL = OSError(errno.ENOSPC, "No space left on device")


TOLD = UserError("out.mp4", "it cannot be written (no space left on device)", "It is kept.")


@pytest.mark.parametrize("error", [FULL, TOLD, RuntimeError("odd")])
@pytest.mark.parametrize("live_sink", [False, True])
def test_a_sink_that_breaks_ends_alone_while_others_go_on(animator, face, caplog, error, live_sink):
    way, report = animator(face)
    page, film = Collected(live=True), Breaking(error, name="film", live=live_sink)
    pipeline, runner = live(Clip(10_000, live=True, fps=30), way, [film, page], report)
    deadline = time.monotonic() + 60
    while not film.closed and time.monotonic() < deadline:
        time.sleep(0.01)
    shown = len(page.frames)
    while len(page.frames) < shown + 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    pipeline.stop()
    runner.join(PATIENCE)
    assert film.closed == 1
    assert len(page.frames) >= shown + 5
    np.testing.assert_array_equal(page.frames[-1].pixels, way.resting())
    (line,) = [record.getMessage() for record in caplog.records]
    assert str(error.strerror if error is FULL else error).lower() in line.lower()
    assert line.endswith("The run goes on without it")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("error", "kind"), [(FULL, UserError), (TOLD, UserError), (RuntimeError("odd"), RuntimeError)]
)
def test_the_last_sink_that_breaks_ends_a_live_run(animator, face, caplog, error, kind):
    way, report = animator(face)
    sinks = [Breaking(error, live=True), Breaking(error, good=6, live=True)]
    with pytest.raises(kind, match="(?i)" + re.escape(getattr(error, "strerror", None) or str(error))):
        LivePipeline(Clip(10_000, live=True, fps=30), way, sinks, report, fps=30).run()
    assert [sink.closed for sink in sinks] == [1, 1]
    assert len(caplog.records) == 1


def test_a_lossless_run_goes_on_with_the_others_and_says_so_at_the_end(animator, face):
    way, report = animator(face)
    film, other = Breaking(FULL), Collected()
    with pytest.raises(UserError, match="no space left"):
        run_lossless(Clip(10), way, [film, other], report)
    assert (film.closed, len(film.frames), len(other.frames)) == (1, 3, 10)


def test_a_lossless_run_ends_with_its_last_sink(animator, face):
    way, report = animator(face)
    film = Breaking(TOLD)
    with pytest.raises(UserError, match="It is kept"):
        run_lossless(Clip(10), way, [film], report)
    assert (film.closed, report.frames) == (1, 3)


def test_a_reaction_is_seen_in_the_pictures_and_goes_again(animator, face):
    """Hidden, so that nothing else moves: a wink, and then the portrait is as before."""
    from livecam.studio.reactions import opened

    way, report = animator(face, settings=Settings(motion=MotionSettings(idle=False)))
    still, out = way.resting().tobytes(), Collected(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=30), way, [out], report)
    try:
        pipeline.hidden = True
        until(lambda: report.frames > 3)
        until(lambda: out.frames[-1].pixels.tobytes() == still)
        pipeline.react(opened("wink"))
        until(lambda: out.frames[-1].pixels.tobytes() != still)
        until(lambda: out.frames[-1].pixels.tobytes() == still)
    finally:
        end(pipeline, runner)
    assert len({frame.pixels.tobytes() for frame in out.frames}) > 3


class Stuck(Clip):
    """A camera whose picture is always the same one from frame `at` on."""

    def __init__(self, at):
        super().__init__(10_000, live=True, fps=50)
        self._at = at

    def read(self):
        frame = super().read()
        if frame.index >= self._at:
            frame.pixels[0, 0, 0] = 255
        return frame


def test_a_camera_that_repeats_one_picture_has_stalled(animator, face, caplog):
    way, report = animator(face)
    out = Collected(live=True)
    pipeline, runner = live(Stuck(10), way, [out], report)
    until(lambda: pipeline.status().state is State.STALLED)
    until(lambda: not way.present)
    end(pipeline, runner)
    assert "repeats one picture" in caplog.text


def test_a_camera_that_blocks_has_stalled_and_does_not_hold_up_the_end(animator, face):
    way, report = animator(face)
    camera = Unplugged(5, lost=False)
    pipeline, runner = live(camera, way, [Collected(live=True)], report)
    until(lambda: pipeline.status().state is State.STALLED)
    pipeline.stop()
    runner.join(PATIENCE)  # the camera is still in its read
    assert not runner.is_alive()
    camera.released.set()


@pytest.mark.parametrize("error", [OSError("odd"), ValueError("odder")])
def test_a_camera_that_fails_in_any_way_is_waited_for(animator, face, error):
    class Odd(Clip):
        failed = 0

        def read(self):
            if self.failed < 2 and self._next == 3:
                self.failed += 1
                raise error
            return super().read()

    way, report = animator(face)
    out, camera = Collected(live=True), Odd(20, live=True, fps=50)
    _, runner = live(camera, way, [out], report)
    runner.join(PATIENCE)
    assert camera.failed == 2
    assert report.frames > 3


class Hangs:
    """A renderer that hangs in its `at`th picture until it is let go."""

    name = "hangs"

    def __init__(self, renderer, at):
        self._renderer, self._at, self._count, self.go = renderer, at, 0, threading.Event()

    def render(self, motion):
        self._count += 1
        if self._count == self._at:
            self.go.wait(PATIENCE)
        return self._renderer.render(motion)

    def close(self):
        pass


def test_while_drawing_hangs_the_portrait_at_rest_is_shown(animator, face):
    way, report = animator(turned(face, yaw=0.2))
    way._renderer = Hangs(way.renderer, 8)
    out = Collected(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=50), way, [out], report)
    until(lambda: pipeline.status().state is State.STALLED)
    until(lambda: np.array_equal(out.frames[-1].pixels, pipeline._resting))
    way._renderer.go.set()
    until(lambda: pipeline.status().state is State.LIVE)
    end(pipeline, runner)


class Draws:
    """A renderer whose pictures, from the `since`th to the `until`th, are what `wrong` makes of them."""

    name = "draws"

    def __init__(self, renderer, since, last, wrong):
        self._renderer, self._since, self._last, self._wrong, self._count = renderer, since, last, wrong, 0

    def render(self, motion):
        self._count += 1
        picture = self._renderer.render(motion)
        return self._wrong(picture) if self._since <= self._count < self._last else picture

    def close(self):
        pass


@pytest.mark.parametrize(
    "wrong", [np.zeros_like, lambda p: p[:-2], lambda p: p.astype(np.float32), lambda p: p[..., 0]]
)
def test_a_picture_that_is_none_is_never_shown(animator, face, wrong):
    way, report = animator(face)
    way._renderer = Draws(way.renderer, 6, 12, wrong)
    out = Collected(live=True)
    pipeline, runner = live(Clip(10_000, live=True, fps=50), way, [out], report)
    until(lambda: report.frames > 15)
    end(pipeline, runner)
    resting = way.resting()
    for frame in out.frames:
        assert frame.pixels.shape == resting.shape
        assert frame.pixels.dtype == np.uint8
        # Where the face is, the last good picture holds.
        assert np.abs(frame.pixels[::8, ::8].astype(int) - resting[::8, ::8]).mean() < 30


def test_what_fails_for_long_is_begun_anew_and_the_run_goes_on(animator, face, monkeypatch):
    monkeypatch.setattr("livecam.pipeline.stage.FAILURES", 3)
    way, report = animator(face)
    whole = way.renderer
    way._renderer = Draws(whole, 6, 10_000, np.zeros_like)
    out = Collected(live=True)
    pipeline = LivePipeline(Clip(10_000, live=True, fps=50), way, [out], report, fps=50.0)

    def renew():
        way._renderer = whole

    pipeline.drawing.renew = renew
    runner = threading.Thread(target=pipeline.run)
    runner.start()
    until(lambda: pipeline.status().state is State.RECOVERING)
    until(lambda: pipeline.drawing.renewed == 1 and pipeline.status().state is State.LIVE)
    end(pipeline, runner)
