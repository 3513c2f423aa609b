"""What `make` installs is written down: one version of every package, for every Python and system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SYSTEMS = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
    ("win32", "Windows", "AMD64"),
)


def asked() -> list[Requirement]:
    """Of pyproject.toml: what runs livecam, what its tests and training need, and what builds it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    more = project["project"]["optional-dependencies"]
    words = [*project["project"]["dependencies"], *more["train"], *more["dev"]]
    return [Requirement(word) for word in [*words, *project["build-system"]["requires"]]]


def lines() -> list[str]:
    text = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return [line for line in text if line and not line.startswith("#")]


def environment(python: str, system: tuple[str, str, str]) -> dict[str, str]:
    platform, name, machine = system
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": platform,
        "platform_system": name,
        "platform_machine": machine,
        "os_name": "nt" if platform == "win32" else "posix",
    }


def holds(marker: Marker | None, place: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(place)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: "-".join(system[::2]))
@pytest.mark.parametrize("python", PYTHONS)
def test_everything_asked_for_has_one_version_that_is_allowed(
    python: str, system: tuple[str, str, str]
) -> None:
    place = environment(python, system)
    pins: dict[str, list[str]] = {}
    for line in lines():
        pin = Requirement(line)
        if holds(pin.marker, place):
            pins.setdefault(canonicalize_name(pin.name), []).extend(s.version for s in pin.specifier)
    assert {name: found for name, found in pins.items() if len(found) != 1} == {}
    for requirement in asked():
        if holds(requirement.marker, place):
            (version,) = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{requirement}: {version} is not allowed"


def test_it_names_exact_versions_and_no_place_to_get_them_from() -> None:
    for line in lines():
        assert re.fullmatch(r"[a-z0-9-]+==[a-z0-9.]+( ; [^:/@]+)?", line), line


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("newest", [False, True])
def test_make_keeps_to_it_unless_the_newest_are_asked_for(newest: bool, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {k: v for k, v in os.environ.items() if k not in ("NEWEST", "MAKEFLAGS", "VENV")}
    words = ["make", "--dry-run", "--always-make", f"VENV={tmp_path / 'venv'}", f"PYTHON={sys.executable}"]
    if newest:
        words.append("NEWEST=1")
    done = subprocess.run(
        [*words, "setup"], cwd=ROOT, env=chosen, capture_output=True, text=True, check=True, timeout=120
    )
    installs = re.findall(r"((?:PIP_\w+=\S+ )*)\S+ -m pip \S+ (?:install|uninstall)", done.stdout)
    assert len(installs) >= 4
    for given in installs:
        assert ("PIP_CONSTRAINT=constraints.txt" in given) is not newest
        assert ("PIP_BUILD_CONSTRAINT=constraints.txt" in given) is not newest
