"""Commands in messages as this user has to type them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

_COMMANDS = (
    "run|studio|control|record-reaction|hotkeys|demo|enroll|tune|personas|doctor|camera-setup|build|bench|"
    "--help"
)
_MENTIONED = re.compile(rf"(?<![\w./-])(sudo )?livecam(?= (?:{_COMMANDS})(?![\w-]))")


def as_typed(text: str) -> str:
    """The text with every `livecam COMMAND` in it as it can be typed here."""
    return _MENTIONED.sub(lambda found: f"{found[1]}{_path()}" if found[1] else _typed(), text)


def _typed() -> str:
    """`livecam` where the shell finds it by that name."""
    called = Path(sys.argv[0])
    found = shutil.which(called.stem)
    by_name = found is not None and Path(found).with_suffix("") == Path(_absolute(called)).with_suffix("")
    return called.stem if by_name else _path()


def _path() -> str:
    """Where this program lies, for a shell that does not know it by name: root's, for instance."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{_shown(Path(sys.executable))} -m livecam.cli"
    return str(called) if called.parent == Path() else _shown(called)


def _shown(path: Path) -> str:
    """As short as it gets from the current folder, quoted where the shell needs it."""
    absolute = Path(_absolute(path))
    try:
        here = Path.cwd()
    except OSError:  # the current folder is gone
        return shlex.quote(str(absolute))
    short = str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
    if os.sep not in short:
        short = f".{os.sep}{short}"
    return short if os.name == "nt" else shlex.quote(short)


def _absolute(path: Path) -> str:
    """Without looking through links: a virtual environment's Python is one."""
    try:
        return os.path.abspath(path)
    except OSError:  # the current folder is gone, and the path is relative to it
        return str(path)
