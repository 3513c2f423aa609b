"""The guest's end of the relay: pictures from a folder of the host into the guest's virtual camera.

python -m livecam.benchmarks.glass_to_glass.relay_guest FOLDER WIDTH HEIGHT FPS

`relay_host` on the host puts the newest picture, as YUV 4:2:0, into a file `picture` by renaming;
here it is renamed once more and so taken: whatever the guest was too slow for has been replaced meanwhile.
Every file is new, for a guest remembers a file's content. Requests come the same way. A byte on a serial line
says that there is something; looking every half millisecond would take a fifth of one of the host's cores
(measured). Light on imports: all of this happens on one slow processor.
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEVICE = "/dev/video10"
"""The one that `tests/virtual_camera/vcam_vm.sh` makes."""
HEADER = struct.Struct("<qq")
"""Before each picture: its number, and the host's monotonic time in nanoseconds when it was handed over."""
PICTURE, REQUEST, ANSWER, PING, PONG, READY = "picture", "request", "answer", "ping", "pong.", "ready"
BELL = "/dev/tty3"
"""The other end of `VCAM_VM_BELL`."""
LOOK_S = 0.02
"""Between two looks where nobody rings; a reader that has ended does not."""
LONELY_S = 300.0
"""Without a picture or a request: the host has been killed."""
PING_S = 10.0

Note = tuple[int, int, int, int, int]
"""Of one picture: number, time handed over (the host's clock), found, read, sent (the guest's), in ns."""


def put(folder: Path, name: str, *parts: bytes | memoryview) -> None:
    """Make a file that is complete when it appears; one of that name that nobody has taken is replaced."""
    new = folder / f"new.{name}"
    with open(new, "wb", buffering=0) as file:
        for part in parts:
            file.write(part)
    os.rename(new, folder / name)


def take(folder: Path, name: str) -> bytes | None:
    """A file's content, once; None while there is none."""
    taken = folder / f"taken.{name}"
    try:
        os.rename(folder / name, taken)
    except FileNotFoundError:
        return None
    content = taken.read_bytes()
    taken.unlink()
    return content


class Relay:
    """Passes pictures on until it is told to stop."""

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int],
        send: Callable[[NDArray[np.uint8]], None],
        reader: Sequence[str],
        wait: Callable[[float], object] = time.sleep,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`send` takes one picture; `reader` is a command that understands --seconds and --out; `wait`
        returns after so many seconds or as soon as something may be there."""
        self._folder, self._send, self._reader, self._wait = folder, send, reader, wait
        self._clock_ns = clock_ns
        self._picture, self._taken = str(folder / PICTURE), str(folder / f"taken.{PICTURE}")
        self._bytes = bytearray(HEADER.size + size[0] * size[1] * 3 // 2)
        self._pixels = np.frombuffer(self._bytes, np.uint8, offset=HEADER.size)
        self._notes: list[Note] = []
        self._reading: subprocess.Popen[str] | None = None
        self._seen = Path(tempfile.gettempdir()) / f"seen.{os.getpid()}.json"

    def serve(self) -> None:
        """Blocks until `stop` is asked for, or nothing has come for a long time."""
        heard = time.monotonic()
        try:
            while time.monotonic() - heard < LONELY_S:
                if self.pass_on():
                    heard = time.monotonic()
                    continue
                self._answer_reading()
                asked = take(self._folder, REQUEST)
                if asked is None:
                    self._wait(LOOK_S)
                    continue
                heard = time.monotonic()
                if not self._do(json.loads(asked)):
                    return
        finally:
            if self._reading is not None:
                self._reading.kill()
                self._reading.wait()

    def pass_on(self) -> bool:
        """The newest picture to the device; False where there is no new one."""
        try:
            os.rename(self._picture, self._taken)
        except FileNotFoundError:
            return False
        found = self._clock_ns()
        with open(self._taken, "rb", buffering=0) as file:
            if file.readinto(self._bytes) != len(self._bytes):
                raise ValueError("a picture of another size")
        read = self._clock_ns()
        self._send(self._pixels)
        sent = self._clock_ns()
        if self._reading is not None:
            number, handed = HEADER.unpack_from(self._bytes)
            self._notes.append((number, handed, found, read, sent))
        return True

    def _do(self, asked: dict[str, Any]) -> bool:
        """Whether to go on."""
        if asked["do"] == "clock":
            self._answer_pings(asked["count"])
        elif asked["do"] == "read":
            self._notes = []
            command = [*self._reader, "--seconds", str(asked["seconds"]), "--out", str(self._seen)]
            self._reading = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        return bool(asked["do"] != "stop")

    def _answer_pings(self, count: int) -> None:
        """Each is renamed to an answer that carries the time. No pictures meanwhile, and no pause."""
        ping, deadline = str(self._folder / PING), time.monotonic() + PING_S
        for _ in range(count):
            while not os.path.exists(ping):
                if time.monotonic() > deadline:
                    return
            os.rename(ping, str(self._folder / f"{PONG}{self._clock_ns()}"))

    def _answer_reading(self) -> None:
        """What the reader saw and when each picture was passed on, once it has ended."""
        if self._reading is None or self._reading.poll() is None:
            return
        assert self._reading.stderr is not None
        words = self._reading.stderr.read().strip().splitlines()
        code, self._reading = self._reading.returncode, None
        seen = json.loads(self._seen.read_text("utf-8")) if code == 0 else []
        answer = {"code": code, "words": words[-1:], "seen": seen, "notes": self._notes}
        put(self._folder, ANSWER, json.dumps(answer).encode())


def main(arguments: Sequence[str] | None = None) -> int:
    import tty  # not on Windows, where the other end is imported as well

    import pyvirtualcam

    where, width, height, fps = sys.argv[1:] if arguments is None else arguments
    folder, size = Path(where), (int(width), int(height))
    form = pyvirtualcam.PixelFormat.I420
    with pyvirtualcam.Camera(size[0], size[1], float(fps), fmt=form, device=DEVICE) as camera:
        reader = [sys.executable, "-m", "livecam.benchmarks.glass_to_glass.reader", DEVICE]
        with open(BELL, "rb", buffering=0) as bell:
            tty.setraw(bell.fileno())
            relay = Relay(folder, size, camera.send, reader, lambda seconds: listen(bell, seconds))
            put(folder, READY)
            relay.serve()
    return 0


def listen(bell: FileIO, seconds: float) -> None:
    """Until it rings, at most so long. Several rings that came together count as one."""
    if select.select([bell], [], [], seconds)[0]:
        bell.read(4096)


if __name__ == "__main__":
    sys.exit(main())
