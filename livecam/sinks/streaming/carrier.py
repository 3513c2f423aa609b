"""What carries a stream's bytes to a receiver."""

from __future__ import annotations

from typing import Protocol

CONNECT_SECONDS = 3.0
"""A receiver that has not answered by then is away."""
SEND_SECONDS = 2.0
"""A receiver that takes nothing for so long is away; the newest picture only waits meanwhile."""
SEND_BUFFER = 128 * 1024
"""Bytes that the system may hold of what was sent: a quarter of a second at the limit of the rate for
1280x720. Left to itself it takes megabytes, and a slow receiver would see the past."""


class Carrier(Protocol):
    """One connection. `connect` once, `send` many, `close`; `abort` from any thread, at any time.

    `connect` and `send` raise `OSError`, with words for a person in `strerror` or as its text, for anything
    that may be otherwise later; they come back within the seconds above.
    """

    container: str
    """"mpegts" or "flv"."""

    def connect(self) -> None: ...

    def send(self, data: bytes) -> None:
        """What an `Encoder` gave for one picture."""
        ...

    def abort(self) -> None:
        """Let what blocks in `connect` or `send` end with an error, now."""
        ...

    def close(self) -> None:
        """Twice does no harm."""
        ...


def reason(error: OSError) -> str:
    """Why a receiver is away, in a few words."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return (error.strerror or str(error) or type(error).__name__).lower()
