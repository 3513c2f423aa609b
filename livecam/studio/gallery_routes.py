"""The gallery over HTTP, below `api/`: see docs/studio.md."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from livecam.errors import UserError
from livecam.studio.gallery import USUAL_STEPS, Gallery
from livecam.studio.uploads import Incoming, Uploads
from livecam.web.api import answering, read_json

CHUNK: Final = 1 << 20
"""Bytes that are written at once."""
SILENT_SECONDS: Final = 30.0
"""A sender that says nothing for so long has gone."""
LONGEST_TEXT: Final = 500
"""Letters of a name that somebody types."""


def gallery_routes(gallery: Gallery) -> list[Route]:
    """Routes for `livecam.web`."""

    async def personas(_: Request) -> Any:
        return {"personas": await run_in_threadpool(gallery.described)}

    async def picture(request: Request) -> Any:
        jpeg = await run_in_threadpool(gallery.picture, request.path_params["name"])
        return Response(jpeg, media_type="image/jpeg")

    async def upload(request: Request) -> Any:
        return {"upload": await receive(request, gallery.uploads)}

    async def enrol(request: Request) -> Any:
        said = await read_json(request)
        name, uploads, face = _text(said, "name", ""), said.get("uploads"), said.get("face")
        if not isinstance(uploads, list) or not all(isinstance(one, str) for one in uploads):
            raise UserError("uploads", "not a list of what was uploaded", 'Send {"uploads": ["..."]}.')
        job = await run_in_threadpool(gallery.enrol, name, uploads, face)
        return {"job": job["id"]}

    async def rename(request: Request) -> Any:
        new = _text(await read_json(request), "name")
        return {"name": await run_in_threadpool(gallery.rename, request.path_params["name"], new)}

    async def delete(request: Request) -> Any:
        return {"undo": await run_in_threadpool(gallery.delete, request.path_params["name"])}

    async def undo(request: Request) -> Any:
        id = _text(await read_json(request), "undo")
        return {"name": await run_in_threadpool(gallery.undo, id)}

    async def tune(request: Request) -> Any:
        steps = (await read_json(request)).get("steps", USUAL_STEPS)
        job = await run_in_threadpool(gallery.tune, request.path_params["name"], steps)
        return {"job": job["id"]}

    async def jobs(_: Request) -> Any:
        return {"jobs": gallery.jobs()}

    async def stop(request: Request) -> Any:
        await run_in_threadpool(gallery.stop, request.path_params["id"])
        return {}

    return [
        Route("/api/personas", answering(personas), methods=["GET"]),
        Route("/api/personas", answering(enrol), methods=["POST"]),
        Route("/api/personas/{name}/picture.jpg", answering(picture), methods=["GET"]),
        Route("/api/personas/{name}/rename", answering(rename), methods=["POST"]),
        Route("/api/personas/{name}/tune", answering(tune), methods=["POST"]),
        Route("/api/personas/{name}", answering(delete), methods=["DELETE"]),
        Route("/api/uploads", answering(upload), methods=["POST"]),
        Route("/api/undo", answering(undo), methods=["POST"]),
        Route("/api/jobs", answering(jobs), methods=["GET"]),
        Route("/api/jobs/{id}", answering(stop), methods=["DELETE"]),
    ]


async def receive(request: Request, uploads: Uploads) -> str:
    """The request's body, kept as a file; the id of the upload. It is never held in memory as a whole.

    Raises:
        UserError: too large, too many wait, the disk is full, or it broke off.
    """
    try:
        length = request.headers.get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) < 20 else None
        name = request.query_params.get("name", "")[:LONGEST_TEXT]
        with await run_in_threadpool(uploads.begin, name, announced) as incoming:
            await _store(_body(request), incoming)
            return await run_in_threadpool(incoming.finish)
    except (ClientDisconnect, asyncio.TimeoutError):
        raise UserError("picture", "it broke off on the way", "Send it again.") from None


async def _store(body: AsyncIterator[bytes], incoming: Incoming) -> None:
    waiting = bytearray()
    async for part in body:
        waiting += part
        if len(waiting) >= CHUNK:
            await run_in_threadpool(incoming.write, bytes(waiting))
            waiting.clear()
    if waiting:
        await run_in_threadpool(incoming.write, bytes(waiting))


async def _body(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    with contextlib.suppress(StopAsyncIteration):
        while True:
            yield await asyncio.wait_for(stream.__anext__(), SILENT_SECONDS)


def _text(said: dict[str, Any], key: str, usual: str | None = None) -> str:
    found = said.get(key, usual)
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        raise UserError(key, f"not a text of up to {LONGEST_TEXT} letters", f'Send {{"{key}": "..."}}.')
    return found
