"""What the Studio costs: CPU time of a viewer and of the overlay, and the gap at a sink as portraits change.

    python -m livecam.benchmarks.studio [--size 512] [--canvas 1280x720] [--seconds 10] [--switches 10]

The bundled clip moves the bundled portraits as in `livecam studio` without a camera. A viewer is a WebSocket
that takes every picture at once, in a process of its own, so it costs this one only what is encoded and sent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from livecam import assets, session
from livecam.benchmarks import command_line
from livecam.control import client, door
from livecam.frames import OutputFrame
from livecam.settings import Settings

WARM_SECONDS = 3.0
"""Before anything is measured."""
_VIEWER = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], proxy=None, max_size=None) as socket:
    while True:
        socket.recv()
        socket.send("drawn")
"""


class Ticks:
    """A live sink that notes which picture each of its ticks shows."""

    name, live = "ticks", True

    def __init__(self) -> None:
        self.shown: list[tuple[float, int]] = []
        self._last: Any = None
        self._number = 0

    def open(self, fmt: object) -> None: ...

    def write(self, frame: OutputFrame) -> None:
        if frame.pixels is not self._last:
            self._last, self._number = frame.pixels, self._number + 1
        self.shown.append((time.monotonic(), self._number))

    def close(self) -> None: ...

    def longest_hold(self, since: float) -> int:
        """Ticks that repeated one picture, at most, since then."""
        numbers = [number for moment, number in self.shown if moment >= since]
        return max((len(list(same)) - 1 for _, same in groupby(numbers)), default=0)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Figures by name, as printed."""
    ticks, started = Ticks(), threading.Event()
    hooks = session.Hooks(started=lambda _: started.set(), extra_sinks=[ticks])
    request = session.Request(driver=str(assets.bundled_file(assets.DRIVER)), control=True)
    settings = Settings(size=options.size, canvas=options.canvas, loop=True)
    thread = threading.Thread(target=session.run, args=(request, settings, hooks))
    thread.start()
    started.wait()
    there = door.find()

    def ask(path: str, told: dict[str, Any] | None = None) -> Any:
        return client.ask(there, path, told)

    def cost() -> float:
        """CPU milliseconds a frame that is drawn."""
        frames, cpu = ask("api/status")["frames"], time.process_time()
        time.sleep(options.seconds)
        return 1e3 * (time.process_time() - cpu) / max(ask("api/status")["frames"] - frames, 1)

    found: dict[str, Any] = {"size": options.size, "canvas": options.canvas}
    time.sleep(WARM_SECONDS)
    found["no viewer"] = cost()
    with viewer(there.address + "pictures"):
        time.sleep(1)
        found["one viewer of the page"] = cost()
    found["no viewer, once more"] = cost()
    ask("api/controls/background", {"value": "transparent"})
    settle(ask)
    found["transparent, no viewer"] = cost()
    overlay = next(sink["text"] for sink in ask("api/status")["sinks"] if sink["name"] == "overlay")
    with viewer(overlay + "overlay-pictures"):
        time.sleep(1)
        found["transparent, one viewer of the overlay"] = cost()
    ask("api/controls/background", {"value": "original"})
    settle(ask)
    time.sleep(1)
    begun = time.monotonic()
    time.sleep(options.seconds)
    found["longest hold at a sink, ticks"] = ticks.longest_hold(begun)
    holds = []
    for _ in range(options.switches):
        begun = time.monotonic()
        ask("api/controls/next-persona", {})
        settle(ask)
        time.sleep(1)
        holds.append(ticks.longest_hold(begun))
    found["longest hold while a portrait changes, ticks"] = holds
    ask("api/controls/quit", {})
    thread.join()
    return found


def settle(ask: Any) -> None:
    """Until what was asked for is shown."""
    time.sleep(0.1)
    while ask("api/status")["busy"]:
        time.sleep(0.05)


@contextlib.contextmanager
def viewer(address: str) -> Iterator[None]:
    """Somebody who watches."""
    address = address.replace("http:", "ws:", 1)
    process = subprocess.Popen([sys.executable, "-c", _VIEWER, address], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def work(options: argparse.Namespace) -> None:
    found = measure(options)
    for name, value in found.items():
        print(f"{name:48} {value:.2f}" if isinstance(value, float) else f"{name:48} {value}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def main() -> int:
    parser = command_line.parser("studio", __doc__)
    parser.add_argument("--size", type=int, choices=(256, 512, 768), default=512)
    parser.add_argument("--canvas", default="1280x720")
    parser.add_argument("--seconds", type=command_line.seconds, default=10.0)
    parser.add_argument("--switches", type=command_line.count, default=10)
    parser.add_argument("--json", type=Path, help="the figures, too")
    options = parser.parse_args()
    return command_line.run(parser.prog, options, work)


if __name__ == "__main__":
    sys.exit(main())
