"""`livecam run` as a process of its own, with the bundled portrait and clip."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from livecam import assets

START_SECONDS = 120
PORTRAIT = "oil"


def why_no(*tools: str) -> str:
    """What this machine lacks of the programs; "" where all are there."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return f"{', '.join(missing)} not found" if missing else ""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """One that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Product:
    """One run, sending to `sinks` until it is closed. A context manager."""

    def __init__(self, folder: Path, sinks: Sequence[str], *options: str) -> None:
        self._log = folder / "livecam.log"
        self.report = folder / "report.json"
        driver = str(assets.bundled_file(assets.DRIVER))
        words = ["run", PORTRAIT, "--driver", driver, "--loop", "--size", "256", "--canvas", "1280x720"]
        words += ["--no-refine", "--report", str(self.report), *options]
        self._words = words + [word for sink in sinks for word in ("--sink", sink)]

    def __enter__(self) -> Product:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from livecam.cli import main; main()", *self._words],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
            )
        self.wait_for("livecam: live from")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self.code = self._process.wait(60)
        finally:
            self._process.kill()

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def wait_for(self, words: str, times: int = 1, seconds: float = START_SECONDS) -> str:
        """What was said, once it has these words so often. Raises AssertionError with it where they do not
        come."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.said
            if said.count(words) >= times:
                return said
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, f"not {times} times {words!r} in:\n{said}"
            time.sleep(0.05)

    @property
    def address(self) -> str:
        """Of its Motion JPEG."""
        found = re.search(r"http://\S+\.mjpg", self.wait_for(".mjpg"))
        assert found
        return found[0]
