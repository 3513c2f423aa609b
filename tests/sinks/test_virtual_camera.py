"""The virtual camera against a made-up pyvirtualcam: no device is needed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.sinks.virtual_camera import RETRY_SECONDS, VirtualCameraSink
from livecam.video_devices import VideoDevice

FORMAT = SinkFormat(64, 48, 30)
WEBCAM = VideoDevice(0, "HD Webcam")
OBS = VideoDevice(5, "OBS Cam", virtual=True)
OURS = VideoDevice(10, "livecam", virtual=True)


@dataclass
class Bench:
    """Devices, a clock that tests move, and what pyvirtualcam is told and does."""

    devices: list[VideoDevice] = field(default_factory=lambda: [WEBCAM, OBS, OURS])
    faults: dict[str, str] = field(default_factory=dict)
    error: str = ""
    send_fails: bool = False
    now: float = 100.0
    opened: list[dict] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sent: list[np.ndarray] = field(default_factory=list)
    closed: int = 0
    claimed: list[str] = field(default_factory=list)
    """Devices that some livecam has, ours or another one."""

    def claim(self, path: str) -> FakeClaim | None:
        if path in self.claimed:
            return None
        self.claimed.append(path)
        return FakeClaim(self, path)

    def sink(self, which: str = "", platform: str = "linux") -> VirtualCameraSink:
        return VirtualCameraSink(
            which,
            devices=lambda: self.devices,
            fault=lambda path, width, height: self.faults.get(path, ""),
            claim=self.claim,
            advice=lambda: "the doctor's advice",
            clock=lambda: self.now,
            platform=platform,
        )


@dataclass
class FakeClaim:
    bench: Bench
    path: str

    def release(self) -> None:
        self.bench.claimed.remove(self.path)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()

    class Camera:
        backend = "fake"

        def __init__(self, **options: object) -> None:
            made.opened.append(options)
            made.times.append(made.now)
            if made.error:
                raise RuntimeError(made.error)
            # Not under /dev, so that the sink's check for the device's file does not apply.
            self.device = "fake camera"

        def send(self, pixels: np.ndarray) -> None:
            if made.send_fails:
                raise RuntimeError("device vanished")
            made.sent.append(pixels)

        def close(self) -> None:
            made.closed += 1

    module = SimpleNamespace(Camera=Camera, PixelFormat=SimpleNamespace(RGB="RGB"))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return made


def a_frame(value: int = 9) -> OutputFrame:
    return OutputFrame(np.full((48, 64, 3), value, np.uint8), 0, 0)


def test_sends_rgb_in_one_format(bench: Bench) -> None:
    sink = bench.sink()
    sink.open(FORMAT)
    backwards = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)[:, ::-1]
    sink.write(OutputFrame(backwards, 0, 0))
    sink.close()
    sink.close()
    assert bench.opened == [{"width": 64, "height": 48, "fps": 30, "fmt": "RGB", "device": "/dev/video10"}]
    assert np.array_equal(bench.sent[0], backwards)
    assert bench.sent[0].flags.c_contiguous
    assert bench.closed == 1
    assert sink.name == "virtual camera fake camera"


@pytest.mark.parametrize(
    ("which", "platform", "device"),
    [
        ("", "linux", "/dev/video10"),
        ("obs", "linux", "/dev/video5"),
        ("5", "linux", "/dev/video5"),
        ("/dev/video7", "linux", "/dev/video7"),
        ("", "win32", None),
        ("Unity Video Capture", "win32", "Unity Video Capture"),
        ("", "darwin", None),
    ],
)
def test_which_device(bench: Bench, which: str, platform: str, device: str | None) -> None:
    bench.sink(which, platform).open(FORMAT)
    assert bench.opened[0]["device"] == device


def test_any_device_where_none_has_our_label(bench: Bench) -> None:
    bench.devices = [WEBCAM, OBS]
    bench.sink().open(FORMAT)
    assert bench.opened[0]["device"] == "/dev/video5"


def test_the_first_that_is_free(bench: Bench) -> None:
    bench.faults = {"/dev/video10": "sending"}
    bench.sink().open(FORMAT)
    assert bench.opened[0]["device"] == "/dev/video5"


def test_none_of_several_is_free(bench: Bench) -> None:
    bench.faults = {"/dev/video10": "sending", "/dev/video5": "stuck"}
    with pytest.raises(UserError, match=r"/dev/video10 \(sending\), /dev/video5 \(stuck\)"):
        bench.sink().open(FORMAT)
    bench.faults["/dev/video5"] = "sending"
    with pytest.raises(UserError, match=r"of 5 \(OBS Cam\), 10 \(livecam\) each: another program"):
        bench.sink().open(FORMAT)
    assert bench.opened == []


def test_a_webcam_is_no_virtual_camera(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"no virtual camera of that name.*5 \(OBS Cam\), 10 \(livecam\)"):
        bench.sink("HD Webcam").open(FORMAT)


@pytest.mark.parametrize(
    ("which", "fault", "why", "todo"),
    [
        ("/dev/video10", "missing", "no such device", "5 (OBS Cam), 10 (livecam)"),
        ("/dev/null", "no device", "not a video device", "10 (livecam)"),
        ("/dev/video10", "permission", "may not write", "usermod -aG video"),
        ("/dev/video10", "busy", "too many", "Close some"),
        ("/dev/video10", "sending", "another program", "Close that"),
        ("/dev/video0", "sending", "a real camera", "10 (livecam)"),
        ("/dev/video10", "stuck", "before 0.15 with exclusive_caps=1", "modprobe -r v4l2loopback"),
        ("/dev/video10", "size", "another size, not 64x48", "Close the programs"),
        ("/dev/video10", "silent", "does not answer", "modprobe -r v4l2loopback"),
    ],
)
def test_faults_in_words(bench: Bench, which: str, fault: str, why: str, todo: str) -> None:
    bench.faults[which] = fault
    with pytest.raises(UserError) as error:
        bench.sink(which).open(FORMAT)
    assert why in error.value.why
    assert todo in error.value.todo
    assert bench.opened == []  # a failed open of pyvirtualcam leaks a descriptor


@pytest.mark.parametrize("which", ["", "livecam"])
def test_no_virtual_camera_at_all(bench: Bench, which: str) -> None:
    bench.devices = [WEBCAM]
    with pytest.raises(UserError, match=r"no virtual camera.*the doctor's advice"):
        bench.sink(which).open(FORMAT)


def test_there_is_advice_where_nobody_gives_one() -> None:
    with pytest.raises(UserError, match=r"modprobe v4l2loopback .*camera-setup"):
        VirtualCameraSink(devices=lambda: [], platform="linux").open(FORMAT)


def test_an_error_of_the_library_is_passed_on_in_one_line(bench: Bench) -> None:
    bench.error = "something new\nand unheard of"
    with pytest.raises(UserError, match=r"something new; and unheard of.*modprobe -r"):
        bench.sink().open(FORMAT)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_point_to_obs(bench: Bench, platform: str) -> None:
    bench.error = "'obs' backend: could not start\n'unitycapture' backend: not registered"
    with pytest.raises(UserError) as error:
        bench.sink(platform=platform).open(FORMAT)
    assert "could not start; 'unitycapture' backend: not registered" in error.value.why
    assert "OBS Studio" in error.value.todo


@pytest.mark.parametrize(("width", "height"), [(63, 48), (64, 47)])
def test_odd_sizes(bench: Bench, width: int, height: int) -> None:
    with pytest.raises(UserError, match="odd side"):
        bench.sink().open(SinkFormat(width, height, 30))
    assert bench.opened == []


def test_a_device_of_another_livecam_is_left_alone(bench: Bench) -> None:
    bench.claimed = ["/dev/video10"]
    bench.sink().open(FORMAT)
    assert bench.opened[0]["device"] == "/dev/video5"
    for which in ("livecam", "/dev/video10", "5"):
        with pytest.raises(UserError, match=r"another livecam sends to it. Stop that one, or name another"):
            bench.sink(which).open(FORMAT)
    assert len(bench.opened) == 1


def test_a_claim_lasts_as_long_as_the_device_is_open(bench: Bench) -> None:
    sink = bench.sink()
    sink.open(FORMAT)
    assert bench.claimed == ["/dev/video10"]
    bench.send_fails = True
    with pytest.raises(SinkLost):
        sink.write(a_frame())
    assert bench.claimed == []
    bench.send_fails, bench.now = False, bench.now + RETRY_SECONDS
    sink.write(a_frame())
    assert bench.claimed == ["/dev/video10"]
    sink.close()
    assert bench.claimed == []
    bench.error = "refused"
    with pytest.raises(UserError, match="refused"):
        bench.sink().open(FORMAT)
    assert bench.claimed == []


def test_lost_and_back(bench: Bench) -> None:
    sink = bench.sink()
    sink.open(FORMAT)
    bench.send_fails, bench.faults = True, {"/dev/video10": "missing", "/dev/video5": "sending"}
    with pytest.raises(SinkLost, match="vanished"):
        sink.write(a_frame())
    assert bench.closed == 1
    for _ in range(75):  # two and a half seconds of ticks
        bench.now += 1 / 30
        with pytest.raises(SinkLost):
            sink.write(a_frame())
    assert len(bench.opened) == 1
    bench.send_fails, bench.faults = False, {}
    bench.now += RETRY_SECONDS
    sink.write(a_frame(77))
    assert bench.sent[-1][0, 0, 0] == 77
    assert bench.opened[-1] == bench.opened[0]


def test_failed_attempts_are_a_second_apart(bench: Bench) -> None:
    sink = bench.sink()
    sink.open(FORMAT)
    bench.send_fails, bench.error = True, "refused"
    for _ in range(75):  # two and a half seconds of ticks
        with pytest.raises(SinkLost):
            sink.write(a_frame())
        bench.now += 1 / 30
    assert len(bench.times) == 3
    assert min(np.diff(bench.times)) >= RETRY_SECONDS


def test_a_device_that_is_gone_or_another_one_now(bench: Bench) -> None:
    sink = bench.sink()
    sink.open(FORMAT)
    sink._camera.device = "/dev/video77"
    sink._identity = (81, 1)
    with pytest.raises(SinkLost, match="is gone"):
        sink.write(a_frame())
    assert bench.sent == []
    assert bench.closed == 1


def test_write_before_open_is_our_own_mistake(bench: Bench) -> None:
    with pytest.raises(ValueError, match="not open"):
        bench.sink().write(a_frame())


def test_missing_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(UserError, match="pyvirtualcam cannot be loaded"):
        VirtualCameraSink(devices=lambda: []).open(FORMAT)
