"""Cameras that come and go while the Studio runs: what is offered, and who is taken."""

from __future__ import annotations

import pytest

from livecam.control import Registry
from livecam.control.catalogue import CATALOGUE
from livecam.studio.cameras import DEMO, CameraWatch, offered, real_cameras
from livecam.video_devices import VideoDevice

WEBCAM = VideoDevice(0, "HD Webcam")
METADATA = VideoDevice(1, "HD Webcam", secondary=True)
LOOPBACK = VideoDevice(10, "livecam", virtual=True)


def values(choices):
    return [one.value for one in choices if not one.why]


def test_what_may_be_a_camera():
    assert real_cameras(lambda: [WEBCAM, METADATA, LOOPBACK]) == [WEBCAM]


def test_what_is_offered():
    assert values(offered([WEBCAM], "camera", "linux")) == ["camera", "camera:0", DEMO]
    assert values(offered([], "camera", "linux")) == [DEMO]
    assert values(offered([], "film.mp4", "linux")) == [DEMO, "film.mp4"]
    # Elsewhere the system does not list them, and none is opened to count them.
    assert values(offered([], "camera", "darwin"))[:2] == ["camera", "camera:0"]


@pytest.mark.parametrize("stands_in", [True, False])
def test_a_camera_that_appears_is_taken_where_the_demo_stands_in(stands_in):
    registry, devices, news = Registry(CATALOGUE, {"camera": DEMO}), [LOOPBACK], []
    asked: list[object] = []
    registry.handle("camera", asked.append)
    watch = CameraWatch(registry, lambda: news.append(True), lambda: devices, stands_in)
    watch.look()
    assert (asked, news) == ([], [])
    devices.append(WEBCAM)
    watch.look()
    assert asked == (["camera"] if stands_in else [])
    assert registry.value("camera") == ("camera" if stands_in else DEMO)
    assert news == [True]  # the checklist is looked at anew
    watch.look()
    assert news == [True]
    devices.remove(WEBCAM)
    watch.look()
    assert news == [True, True]


def test_the_user_s_own_choice_of_the_demo_stays():
    registry, devices = Registry(CATALOGUE, {"camera": DEMO}), [WEBCAM]
    watch = CameraWatch(registry, lambda: None, lambda: devices, stands_in=True)
    watch.look()  # it was there from the start, so it is taken once
    registry.set("camera", DEMO)
    devices.append(VideoDevice(2, "Another"))
    watch.look()
    assert registry.value("camera") == DEMO
