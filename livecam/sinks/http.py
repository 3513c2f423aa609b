"""The newest picture as Motion JPEG over HTTP, for any program that reads one (`livecam.web.motion_jpeg`)."""

from __future__ import annotations

from livecam.errors import UserError
from livecam.sinks.page import PageSink

PORT = 8808
"""Where a stream is served unless another port is named: always the same, so that a program that was told
the address finds the stream again."""


class HttpSink(PageSink):
    """As the page's: encoded once, only while somebody watches. port: None for `PORT`, or any where that is
    taken; 0 for any."""

    def __init__(self, port: int | None = None) -> None:
        super().__init__()
        self.name = "http" if port is None else f"http:{port}"
        self.port = port


def port_of(text: str) -> int:
    """What follows `http:`. Raises `UserError`."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise UserError(
            f"sink http:{text}", "no port from 0 to 65535 follows the colon", f"Write http:{PORT}."
        )
    return int(text)
