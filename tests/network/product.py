"""The whole product, one command after another, each in a process of its own: `product.py FOLDER`.

Nothing here knows that it is watched. Ends at the first command that fails.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from websockets.sync.client import connect

from livecam import assets

LIVE_SECONDS = 20
"""onnxruntime 1.32 turns to the network about 10 s after it is loaded, and again after 15 and 25."""
STEPS = "3"
PYTHON = [sys.executable, "-m"]
LIVECAM = [*PYTHON, "livecam.cli"]
PORTRAIT = str(assets.bundled_file("portrait.jpg"))
DRIVER = str(assets.bundled_file(assets.DRIVER))


def main(folder: Path) -> None:
    finished([*LIVECAM, "doctor", "--json"], good=(0, 1, 2))  # a machine without a camera has its problems
    finished([*LIVECAM, "enroll", PORTRAIT, "--name", "enrolled"])
    finished([*LIVECAM, "enroll", PORTRAIT, "--name", "tuned", "--steps", STEPS])
    watched_live(folder)
    finished([*LIVECAM, "demo", "--no-page", "--out", str(folder / "demo.mp4")])
    finished([*PYTHON, "export", "--out", str(folder / "graphs"), "--size", "256", "--no-half"])


def finished(command: list[str], good: tuple[int, ...] = (0,)) -> None:
    begun = time.monotonic()
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    told(command, begun)
    if code not in good:
        sys.exit(f"exit code {code}: {' '.join(command)}")


def told(command: list[str], begun: float) -> None:
    took = time.monotonic() - begun
    print(f"{took:.0f} s: {' '.join(Path(word).name for word in command[2:])}", file=sys.stderr, flush=True)


def watched_live(folder: Path) -> None:
    """A live run with the refiner, whose page somebody opens and looks at; ended by Ctrl-C."""
    report = folder / "report.json"
    command = [*LIVECAM, "run", "tuned", "--driver", DRIVER, "--loop", "--refine"]
    command += ["--sink", "page", "--report", str(report)]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"page at (http://\S+)", line):
                break
        else:
            sys.exit("livecam run opened no page")
        address = found[1]
        assert "Synthetic picture" in httpx.get(address, trust_env=False, timeout=60).text
        pictures = 0
        with connect(address.replace("http:", "ws:") + "pictures", proxy=None) as viewer:
            end = time.monotonic() + LIVE_SECONDS
            while time.monotonic() < end or not pictures:
                viewer.recv(timeout=120)
                viewer.send("drawn")
                pictures += 1
        assert httpx.get(address + "api/status", trust_env=False, timeout=60).json()["viewers"] >= 0
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    told(command, begun)
    if process.returncode or not json.loads(report.read_text())["frames"]:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    print(f"{pictures} pictures on the page", file=sys.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children must heed Ctrl-C
    main(Path(sys.argv[1]))
