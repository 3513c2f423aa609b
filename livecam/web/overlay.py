"""Serves the portrait alone with real transparency, for a browser source in streaming software."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.routing import BaseRoute, WebSocketRoute

from livecam.sinks.overlay import OverlaySink
from livecam.web.lasting import LastingPage
from livecam.web.static import static_routes

PORT: Final = 8809
"""Where it is served unless that is taken: always the same, as streaming software keeps the address."""
FILES: Final = {"": "overlay.html"} | {
    name: name for name in ("overlay.css", "overlay.js", "connection.js", "dom.js")
}
"""Address: file."""


class Overlay(LastingPage):
    """Serves `sink` at `http://127.0.0.1:PORT/TOKEN/`. It shows pictures and lets nobody change anything."""

    called = "overlay"

    def __init__(self, sink: OverlaySink, port: int | None = None, token_file: Path | None = None) -> None:
        super().__init__(sink, PORT, port, token_file)

    def _routes(self) -> list[BaseRoute]:
        return [*static_routes(FILES), WebSocketRoute("/overlay-pictures", self._send_pictures)]
