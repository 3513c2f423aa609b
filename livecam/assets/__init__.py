"""Portraits and the driver clip that come with livecam; all of them are rendered, no real people."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from livecam.errors import UserError

PORTRAIT: Final = "portrait.jpg"
DRIVER: Final = "driver.mp4"


def bundled_file(name: str) -> Path:
    """A file of livecam/assets. Raises `UserError` where it is missing."""
    with as_file(files("livecam.assets") / name) as path:
        if not path.is_file():
            raise UserError(name, "missing from this installation", "Install livecam again.")
        return path


def bundled_portraits() -> dict[str, Path]:
    """The portraits that come with livecam, by name."""
    with as_file(files("livecam.assets")) as folder:
        return {"oil": folder / PORTRAIT, **{p.stem: p for p in sorted(folder.glob("portraits/*.jpg"))}}
