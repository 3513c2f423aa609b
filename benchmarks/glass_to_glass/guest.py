"""The measurement inside the guest of tests/virtual_camera, which has a real v4l2loopback device.

What the guest writes is thrown away but for one folder; so the figures come out through that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from livecam.benchmarks import machine
from livecam.errors import UserError

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "virtual_camera" / "vcam_vm.sh"
BUILD_S = 20 * 60
"""The guest's kernel is built at first use."""
START_S = 120
"""The guest starts in a second, the program in it in several, on a busy machine in many."""


def measure(arguments: Sequence[str], seconds: float) -> dict[str, Any]:
    """What `python -m livecam.benchmarks.glass_to_glass ARGUMENTS --json ...` writes there.

    seconds: how long the measurements take together. Raises `UserError` where there is no guest.
    """
    build()
    before = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        limit = round(2 * seconds + START_S)  # time passes more slowly in a guest that is starved
        done = subprocess.run(
            [
                str(SCRIPT),
                sys.executable,
                "-m",
                "livecam.benchmarks.glass_to_glass",
                *arguments,
                "--json",
                str(out),
            ],
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment(folder, limit),
            check=False,
        )
        if done.returncode or not out.is_file():
            raise UserError("the guest", f"the measurement ended with {done.returncode}", "See above.")
        result: dict[str, Any] = json.loads(out.read_text("utf-8"))
    # The guest does not know what else the host does, and its load average is its own.
    result["host"] = {**before, "load_average_after": machine.load_average()}
    return result


def environment(folder: str, seconds: int) -> dict[str, str]:
    """For `SCRIPT`: the guest may write to that folder, and ends by itself after so many seconds."""
    return os.environ | {
        "VCAM_VM_OUT": folder,
        "VCAM_VM_SECONDS": str(seconds),
        "PYTHONDONTWRITEBYTECODE": "1",
        "VCAM_VM_ENV": "PYTHONDONTWRITEBYTECODE LIVECAM_CACHE",
    }


def build() -> None:
    """See that the guest starts; at first use its kernel is built. Raises `UserError` where it does not."""
    if not SCRIPT.is_file():
        raise UserError("the guest", f"{SCRIPT} is missing", "Run this in a checkout of livecam.")
    built = subprocess.run(
        [str(SCRIPT), "true"], capture_output=True, text=True, check=False, timeout=BUILD_S
    )
    if built.returncode:
        raise UserError("the guest", last_line(built.stderr), "docs/virtual-camera.md says what it needs.")


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it does not start"
