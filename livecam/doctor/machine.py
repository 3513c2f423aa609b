"""Checks of the machine itself: Python, packages, libraries, models, engines, space."""

from __future__ import annotations

import re
from pathlib import Path

from livecam import installation
from livecam.doctor.check import Check
from livecam.doctor.system import System
from livecam.face.bundle import BUILD_COMMAND
from livecam.folders import CACHE_VARIABLE, DATA_VARIABLE

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
OLDEST_MEDIAPIPE, FIRST_BAD_MEDIAPIPE = (0, 10, 30), (0, 10, 35)
LIBRARIES = {"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
"""What mediapipe loads on Linux, and Debian's packages of them."""

WITHOUT_WINDOWS = (
    "Run: pip uninstall -y opencv-contrib-python opencv-python && "
    "pip install --force-reinstall --no-deps opencv-python-headless"
)
LIBGL = "Run: sudo apt install libgl1 libglib2.0-0 (or your system's packages of them)"
"""For environments that have no pip of their own: what the build with windows loads, in Debian's packages."""

FOLDER_NEEDS = 200e6
MEMORY_NEEDS = 2e9


def python(system: System) -> Check:
    version = ".".join(map(str, system.python_version))
    if OLDEST_PYTHON <= system.python_version[:2] <= NEWEST_PYTHON:
        return Check("Python", "ok", version)
    return Check("Python", "fail", version, "Use Python 3.10 to 3.13: make PYTHON=/path/to/python")


def packages(system: System) -> list[Check]:
    """mediapipe in the range that makes no network calls, and an OpenCV that can be imported."""
    return [_mediapipe(system), _opencv(system)]


def _mediapipe(system: System) -> Check:
    found = system.package_version("mediapipe")
    if found is None:
        return Check("mediapipe", "fail", "not installed", installation.again())
    version = tuple(int(number) for number in re.findall(r"\d+", found)[:3])
    if OLDEST_MEDIAPIPE <= version < FIRST_BAD_MEDIAPIPE:
        return Check("mediapipe", "ok", found)
    reason = "looks up a host at run time" if version >= FIRST_BAD_MEDIAPIPE else "too old for the face model"
    return Check("mediapipe", "fail", f"{found}, {reason}", 'Run: pip install "mediapipe>=0.10.30,<0.10.35"')


def _opencv(system: System) -> Check:
    error = system.import_error("cv2")
    if error is None:
        return Check("OpenCV", "ok", system.package_version("opencv-python-headless") or "found")
    todo = installation.again()
    if "libGL" in error:  # the build with windows, which mediapipe asks for, lies over the headless one
        todo = WITHOUT_WINDOWS if installation.installer() in ("checkout", "pip") else LIBGL
    return Check("OpenCV", "fail", f"cannot be imported ({error})", todo)


def libraries(system: System) -> list[Check]:
    """The shared libraries that mediapipe needs on Linux; elsewhere they come with it."""
    if not system.platform.startswith("linux"):
        return []
    missing = [name for name in LIBRARIES if system.library_error(name) is not None]
    if not missing:
        return [Check("system libraries", "ok", ", ".join(LIBRARIES))]
    wanted = " ".join(LIBRARIES[name] for name in missing)
    return [Check("system libraries", "fail", f"no {', '.join(missing)}", f"Run: sudo apt install {wanted}")]


def face_model(system: System) -> Check:
    problem = system.face_model_problem()
    if problem is None:
        return Check("face model", "ok", "complete, checksums right")
    return Check("face model", "fail", problem, f"Run: {BUILD_COMMAND}")


def refiner(system: System) -> Check:
    """The network that repairs mouth and eyes. The demo runs without it; damaged files stop it."""
    name, problem = system.refiner()
    if problem:
        from livecam.generator.weights import VARIABLE

        named = problem.startswith(VARIABLE)
        remedy = f"Unset {VARIABLE} or name another folder" if named else installation.again()
        return Check("refiner", "fail", problem, f"{remedy}, or run with --no-refine.")
    if name is None:
        todo = "Nothing to do: pictures are warped only, mouths and eyes are rougher."
        return Check("refiner", "warn", "no weights in this installation", todo)
    return Check("refiner", "ok", f"weights {name}, checksums right")


def engines(system: System) -> list[Check]:
    """One check an engine. Only the CPU's has to be there."""
    checks = []
    for name, usable, detail in system.engines():
        found, _, todo = detail.partition(". ")
        if usable:
            checks.append(Check(f"engine {name}", "ok", detail))
        else:
            checks.append(Check(f"engine {name}", "fail" if name == "cpu" else "warn", found, todo))
    chosen = system.automatic_engine()
    return [*checks, Check("engine auto", "ok", chosen)] if chosen else checks


def folders(system: System) -> list[Check]:
    return [_folder(system, name, folder) for name, folder in system.folders()]


def _folder(system: System, name: str, folder: Path) -> Check:
    free = system.free_bytes(folder)
    is_cache = name.startswith("cache")  # the other one keeps personas, which the demo does without
    variable = CACHE_VARIABLE if is_cache else DATA_VARIABLE
    if free is None:
        todo = f"Set {variable} to a folder that can be."
        return Check(name, "fail" if is_cache else "warn", f"{folder} cannot be written", todo)
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if free < FOLDER_NEEDS:
        todo = f"Free {FOLDER_NEEDS / 1e6:.0f} MB, or set {variable} to another folder."
        return Check(name, "warn", found, todo)
    return Check(name, "ok", found)


def processor(system: System) -> Check:
    memory, cores = system.memory_bytes(), system.cores()
    found = f"{cores} {'core' if cores == 1 else 'cores'}"
    if memory is not None:
        found += f", {memory / 1e9:.1f} GB memory"
    if cores < 2:
        return Check("processor", "warn", found, "Real time needs 2 cores; use --size 256 on one.")
    if memory is not None and memory < MEMORY_NEEDS:
        return Check("processor", "warn", found, "Close other programs: livecam needs about 0.5 GB.")
    return Check("processor", "ok", found)
