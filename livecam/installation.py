"""How livecam was installed here, and the commands that change that: with make or pip, pipx or uv."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Literal

from livecam.errors import UserError

Extra = Literal["finetune", "export", "hotkeys"]
"""Those of pyproject.toml's optional dependencies that livecam itself asks for; `engines` names its own."""

EXPORT_NEEDS = ("torch", "onnx", "onnxscript")
"""What writes graphs."""

_MARKS = {"pipx": "pipx_metadata.json", "uv": "uv-receipt.toml"}
"""What pipx and `uv tool` leave in the environments that they make for one program."""

_AGAIN = {
    "checkout": "pip install -e .",
    "pip": "pip install --force-reinstall livecam",
    "pipx": "pipx reinstall livecam",
    "uv": "uv tool upgrade --reinstall livecam",
}
_WITH_EXTRA = {
    "checkout": "pip install -e '.[{}]'",
    "pip": "pip install 'livecam[{}]'",
    "pipx": "pipx install --force 'livecam[{}]'",
    "uv": "uv tool install 'livecam[{}]'",
}


def installer() -> str:
    """checkout, pip, pipx or uv. A checkout is the repository, installed where it lies."""
    for name, mark in _MARKS.items():
        if (Path(sys.prefix) / mark).is_file():
            return name
    return "checkout" if (Path(__file__).parents[1] / "pyproject.toml").is_file() else "pip"


def again() -> str:
    """What to do where a package is missing or broken."""
    return f"Install livecam's packages again: {_AGAIN[installer()]}"


def with_extra(extra: Extra) -> str:
    """The command that adds one of pyproject.toml's optional dependencies."""
    return f"Run: {_WITH_EXTRA[installer()].format(extra)}"


def missing(packages: Sequence[str]) -> str:
    """Those that are not installed, for a sentence: "torch, onnx are not installed"; "" for none."""
    lacking = [name for name in packages if util.find_spec(name) is None]
    if not lacking:
        return ""
    return f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not installed"


def require(what: str, packages: Sequence[str], extra: Extra, otherwise: str = "") -> None:
    """Raises `UserError` where packages of an extra are missing. `otherwise`: what else can be done."""
    if found := missing(packages):
        raise UserError(what, found, f"{with_extra(extra)}{otherwise}.")
