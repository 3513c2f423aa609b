"""The host's end of the relay: livecam runs here on all cores, only device and reader are in the guest.

A user's livecam has the machine's processors and a kernel that copies pictures. The guest has one processor
and switches slowly between threads, so the product itself is kept out of it: each finished picture is
converted here as for a real device, put into a folder in memory that the guest shares, and written to the
guest's v4l2loopback by `glass_to_glass_relay_guest`. That way takes a little time which a real machine does
not take; it is measured and stated, and taken off nowhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from livecam.benchmarks.glass_to_glass import guest
from livecam.benchmarks.glass_to_glass.figures import spread
from livecam.benchmarks.glass_to_glass.relay_clock import Clocks, Comparison, Exchange, compare
from livecam.benchmarks.glass_to_glass.relay_guest import (
    ANSWER,
    HEADER,
    PICTURE,
    PING,
    PONG,
    READY,
    REQUEST,
    put,
    take,
)
from livecam.benchmarks.output import rounded
from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat

log = logging.getLogger(__name__)

BELL = "bell"
MEMORY = Path("/dev/shm")
"""A file system in memory."""
EXCHANGES = 200
"""Comparisons of the clocks at each end; together a tenth of a second or two."""
SLOW_S = 120.0
"""For what takes the guest seconds: a start, a reader's end, on a busy machine."""
STOP_S = 10.0
KILL_S = 15.0


def relay_figures(notes: Sequence[Sequence[int]], clocks: Clocks, begun_ns: int = 0) -> dict[str, Any]:
    """How long the relay itself took for pictures that were found from `begun_ns` (the guest's clock) on.

    notes: `glass_to_glass_relay_guest.Note`. Milliseconds: pickup, from handing over here until found there;
    read, until it is in the guest's memory; device, until it is in the device; whole, all three.
    """
    notes = [note for note in notes if note[2] >= begun_ns]
    numbers = [note[0] for note in notes]
    pickup = [(clocks.on_host(found) - handed) / 1e6 for _, handed, found, _, _ in notes]
    read = [(there - found) / 1e6 for _, _, found, there, _ in notes]
    device = [(sent - there) / 1e6 for _, _, _, there, sent in notes]
    whole = [sum(parts) for parts in zip(pickup, read, device, strict=True)]
    smallest = min(pickup, default=None)
    if smallest is not None and smallest < -clocks.uncertainty_ms:
        log.warning("a picture was found %.3f ms before it was there: do not trust the clocks", -smallest)
    return {
        "pictures": len(notes),
        "skipped": numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0,
        "pickup_ms": spread(pickup),
        "read_ms": spread(read),
        "device_ms": spread(device),
        "whole_ms": spread(whole),
        "smallest_pickup_ms": rounded(smallest, 3),
        "clock_drift_ms": rounded(clocks.drift_ms, 4),
        "clock_uncertainty_ms": rounded(clocks.uncertainty_ms, 4),
    }


class Process(Protocol):
    """What is needed of the guest's `subprocess.Popen`."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Start = Callable[[Path, SinkFormat, Path, int], Process]
"""Folder to share, format, file for the guest's words, seconds after which it ends by itself."""


class DeviceInGuest:
    """In the virtual camera's place. `watch` tells what a reader on the guest's device saw."""

    name = "device in a guest"
    live = True

    def __init__(self, seconds: float, start: Start | None = None) -> None:
        """`seconds`: for how long it is needed; the guest ends by itself some time after that."""
        self._limit = round(2 * seconds + SLOW_S)
        self._start: Start = start or _start_guest
        self._folder: Path | None = None
        self._words = Path()
        self._bell = -1
        self._process: Process | None = None
        self._number = 0
        self._notes: list[list[int]] = []
        self._clocks: Clocks | None = None
        self._counted_from = 0

    def open(self, fmt: SinkFormat) -> None:
        """Start the guest. Raises `UserError` where there is none or the size has an odd side."""
        if fmt.width % 2 or fmt.height % 2:
            raise UserError(f"{fmt.width}x{fmt.height}", "it has an odd side", "Choose an even size.")
        self._planes = np.empty((fmt.height * 3 // 2, fmt.width), np.uint8)
        memory = str(MEMORY.resolve()) if MEMORY.is_dir() else None
        try:
            folder = self._folder = Path(tempfile.mkdtemp(prefix="livecam-relay-", dir=memory)).resolve()
            self._words = folder / "words"
            os.mkfifo(folder / BELL)
            # Reading as well: otherwise opening waits for the guest, and ringing fails once that has ended.
            self._bell = os.open(folder / BELL, os.O_RDWR | os.O_NONBLOCK)
            self._process = self._start(folder, fmt, self._words, self._limit)
            self._wait(lambda: take(folder, READY), SLOW_S, pause_s=0.05)
        except BaseException:  # Ctrl-C as well: nobody closes what did not open
            self.close()
            raise

    def write(self, frame: OutputFrame) -> None:
        """Raises `UserError` where the guest has ended."""
        folder = self._check()
        cv2.cvtColor(np.ascontiguousarray(frame.pixels), cv2.COLOR_RGB2YUV_I420, dst=self._planes)
        put(folder, PICTURE, HEADER.pack(self._number, time.monotonic_ns()), self._planes.data)
        self._ring()
        self._number += 1

    def watch(self, seconds: float) -> list[dict[str, Any]]:
        """What a reader saw from its first picture on for so long, in the host's time.

        Entries as of `glass_to_glass_reader.observe`. Raises `UserError` where it saw nothing.
        """
        folder = self._check()
        before = self._compare_clocks()
        self._ask({"do": "read", "seconds": seconds})
        answer = json.loads(self._wait(lambda: take(folder, ANSWER), seconds + SLOW_S, pause_s=0.2))
        if answer["code"] or not answer["seen"]:
            raise UserError(
                self.name, f"cannot be read ({''.join(answer['words']) or 'no pictures'})", "Try again."
            )
        self._clocks = Clocks(before, self._compare_clocks())
        self._notes = answer["notes"]
        seen: list[dict[str, Any]] = answer["seen"]
        self._counted_from = seen[0]["seen_ns"]
        return [{**entry, "seen_ns": self._clocks.on_host(entry["seen_ns"])} for entry in seen]

    def figures(self, skip_s: float = 0.0) -> dict[str, Any]:
        """`relay_figures` of the last `watch`, from `skip_s` after its first picture on."""
        if self._clocks is None:
            raise ValueError("nothing was watched")
        return relay_figures(self._notes, self._clocks, self._counted_from + round(skip_s * 1e9))

    def close(self) -> None:
        """End the guest and remove the folder; twice does no harm."""
        try:
            if self._process is not None:
                self._end(self._process)
        finally:
            self._process = None
            if self._bell >= 0:
                os.close(self._bell)
                self._bell = -1
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _end(self, process: Process) -> None:
        """By asking, then by force."""
        try:
            if process.poll() is None:
                self._ask({"do": "stop"})
                process.wait(STOP_S)
        except (subprocess.TimeoutExpired, OSError):
            log.debug("the guest does not stop when asked")
        finally:
            if process.poll() is None:  # after Ctrl-C, too
                process.terminate()
                try:
                    process.wait(KILL_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._folder is not None
        put(self._folder, REQUEST, json.dumps(request).encode())
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # thousands of rings that nobody heard
            os.write(self._bell, b"!")

    def _compare_clocks(self) -> Comparison:
        folder = self._check()
        self._ask({"do": "clock", "count": EXCHANGES})
        exchanges: list[Exchange] = []
        for _ in range(EXCHANGES):
            sent = time.monotonic_ns()
            (folder / PING).touch()
            # Answers to the first one come late: the guest has to find the request before.
            pong = self._wait(lambda: _pong(folder), SLOW_S, pause_s=0.00002)
            exchanges.append((sent, int(pong.removeprefix(PONG)), time.monotonic_ns()))
            (folder / pong).unlink()
        return compare(exchanges)

    def _wait(self, look: Callable[[], Any], seconds: float, pause_s: float) -> Any:
        """What `look` gives as soon as that is not None. Raises `UserError` after so many seconds."""
        deadline = time.monotonic() + seconds
        while (found := look()) is None:
            self._check()
            if time.monotonic() > deadline:
                raise UserError(self.name, f"the guest has not answered for {seconds:.0f} s", "Try again.")
            time.sleep(pause_s)
        return found

    def _check(self) -> Path:
        """The folder, while the guest runs. Raises `UserError` where it has ended."""
        if self._process is None or self._folder is None:
            raise ValueError("the sink is not open")
        code = self._process.poll()
        if code is not None:
            words = self._words.read_text("utf-8", "replace") if self._words.is_file() else ""
            why = f"the guest ended with {code}: {guest.last_line(words)}"
            raise UserError(self.name, why, "docs/virtual-camera.md says what it needs.")
        return self._folder


def _pong(folder: Path) -> str | None:
    return next((name for name in os.listdir(folder) if name.startswith(PONG)), None)


def _start_guest(folder: Path, fmt: SinkFormat, words: Path, seconds: int) -> Process:
    guest.build()
    program = [sys.executable, "-m", "livecam.benchmarks.glass_to_glass.relay_guest", str(folder)]
    with open(words, "wb") as file:
        return subprocess.Popen(
            [str(guest.SCRIPT), *program, str(fmt.width), str(fmt.height), str(fmt.fps)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            cwd=guest.ROOT,
            env=guest.environment(str(folder), seconds) | {"VCAM_VM_BELL": str(folder / BELL)},
        )
