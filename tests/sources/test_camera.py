"""The webcam source against a made-up cv2.VideoCapture: no camera is needed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from livecam.errors import SourceLost, UserError
from livecam.sources import open_source
from livecam.sources.camera import BAD_PICTURES, RETRY_SECONDS, CameraSource
from livecam.video_devices import VideoDevice

WEBCAM = VideoDevice(0, "HD Webcam: HD Webcam")
METADATA = VideoDevice(1, "HD Webcam: HD Webcam", secondary=True)
PHONE = VideoDevice(4, "Droidcam", virtual=True)
OURS = VideoDevice(10, "livecam", virtual=True)


@dataclass
class Bench:
    """A desk with cameras on it: what is plugged in, what opens, and a clock that only tests move."""

    devices: list[VideoDevice] = field(default_factory=lambda: [WEBCAM, METADATA])
    opens: bool = True
    gives: bool = True
    damaged: int = 0
    """How many of the next pictures cannot be decoded."""
    now: int = 5_000_000_000
    stamp_ms: float = 0.0
    properties: dict[int, float] = field(default_factory=dict)
    opened: list[tuple[int, int, int]] = field(default_factory=list)
    """(number, backend, when in nanoseconds) of each attempt."""
    released: int = 0
    working_backend: int | None = None

    def pause(self, seconds: float) -> bool:
        self.now += round(seconds * 1e9)
        return False

    def capture(self, number: int, backend: int) -> FakeCapture:
        self.opened.append((number, backend, self.now))
        plugged = number in [device.number for device in self.devices]
        works = self.working_backend in (None, backend)
        return FakeCapture(self, self.opens and plugged and works)

    def source(self, which: str = "", **options: object) -> CameraSource:
        return CameraSource(
            which,
            capture=self.capture,
            devices=lambda: list(self.devices),
            clock=lambda: self.now,
            pause=self.pause,
            **{"platform": "linux", **options},
        )


class FakeCapture:
    """A camera that gives 640x480 whatever is asked for; its pictures are pure blue in OpenCV's BGR."""

    def __init__(self, bench: Bench, opened: bool) -> None:
        self.bench, self.opened = bench, opened

    def isOpened(self) -> bool:
        return self.opened

    def set(self, prop: int, value: float) -> bool:
        self.bench.properties[prop] = value
        return True

    def get(self, prop: int) -> float:
        return {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV")),
            cv2.CAP_PROP_POS_MSEC: self.bench.stamp_ms,
        }[prop]

    def grab(self) -> bool:
        self.bench.now += 33_000_000
        return self.opened and self.bench.gives

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        if self.bench.damaged:
            self.bench.damaged -= 1
            return False, None
        picture = np.zeros((480, 640, 3), np.uint8)
        picture[..., 0] = 255
        return True, picture

    def release(self) -> None:
        self.opened = False
        self.bench.released += 1


def test_frames_are_rgb_with_growing_times() -> None:
    bench = Bench()
    with bench.source() as source:
        first, second = source.read(), source.read()
    assert first.pixels.shape == (480, 640, 3)
    assert first.pixels[0, 0].tolist() == [0, 0, 255]
    assert (first.width, first.height) == (640, 480)
    assert (first.index, second.index) == (0, 1)
    assert second.capture_ns - first.capture_ns == 33_000_000
    assert second.capture_ns == bench.now


def test_asks_for_what_was_wanted_and_tells_what_it_got() -> None:
    bench = Bench()
    source = bench.source(fps=60, size=(1280, 720))
    asked = bench.properties
    # Sizes are looked up among those of the pixel format, so that comes first.
    assert next(iter(asked)) == cv2.CAP_PROP_FOURCC
    assert asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert (asked[cv2.CAP_PROP_FRAME_WIDTH], asked[cv2.CAP_PROP_FRAME_HEIGHT]) == (1280, 720)
    assert asked[cv2.CAP_PROP_FPS] == 60
    info = source.info
    assert (info.width, info.height, info.fps, info.live, info.mirror) == (640, 480, 30.0, True, True)
    assert info.detail == "V4L2, YUYV 640x480 at 30"
    assert info.name == "camera 0 (HD Webcam: HD Webcam)"


def test_small_by_default() -> None:
    bench = Bench()
    bench.source()
    assert bench.properties[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert bench.properties[cv2.CAP_PROP_FPS] == 30


@pytest.mark.parametrize(
    ("stamp_ns_before_now", "used"),
    [(0, True), (8_000_000, True), (2_000_000_000, False), (-5_000_000, False)],
    ids=["now", "8 ms ago", "another clock, behind", "another clock, ahead"],
)
def test_the_driver_s_own_time_where_plausible(stamp_ns_before_now: int, used: bool) -> None:
    bench = Bench()
    source = bench.source()
    arrival = bench.now + 33_000_000
    bench.stamp_ms = (arrival - stamp_ns_before_now) / 1e6
    frame = source.read()
    assert frame.capture_ns == (arrival - stamp_ns_before_now if used else arrival)


def test_times_grow_even_if_the_driver_repeats_one() -> None:
    bench = Bench()
    source = bench.source()
    bench.stamp_ms = (bench.now + 1_000_000) / 1e6
    times = [source.read().capture_ns for _ in range(3)]
    assert times[0] < times[1] < times[2]


@pytest.mark.parametrize(
    "jump_ns", [-3_600 * 10**9, -300_000_000, None], ids=["back an hour", "back .3 s", "still"]
)
def test_times_go_on_where_the_driver_s_own_go_back_or_stand_still(jump_ns: int | None) -> None:
    """The time of the bench goes on by 33 ms a picture."""
    bench = Bench()
    source = bench.source()
    times, stamp = [], 0
    for k in range(12):
        if k < 4 or jump_ns is not None:
            stamp = bench.now + 33_000_000 - 8_000_000 + (jump_ns or 0) * (k >= 4)
        bench.stamp_ms = stamp / 1e6
        times.append(source.read().capture_ns)
    steps = {b - a for a, b in itertools.pairwise(times)}
    assert steps == {33_000_000}


@pytest.mark.parametrize(
    ("which", "devices", "number"),
    [
        ("", [WEBCAM, METADATA], 0),
        ("", [VideoDevice(0, "livecam", virtual=True), VideoDevice(2, "USB")], 2),
        ("", [VideoDevice(0, "Droidcam", virtual=True), VideoDevice(2, "USB")], 2),
        ("", [PHONE, OURS], 4),
        ("10", [WEBCAM, OURS], 10),
        ("droid", [WEBCAM, PHONE], 4),
        ("hd WEBCAM", [VideoDevice(0, "HD Webcam", secondary=True), VideoDevice(1, "HD Webcam")], 1),
        ("/dev/video4", [WEBCAM, PHONE], 4),
    ],
)
def test_choice(which: str, devices: list[VideoDevice], number: int) -> None:
    bench = Bench(devices=devices)
    bench.source(which)
    assert bench.opened[0][0] == number


@pytest.mark.parametrize(
    ("which", "devices", "expected"),
    [
        ("", [], "no camera was found"),
        ("3", [], "no camera was found"),
        ("3", [WEBCAM, METADATA], "Cameras here: 0 (HD Webcam: HD Webcam)."),
        ("logitech", [WEBCAM], "there is no such camera"),
        ("", [OURS], "no camera was found"),
    ],
)
def test_no_such_camera(which: str, devices: list[VideoDevice], expected: str) -> None:
    with pytest.raises(UserError) as error:
        Bench(devices=devices).source(which)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_open_source_takes_camera_words(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(
        "livecam.sources.camera.CameraSource", lambda which, **options: seen.append((which, options))
    )
    for word in ("camera", "camera:2", "camera: HD "):
        open_source(word, fps=25, size=(320, 240))
    options = {"fps": 25, "size": (320, 240)}
    assert seen == [("", options), ("2", options), ("HD", options)]
    with pytest.raises(UserError, match="no camera follows"):
        open_source("camera:")


def test_busy_camera() -> None:
    bench = Bench(gives=False)
    with pytest.raises(UserError, match="another program may be using it"):
        bench.source()
    assert bench.released == len(bench.opened)


def test_second_backend_on_windows() -> None:
    bench = Bench(working_backend=cv2.CAP_DSHOW)
    source = bench.source(platform="win32")
    assert [backend for _, backend, _ in bench.opened] == [cv2.CAP_MSMF, cv2.CAP_DSHOW]
    assert source.info.detail.startswith("DirectShow")


def test_other_systems_probe_for_the_error_message() -> None:
    with pytest.raises(UserError, match="Cameras here: 0, 1"):
        Bench().source("7", platform="darwin")
    with pytest.raises(UserError, match="by number"):
        Bench().source("HD", platform="win32")


def test_unplugged_and_back() -> None:
    bench = Bench()
    source = bench.source()
    before = source.read()
    bench.gives = False
    bench.devices = []
    with pytest.raises(SourceLost, match="camera 0"):
        source.read()
    bench.opened.clear()
    for _ in range(3):
        with pytest.raises(SourceLost, match="is not there"):
            source.read()
    assert bench.opened == []
    bench.gives, bench.devices = True, [WEBCAM]
    after = source.read()
    assert after.index == before.index + 1
    assert after.capture_ns > before.capture_ns


def test_found_again_under_another_number() -> None:
    bench = Bench()
    source = bench.source("0")
    bench.devices = [VideoDevice(0, "Another camera"), VideoDevice(6, WEBCAM.label)]
    bench.gives = False
    with pytest.raises(SourceLost):
        source.read()
    bench.gives = True
    source.read()
    assert bench.opened[-1][0] == 6


def test_reopens_at_most_twice_a_second() -> None:
    bench = Bench()
    source = bench.source()
    bench.gives = False
    bench.opened.clear()
    for _ in range(5):
        with pytest.raises(SourceLost):
            source.read()
    times = [when for _, _, when in bench.opened]
    assert len(times) == 4
    assert min(np.diff(times)) >= RETRY_SECONDS * 1e9


def test_released_when_lost() -> None:
    """A device that is still held open cannot get its number back."""
    bench = Bench()
    source = bench.source()
    bench.gives = False
    with pytest.raises(SourceLost):
        source.read()
    assert bench.released == 1


@pytest.mark.parametrize(("damaged", "lost"), [(BAD_PICTURES - 1, False), (BAD_PICTURES, True)])
def test_damaged_pictures_are_skipped_for_a_while(damaged: int, lost: bool) -> None:
    bench = Bench()
    source = bench.source()
    bench.damaged = damaged
    if lost:
        with pytest.raises(SourceLost):
            source.read()
    else:
        assert source.read().index == 0


def test_closed_camera_gives_nothing() -> None:
    bench = Bench()
    source = bench.source()
    source.close()
    source.close()
    assert source.read() is None
    assert bench.released == 1


def test_close_ends_the_wait_for_a_lost_camera() -> None:
    bench = Bench()
    source = bench.source()
    bench.gives = False
    with pytest.raises(SourceLost):
        source.read()

    def pause(_: float) -> bool:
        source.close()
        return True

    source._pause = pause
    bench.opened.clear()
    assert source.read() is None
    assert bench.opened == []


def test_grey_cameras_and_exceptions() -> None:
    class Grey(FakeCapture):
        def retrieve(self) -> tuple[bool, np.ndarray]:
            return True, np.full((4, 6), 77, np.uint8)

    class Throwing(FakeCapture):
        def grab(self) -> bool:
            raise cv2.error("device gone")

    def with_kind(kind: type[FakeCapture]) -> Callable[[], CameraSource]:
        bench = Bench()
        return lambda: CameraSource(
            capture=lambda number, backend: kind(bench, True), devices=lambda: [WEBCAM], platform="linux"
        )

    assert with_kind(Grey)().read().pixels.tolist() == np.full((4, 6, 3), 77).tolist()
    with pytest.raises(UserError, match="gives no picture"):
        with_kind(Throwing)()
