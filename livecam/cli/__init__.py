"""The commands, nothing else: parse, call, print. Exit codes: 0 done, 2 wrong use, 130 stopped by Ctrl-C
before the first picture, 1 anything else.

One file a group of commands. Nothing is imported until `main` is called, so that Ctrl-C while Python still
reads the files ends without a trace.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The `livecam` program."""
    try:
        from livecam.cli import commands
    except KeyboardInterrupt:
        sys.exit(130)
    commands.main()
