"""The commands, nothing else: parse, call, print. Exit codes: 0 done, 2 wrong use, 130 stopped by Ctrl-C
before the first picture, 143 and 129 ended by SIGTERM and SIGHUP (128 + the signal's number), 1 anything
else.

One file a group of commands. Nothing is imported until `main` is called, so that Ctrl-C while Python still
reads the files ends without a trace.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `livecam` program."""
    try:
        from livecam import signals

        with signals.signals_heeded():
            code: object = 130
            try:
                from livecam.cli import commands

                commands.main()
                code = 0
            except SystemExit as done:
                code = done.code
            except KeyboardInterrupt:
                pass
            except OSError:
                if signals.exit_code(0) == 0:
                    raise
                code = 1
            if isinstance(code, int):
                code = signals.exit_code(code)
                if code > 128:
                    _say_no_more()
            signals.last_words()
    except KeyboardInterrupt:
        code = 130
    if code:
        sys.exit(code)  # type: ignore[arg-type]


def _say_no_more() -> None:
    """A terminal that is closed takes no more words, and Python would end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
