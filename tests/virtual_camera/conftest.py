"""The guest with a real virtual camera."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD_SECONDS = 20 * 60
"""A kernel build takes 4 to 11 minutes on two cores; a slow machine gets twice that."""

Guest = Callable[..., subprocess.CompletedProcess]


def why_no_guest() -> str:
    """What this machine lacks; "" where the guest can run."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "the guest is a Linux on x86-64"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vcam-vm"
    if any(Path(os.environ.get("VCAM_VM_CACHE") or cache).glob("linux-*")):
        return ""
    missing = [tool for tool in ("gcc", "make", "apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        return f"building the guest's kernel needs {', '.join(missing)}"
    known = subprocess.run(
        ["apt-cache", "show", "linux-source-6.1", "v4l2loopback-dkms"], capture_output=True, check=False
    )
    return "" if known.returncode == 0 else "apt knows no linux-source-6.1 or v4l2loopback-dkms"


@pytest.fixture(scope="session")
def guest() -> Guest:
    """guest(command, module arguments, folder it may write) -> the finished process."""
    if reason := why_no_guest():
        (pytest.fail if os.environ.get("LIVECAM_GUEST_MUST_RUN") else pytest.skip)(reason)
    script = str(HERE / "vcam_vm.sh")
    built = subprocess.run(
        [script, "true"], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if built.returncode:
        pytest.fail(f"the guest does not start: {built.stderr}")

    def run(command: list[str], module: str, out: Path, seconds: int = 1800) -> subprocess.CompletedProcess:
        environment = os.environ | {
            "VCAM_VM_MODARGS": module,
            "VCAM_VM_OUT": str(out),
            "VCAM_VM_SECONDS": str(seconds),
            "PYTHONPATH": f"{ROOT}:{HERE}",
            "PYTHONDONTWRITEBYTECODE": "1",
            # Seconds that OpenCV waits for a picture (10 by itself): a writer that starts anew may need more.
            "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "180",
            "VCAM_VM_ENV": "PYTHONDONTWRITEBYTECODE LIVECAM_CACHE OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT",
        }
        return subprocess.run(
            [script, *command],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=seconds + 30,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def cases(guest: Guest, tmp_path_factory) -> Callable[[str, list[str]], dict]:
    """cases(module arguments, names) -> the result of each case of `device_cases`."""

    def run(module: str, names: list[str]) -> dict:
        # The guest's /tmp is the host's: what it writes must lie in a folder that is shared.
        out = tmp_path_factory.mktemp("guest")
        results = out / "results.json"
        command = [sys.executable, str(HERE / "device_cases.py"), str(results), *names]
        done = guest(command, module, out)
        assert done.returncode == 0, done.stderr
        return json.loads(results.read_text())

    return run
