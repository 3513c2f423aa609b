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
import tempfile
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
PATIENCE = 180.0
"""Seconds for what should take a few: the guest has one processor, and the host may be busy."""
AGAIN = 5000
"""First number of a second writer."""
MOVED = 30
"""Change of a pixel, of 255, that mouth or lids make within a frame or two; a portrait at rest gives 0."""
MOVES = 6
"""So many changes are a portrait that moves. On a busy machine most pictures repeat the last one."""
LONGEST_WAIT = 3600
"""Pictures: two minutes of a portrait that waits for its driver."""
REST = 3.0
"""Levels of 255, the mean over all pixels; noise of the colours' way there and back is below one."""
SMALL, LARGE, SPARE, PRODUCT = "/dev/video10", "/dev/video11", "/dev/video12", "/dev/video13"


class Writer:
    """`pattern.py` in its own process, from its first picture until `stop` or the end of the block."""

    def __init__(self, device: str, size: tuple[int, int], first: int = 0):
        numbers = [*map(str, size), "30", str(first)]
        command = [sys.executable, str(HERE / "pattern.py"), device, *numbers]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "sending\n":
            raise RuntimeError(f"nothing is sent to {device}")

    def stop(self) -> int:
        """Its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def livecam(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "livecam.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pixels_small() -> dict:
    return _pixels(SMALL, (640, 480))


def pixels_large() -> dict:
    return _pixels(LARGE, (1280, 720))


def _pixels(device: str, size: tuple[int, int]) -> dict:
    with Writer(device, size) as writer:
        seen = readers.summary(readers.with_opencv(device), 90, pattern.bars(*size))
        return {**seen, "code": writer.stop()}


def ffmpeg() -> dict:
    with Writer(SMALL, (640, 480)):
        return readers.summary(readers.with_ffmpeg(SMALL), 45, pattern.bars(640, 480))


def two_readers_and_one_returns() -> dict:
    """Two at once; then one leaves and comes back."""
    found: dict[str, dict] = {}

    def look(name: str, reader, count: int) -> None:
        found[name] = readers.summary(reader(SMALL), count)

    with Writer(SMALL, (640, 480)):
        steady = threading.Thread(target=look, args=("steady", readers.returning, 120))
        steady.start()
        look("first", readers.with_ffmpeg, 30)
        look("second", readers.with_ffmpeg, 30)
        steady.join(3 * PATIENCE)  # it may have been opened anew, each time after OpenCV's own limit
    return found


def writer_restarts() -> dict:
    """One reader stays; a writer ends and another one starts."""
    pictures = readers.with_opencv(SMALL)
    with Writer(SMALL, (640, 480)) as writer:
        first = readers.summary(pictures, 30)
        codes = [writer.stop()]
    with Writer(SMALL, (640, 480), first=AGAIN) as writer:
        # A buffer or two of the first writer may still be waiting.
        second = readers.summary(pictures, 60)
        codes.append(writer.stop())
    pictures.close()
    return {"before": first, "after": second, "codes": codes}


def another_size_under_a_reader() -> dict:
    """A reader holds the device at 640x480; a writer asks for 320x240: said in words, no crash."""
    with Writer(SMALL, (640, 480)):
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
    lost, deadline = 0, time.monotonic() + PATIENCE
    while lost < 100 and time.monotonic() < deadline:
        try:
            sink.write(OutputFrame(picture, 1, 0))
        except SinkLost:
            lost += 1
        time.sleep(1 / 30)
    meanwhile = len(os.listdir("/proc/self/fd"))
    os.mknod(SPARE, identity.st_mode, identity.st_rdev)
    back, deadline = False, time.monotonic() + PATIENCE
    while not back and time.monotonic() < deadline:
        try:
            sink.write(OutputFrame(picture, 2, 0))
            back = True
        except SinkLost:
            time.sleep(1 / 30)
    after = len(os.listdir("/proc/self/fd"))
    seen: dict = {}
    reader = threading.Thread(target=lambda: seen.update(readers.summary(readers.with_opencv(SPARE), 10)))
    reader.start()
    while reader.is_alive() and time.monotonic() < deadline:
        sink.write(OutputFrame(picture, 3, 0))
        time.sleep(1 / 30)
    sink.close()
    open_files = [before, meanwhile, after]
    return {"lost": lost, "back": back, "open_files": open_files, "black": seen.get("black")}


def second_livecam() -> dict:
    """exclusive_caps=0: the driver would take a second writer; the first one goes on undisturbed."""
    arguments = ("run", "--driver", "livecam/assets/driver.mp4", "--sink", f"camera:{SMALL}")
    with Writer(SMALL, (640, 480)):
        process = livecam(*arguments, "--canvas", "640x480", "--max-frames", "5")
        _, words = process.communicate(timeout=PATIENCE)
        seen = readers.summary(readers.with_opencv(SMALL), 15, pattern.bars(640, 480))
    after = livecam(*arguments, "--canvas", "640x480", "--max-frames", "5")
    _, later = after.communicate(timeout=PATIENCE)
    found = {"code": process.returncode, "words": words, "seen": seen}
    return {**found, "after": after.returncode, "words_after": later}


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
    first = _watch(pictures)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    again = livecam(*arguments, "--report", "/tmp/report.json")
    waited = [next(pictures).shape for _ in range(20)]
    second = _watch(pictures)
    last: list[np.ndarray] = []

    def until_the_end() -> None:
        for picture in pictures:
            last[:] = [picture]

    threading.Thread(target=until_the_end, daemon=True).start()
    again.send_signal(signal.SIGINT)
    _, words = again.communicate(timeout=PATIENCE)
    rest = _portrait_at_rest()
    deadline = time.monotonic() + PATIENCE  # the reader takes what still waits
    while (difference := float(np.abs(last[0] - rest).mean())) >= REST and time.monotonic() < deadline:
        time.sleep(0.1)
    report = json.loads(Path("/tmp/report.json").read_text())
    return {
        "first": first,
        "second": second,
        "last_is_rest": difference < REST,
        "after_kill": len(waited),
        "code": again.returncode,
        "words": words,
        "audio_offset_ms": report.get("audio_offset_ms"),
        "total": report["stages"]["total"],
    }


def studio() -> dict:
    """As somebody new would: the Studio is opened, a picture dropped, chosen, calibrated, its background
    blurred, and the virtual camera turned on. Seconds of each step, and what a reader sees then."""
    from urllib.request import Request, urlopen

    from livecam.control import client, door

    # The guest's own folders lie over the host's, and folders there cannot be renamed.
    os.environ["LIVECAM_DATA"] = tempfile.mkdtemp()
    steps: dict[str, float] = {}
    begun = time.monotonic()

    def done(step: str) -> None:
        nonlocal begun
        steps[step] = round(time.monotonic() - begun, 1)
        begun = time.monotonic()

    def until(holds) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise RuntimeError(f"it did not come after {steps}")
            time.sleep(0.2)

    def running() -> bool:
        try:
            return client.ask(door.find(), "api/status")["state"] == "live"
        except UserError:
            return False

    process = livecam("studio", "--size", "256")
    try:
        until(running)
        done("opened")
        there = door.find()

        def ask(path: str, told: dict | None = None):
            return client.ask(there, path, told)

        picture = Path("livecam/assets/portraits/photograph.jpg").read_bytes()
        with urlopen(Request(f"{there.address}api/uploads?name=me.jpg", picture)) as answer:
            upload = json.load(answer)["upload"]
        job = ask("api/personas", {"name": "", "uploads": [upload]})["job"]

        def enrolled() -> bool:
            jobs = {one["id"]: one for one in ask("api/jobs")["jobs"]}
            assert jobs[job]["state"] != "failed", jobs[job]
            return jobs[job]["state"] == "done"

        until(enrolled)
        done("enrolled")
        ask("api/controls/persona", {"value": "me"})
        ask("api/controls/background", {"value": "blurred"})
        until(lambda: not ask("api/status")["busy"])
        done("chosen, background blurred")
        ask("api/controls/calibrate", {})
        time.sleep(2)
        done("calibrated")
        ask("api/controls/camera-out", {"value": True})
        readers.wait_for_format(SMALL)
        last: list[np.ndarray] = []

        def kept(pictures):
            for picture in pictures:
                last[:] = [picture]
                yield picture

        seen = _watch(kept(readers.with_opencv(SMALL)))
        done("seen by a caller")
        ask("api/controls/quit", {})
        _, words = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    corner = np.s_[:120, :200]
    wanted = _blurred_wall()[corner]
    return {
        "steps": steps,
        "seen": seen,
        "code": process.returncode,
        "words": words,
        "wall": float(np.abs(last[0][corner].astype(np.int16) - wanted).mean()),
    }


def _blurred_wall() -> np.ndarray:
    """720 x 1280 x 3 int16: what is behind that portrait, blurred."""
    from livecam.persona.opening import open_persona
    from livecam.render.backdrop import Framing
    from livecam.render.canvas import PictureCanvas

    canvas = PictureCanvas(open_persona("me", 256), (1280, 720), Framing(background="blurred"))
    return canvas.place(canvas.persona.background).astype(np.int16)


def _portrait_at_rest() -> np.ndarray:
    """720 x 1280 x 3 int16: the bundled portrait on the same canvas."""
    from livecam.motion.types import rest
    from livecam.persona.opening import open_persona
    from livecam.render.canvas import PictureCanvas
    from livecam.render.choose import make_renderer

    persona = open_persona(None, 512)
    renderer = make_renderer(persona, "auto")
    picture = PictureCanvas(persona, (1280, 720)).place(renderer.render(rest(persona.landmarks)))
    renderer.close()
    return picture.astype(np.int16)


def chromium() -> dict:
    """getUserMedia sees the whole program's moving portrait."""
    import browser

    process = livecam("run", "--driver", "livecam/assets/driver.mp4", "--loop", "--sink", "camera")
    readers.wait_for_format(SMALL)
    try:
        seen = browser.look()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    return {"result": seen}


def second_start() -> dict:
    """After `chromium`: another writer on the same device."""
    process = livecam("run", "--driver", "livecam/assets/driver.mp4", "--sink", "camera", "--max-frames", "5")
    _, words = process.communicate(timeout=PATIENCE)
    return {"code": process.returncode, "words": words}


def _watch(pictures) -> dict:
    """All that was seen until the portrait had moved `MOVES` times; "moved": how often it did."""
    changes: list[float] = []
    """The largest change of a pixel from each picture to the next, of 255."""

    def looking():
        before = None
        for picture in pictures:
            small = picture[::8, ::8].astype(np.int16)
            if before is not None:
                changes.append(float(np.abs(small - before).max()))
            before = small
            yield picture
            if sum(change > MOVED for change in changes) >= MOVES:
                return

    return readers.summary(looking(), LONGEST_WAIT) | {"moved": sum(change > MOVED for change in changes)}


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
