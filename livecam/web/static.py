"""The page's own files: a fixed list, each under its name. Nothing else of the disk can be asked for.

They are read once. Their addresses have the token in them, so a browser keeps none of them (`no-store`, set
by the server for every answer).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
PAGES: Final = {"": "studio.html", "overlay": "overlay.html"}
"""Address: file."""
PARTS: Final = (
    "studio.css",
    "parts.css",
    "overlay.css",
    "studio.js",
    "calibration.js",
    "checks.js",
    "connection.js",
    "controls.js",
    "dom.js",
    "enrolment.js",
    "gallery.js",
    "keys.js",
    "latency.js",
    "menu.js",
    "notices.js",
    "outlines.js",
    "overlay.js",
    "reactions.js",
    "stage.js",
    "tracking.js",
    "widgets.js",
    "words.js",
)


@cache
def read(name: str) -> str:
    """The text of a file of the page."""
    return files("livecam.web").joinpath("static", name).read_text("utf-8")


def static_routes(files: Mapping[str, str] | None = None) -> list[Route]:
    """One route for each page and each of its parts. files: address: file; None: all of them."""
    return [_route(*one) for one in (files or {**PAGES, **{name: name for name in PARTS}}).items()]


def _route(address: str, name: str) -> Route:
    kind = TYPES[name[name.rindex(".") :]]

    async def answer(_: Request) -> Response:
        return Response(read(name), headers={"content-type": kind})

    return Route(f"/{address}", answer)
