"""The commands, nothing else: parse, call, print. Exit codes: 0 done, 2 wrong use, 1 anything else.

One file a group of commands; importing them puts them on `app`, in the order of `livecam --help`.
"""

from __future__ import annotations

from livecam.cli import running, portraits, machine  # isort: skip
from livecam.cli.program import app, main

__all__ = ["app", "machine", "main", "portraits", "running"]
