"""What is tried on real devices, inside the guest: `device_cases.py RESULTS.json CASE...`.

Every case is a function that returns plain values; the tests on the host judge them. Cases share one guest,
for starting Python there takes most of the time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pattern
import readers

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat
from livecam.sinks.virtual_camera import VirtualCameraSink

HERE = Path(__file__).parent
SMALL, LARGE, SPARE, PRODUCT = "/dev/video10", "/dev/video11", "/dev/video12", "/dev/video13"


def writer(device: str, size: tuple[int, int], seconds: float, first: int = 0) -> subprocess.Popen:
    command = [
        sys.executable,
        str(HERE / "pattern.py"),
        device,
        *map(str, size),
        "30",
        str(seconds),
        str(first),
    ]
    return subprocess.Popen(command)


def livecam(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "livecam.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pixels_small() -> dict:
    return _pixels(SMALL, (640, 480))


def pixels_large() -> dict:
    return _pixels(LARGE, (1280, 720))


def _pixels(device: str, size: tuple[int, int]) -> dict:
    process = writer(device, size, 8)
    readers.wait_for_format(device)
    time.sleep(0.5)
    seen = readers.summary(readers.with_opencv(device), 4, pattern.bars(*size))
    return {**seen, "code": process.wait(60)}


def ffmpeg() -> dict:
    process = writer(SMALL, (640, 480), 7)
    time.sleep(2.5)
    seen = readers.summary(readers.with_ffmpeg(SMALL), 2, pattern.bars(640, 480))
    return {**seen, "code": process.wait(60)}


def two_readers_and_one_returns() -> dict:
    """Two at once; then one leaves and comes back."""
    process = writer(SMALL, (640, 480), 12)
    time.sleep(2.5)
    found: dict[str, dict] = {}

    def look(name: str, reader, seconds: float) -> None:
        found[name] = readers.summary(reader(SMALL), seconds)

    steady = threading.Thread(target=look, args=("steady", readers.with_opencv, 5))
    steady.start()
    look("first", readers.with_ffmpeg, 1.5)
    look("second", readers.with_ffmpeg, 1.5)
    steady.join(30)
    process.wait(60)
    return found


def writer_restarts() -> dict:
    """One reader stays; a writer ends and another one starts."""
    first = writer(SMALL, (640, 480), 4)
    time.sleep(2.5)
    found: dict = {}

    def look() -> None:
        found["steady"] = readers.summary(readers.with_opencv(SMALL), 7)

    steady = threading.Thread(target=look)
    steady.start()
    codes = [first.wait(60)]
    second = writer(SMALL, (640, 480), 5, first=5000)
    codes.append(second.wait(60))
    steady.join(30)
    return {**found["steady"], "codes": codes}


def another_size_under_a_reader() -> dict:
    """A reader holds the device at 640x480; a writer asks for 320x240: said in words, no crash."""
    process = writer(SMALL, (640, 480), 5)
    time.sleep(2.5)
    pictures = readers.with_opencv(SMALL)
    next(pictures)
    sink, why = VirtualCameraSink(SMALL), ""
    try:
        sink.open(SinkFormat(320, 240, 30))
    except UserError as error:
        why = str(error)
    after = [next(pictures).shape for _ in range(10)]
    sink.close()
    pictures.close()
    process.wait(60)
    return {"why": why, "shapes": [list(shape) for shape in set(after)]}


def device_vanishes() -> dict:
    """The device's file goes and comes back; nothing leaks meanwhile."""
    sink = VirtualCameraSink(SPARE)
    sink.open(SinkFormat(640, 480, 30))
    picture = pattern.bars(640, 480)
    sink.write(OutputFrame(picture, 0, 0))
    identity = os.stat(SPARE)
    before = len(os.listdir("/proc/self/fd"))
    os.unlink(SPARE)
    lost, deadline = 0, time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            sink.write(OutputFrame(picture, 1, 0))
        except SinkLost:
            lost += 1
        time.sleep(1 / 30)
    meanwhile = len(os.listdir("/proc/self/fd"))
    os.mknod(SPARE, identity.st_mode, identity.st_rdev)
    back, deadline = False, time.monotonic() + 5
    while not back and time.monotonic() < deadline:
        try:
            sink.write(OutputFrame(picture, 2, 0))
            back = True
        except SinkLost:
            time.sleep(1 / 30)
    after = len(os.listdir("/proc/self/fd"))
    sink.close()
    return {"lost": lost, "back": back, "open_files": [before, meanwhile, after]}


def errors() -> dict:
    """Each mistake in words."""
    said = {}
    mistakes = {"missing": "/dev/video77", "no device": "/dev/null", "unknown label": "no such label"}
    for name, which in mistakes.items():
        before = len(os.listdir("/proc/self/fd"))
        try:
            VirtualCameraSink(which).open(SinkFormat(640, 480, 30))
        except UserError as error:
            said[name] = str(error)
        said[f"{name} leaks"] = str(len(os.listdir("/proc/self/fd")) - before)
    sink = VirtualCameraSink("12")
    sink.open(SinkFormat(640, 480, 30))
    said["by number"] = sink.name
    sink.close()
    return said


def product() -> dict:
    """The whole program: the portrait moves, is killed under a waiting reader, starts again, ends at rest."""
    arguments = ("run", "--driver", "livecam/assets/driver.mp4", "--loop", "--sink", f"camera:{PRODUCT}")
    process = livecam(*arguments)
    readers.wait_for_format(PRODUCT)
    pictures = readers.with_opencv(PRODUCT)
    first, moved = _watch(pictures, 8)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    waiting: dict = {}

    def wait() -> None:
        waiting["frames"] = [next(pictures).shape for _ in range(20)]

    waiter = threading.Thread(target=wait)
    waiter.start()
    again = livecam(*arguments, "--report", "/tmp/report.json")
    waiter.join(60)
    second, moved_again = _watch(pictures, 4)
    last: list[np.ndarray] = []

    def until_the_end() -> None:
        for picture in pictures:
            last[:] = [picture]

    ending = threading.Thread(target=until_the_end)
    ending.start()
    again.send_signal(signal.SIGINT)
    _, words = again.communicate(timeout=60)
    ending.join(30)
    report = json.loads(Path("/tmp/report.json").read_text())
    return {
        "first": first,
        "second": second,
        "moved": moved,
        "moved_again": moved_again,
        "last_is_rest": _difference_to_rest(last[0]),
        "after_kill": len(waiting.get("frames", [])),
        "code": again.returncode,
        "words": words,
        "audio_offset_ms": report.get("audio_offset_ms"),
        "total": report["stages"]["total"],
    }


def _difference_to_rest(picture: np.ndarray) -> float:
    """Mean absolute difference, in levels of 255, to the bundled portrait at rest on the same canvas."""
    from livecam import assembly, motion
    from livecam.render.canvas import Canvas
    from livecam.render.choose import make_renderer

    persona = assembly.resolve(None, 512)
    renderer = make_renderer(persona, "auto")
    rest = Canvas(persona, (1280, 720)).place(renderer.render(motion.rest(persona.landmarks)))
    renderer.close()
    return float(np.abs(picture.astype(np.int16) - rest).mean())


def chromium() -> dict:
    """getUserMedia sees the whole program's moving portrait."""
    import browser

    process = livecam("run", "--driver", "livecam/assets/driver.mp4", "--loop", "--sink", "camera")
    readers.wait_for_format(SMALL)
    try:
        seen = browser.look()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    return {"result": seen}


def second_start() -> dict:
    """After `chromium`: another writer on the same device."""
    process = livecam("run", "--driver", "livecam/assets/driver.mp4", "--sink", "camera", "--max-frames", "5")
    _, words = process.communicate(timeout=60)
    return {"code": process.returncode, "words": words}


def _watch(pictures, seconds: float) -> tuple[dict, float]:
    """What was seen, and the mean over time of the largest change from one picture to the next."""
    changes: list[float] = []
    kept: list[np.ndarray] = []

    def looking():
        for picture in pictures:
            small = picture[::8, ::8].astype(np.int16)
            if kept:
                changes.append(float(np.abs(small - kept[0]).max()))
            kept[:] = [small]
            yield picture

    seen = readers.summary(looking(), seconds)
    return seen, float(np.mean(changes))


def main(results: Path, names: list[str]) -> None:
    found = {}
    for name in names:
        begun = time.monotonic()
        try:
            found[name] = globals()[name]()
        except Exception:
            found[name] = {"failed": traceback.format_exc()}
        found[name]["seconds"] = round(time.monotonic() - begun, 1)
        results.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
