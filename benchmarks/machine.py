"""Where a figure was measured: without it the figure says little."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("av", "mediapipe", "numba", "numpy", "onnxruntime", "opencv-python-headless")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, versions, date and how busy the machine was; plain values."""
    from livecam import __version__

    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {"livecam": __version__} | {name: _version(name) for name in PACKAGES},
        "load_average": load_average(),
    }


def headline(machine: dict[str, Any]) -> str:
    """One line for people."""
    return f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_average']}, {machine['date']}"


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float | None:
    """Processes that wanted a core over the last minute; None where the system does not tell (Windows)."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def cpu_times(text: str | None = None) -> tuple[int, int] | None:
    """(stolen, all) of all processors since the start, in ticks; None where the system does not tell.

    Stolen is what the host of a virtual machine gave to others while this one wanted to compute (proc(5)).
    """
    try:
        words = (Path("/proc/stat").read_text("utf-8") if text is None else text).split("\n", 1)[0].split()
        ticks = [int(word) for word in words[1:9]]  # what comes after is in user and nice already
        return ticks[7], sum(ticks)
    except (OSError, ValueError, IndexError):
        return None


def stolen_percent(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    """Share of the time between two `cpu_times` that the host gave to others."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return round(100 * (after[0] - before[0]) / (after[1] - before[1]), 2)


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
