"""A server whose address lasts: programs keep the one that they were told.

The token is kept in a file that only its user can read, and the port is the same each time. It shows
pictures and lets nobody change anything; the page's own token is a new one each time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Final

from livecam import folders
from livecam.errors import UserError
from livecam.sinks.page import PageSink
from livecam.web.server import Page

log = logging.getLogger(__name__)

TOKEN_FILE: Final = "stream-token"


class LastingPage(Page):
    """usual: the port where none was asked for; where that is taken any is, with a word in the log."""

    called = "stream"
    """In messages."""

    def __init__(self, sink: PageSink, usual: int, port: int | None, token_file: Path | None = None) -> None:
        super().__init__(usual if port is None else port, sink=sink)
        self._fallback = port is None
        self._token = kept_token(token_file or folders.data_folder() / TOKEN_FILE)

    def start(self) -> str:
        """Its address. Raises `UserError` where a port that was named is taken."""
        try:
            return super().start()
        except UserError as error:
            if not self._fallback:
                raise
            why = str(error).partition(". ")[0]
            log.warning("%s, so the %s has another address this time", why, self.called)
            self._port = 0
            return super().start()


def kept_token(path: Path) -> str:
    """The token in that file, which is made where it is not there, holds none, or others may read it. Where
    it cannot be kept a new one is made each time."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = path.read_text("ascii").strip()
        private = os.name != "posix" or not path.stat().st_mode & 0o077
        if private and re.fullmatch(r"[\w-]{32,64}", kept):
            return kept
    token = secrets.token_urlsafe(24)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except OSError as error:
        log.warning(
            "%s cannot be written (%s), so the stream has another address next time", path, error.strerror
        )
    return token
