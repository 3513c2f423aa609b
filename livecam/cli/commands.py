"""Every command, put on `app` by importing its file, in the order of `livecam --help`."""

from __future__ import annotations

from livecam.cli import running, studio, controlling, reactions, hotkeys, portraits, machine  # isort: skip
from livecam.cli.program import app, main

__all__ = [
    "app",
    "controlling",
    "hotkeys",
    "machine",
    "main",
    "portraits",
    "reactions",
    "running",
    "studio",
]
