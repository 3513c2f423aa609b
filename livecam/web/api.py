"""The controls over HTTP: what there is, what it is now, changing it, and the OpenAPI document of it all.

Answers are JSON. What cannot be is 422 with {"what", "why", "todo"}, the three parts of the error's line.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livecam.control import Action, Registry, Value
from livecam.control.declared import from_text
from livecam.errors import UserError

VERSION: Final = "1"
"""Of this interface."""
LARGEST_BODY: Final = 1 << 14
"""Bytes of what a control is told."""


def refusal(error: UserError, status: int = 422) -> Response:
    """An error's three parts."""
    parts = {"what": error.what, "why": error.why, "todo": error.todo}
    # Halves of a surrogate pair, which JSON lets in, can be written nowhere.
    return JSONResponse({name: _writable(text) for name, text in parts.items()}, status)


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


async def read_json(request: Request, largest: int = LARGEST_BODY) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty one.

    Raises:
        UserError: something else, or too large.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise UserError("request", f"larger than {largest} bytes", "Send less.")
    if not body:
        return {}
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise UserError("request", "no JSON object", 'Send one, {"value": 1} say.')
    return said


def answering(
    step: Callable[[Request], Awaitable[Any]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with what `step` returns, or with why it cannot be."""

    async def answer(request: Request) -> Response:
        try:
            said = await step(request)
        except UserError as error:
            return refusal(error)
        return said if isinstance(said, Response) else JSONResponse(said)

    return answer


def control_routes(registry: Registry) -> list[Route]:
    """Routes below `api/`."""

    async def controls(_: Request) -> Any:
        return {"controls": registry.described()}

    async def change(request: Request) -> Any:
        name = request.path_params["name"]
        told = await read_json(request)
        return await run_in_threadpool(carry_out, registry, name, told)

    async def one(request: Request) -> Any:
        name = request.path_params["name"]
        registry.control(name)
        return next(said for said in registry.described() if said["name"] == name)

    async def document(_: Request) -> Any:
        return openapi(registry)

    return [
        Route("/api/controls", answering(controls)),
        Route("/api/controls/{name}", answering(one), methods=["GET"]),
        Route("/api/controls/{name}", answering(change), methods=["POST"]),
        Route("/api/openapi.json", answering(document)),
    ]


def carry_out(registry: Registry, name: str, told: dict[str, Any]) -> dict[str, Any]:
    """Do an action, or set a value, as told: {"value": ...}, {"text": "toggle"} with a word of a command
    line, or nothing, which does an action and turns a flag.

    Raises:
        UserError: it cannot be.
    """
    if unknown := set(told) - {"value", "text"}:
        raise UserError(f"{name}: {sorted(unknown)[0]}", "not understood", 'Send "value" or "text".')
    control = registry.control(name)
    given = told.get("value", told.get("text"))
    if isinstance(control, Action):
        if given is not None and not isinstance(given, str):
            raise UserError(name, "what it is told is not text", "Write it in quotes.")
        registry.do(name, given)
        return {"name": name}
    assert isinstance(control, Value)
    now = registry.value(name)
    if not told:
        if control.kind != "flag":
            return {"name": name, "value": now}
        given = not now
    elif "text" in told and "value" not in told:
        given = from_text(control, str(told["text"]), now)
    return {"name": name, "value": registry.set(name, given)}


def openapi(registry: Registry) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the controls."""
    error = {"$ref": "#/components/schemas/Error"}
    refused = {"description": "It cannot be.", "content": {"application/json": {"schema": error}}}
    paths: dict[str, Any] = {
        "/api/controls": {
            "get": {
                "summary": "All controls and what they are now.",
                "responses": {"200": {"description": "An object with the list `controls`."}},
            }
        }
    }
    for said in registry.described():
        body = {"type": "object", "properties": {"value": _schema(said)}, "additionalProperties": False}
        paths[f"/api/controls/{said['name']}"] = {
            "post": {
                "summary": said["label"],
                "description": said["help"],
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {"200": {"description": "Done."}, "422": refused},
            }
        }
    texts = {name: {"type": "string"} for name in ("what", "why", "todo")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "livecam", "version": VERSION},
        "servers": [{"url": ".."}],
        "paths": paths,
        "components": {"schemas": {"Error": {"type": "object", "properties": texts}}},
    }


def _schema(said: dict[str, Any]) -> dict[str, Any]:
    kind = said["kind"]
    if kind == "flag":
        return {"type": "boolean", "default": said["default"]}
    if kind == "number":
        whole = "integer" if said["whole"] else "number"
        return {"type": whole, "minimum": said["low"], "maximum": said["high"], "default": said["default"]}
    if kind == "choice" and said["choices"]:
        return {"type": "string", "enum": [one["value"] for one in said["choices"]]}
    if kind == "colour":
        return {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "default": said["default"]}
    return {"type": "string"}
