"""The controls over HTTP, and the news: what is answered, to whom, and what is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from starlette.routing import WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from livecam.control import Choice, Registry, Value
from livecam.control.catalogue import CATALOGUE
from livecam.web.api import LARGEST_BODY, control_routes, openapi
from livecam.web.events import Events
from livecam.web.server import Page

PATIENCE = 60


@pytest.fixture
def registry() -> Registry:
    return Registry(CATALOGUE)


@pytest.fixture
def page(registry: Registry) -> Iterator[Page]:
    events = Events(registry, lambda: {"state": "live"})
    routes = [*control_routes(registry), WebSocketRoute("/events", events.serve)]
    with Page(routes=routes, ending=events.end) as page:
        yield page


def post(page: Page, path: str, body: bytes, **headers: str) -> httpx.Response:
    return httpx.post(page.url + path, content=body, headers=headers, trust_env=False, timeout=PATIENCE)


def test_every_control_can_be_asked_for_and_set(page, registry):
    answer = httpx.get(page.url + "api/controls", trust_env=False, timeout=PATIENCE).json()
    assert [one["name"] for one in answer["controls"]] == [one.name for one in CATALOGUE]
    for one in CATALOGUE:
        if isinstance(one, Value) and one.kind in ("flag", "number", "colour"):
            given = {"flag": not one.default, "number": 0.7, "colour": "#123456"}[one.kind]
            said = post(page, f"api/controls/{one.name}", json.dumps({"value": given}).encode()).json()
            assert said == {"name": one.name, "value": given}
            assert registry.value(one.name) == given


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"value": 99}',
        b'{"value": NaN}',
        b'{"value": null, "other": 1}',
        b'{"value": "\\ud800"}',
        b'{"text": "much"}',
        b"[" * 10_000,
        b'{"value": "' + b"x" * LARGEST_BODY + b'"}',
    ],
)
def test_what_cannot_be_is_said_in_three_parts(page, registry, body):
    before = registry.values()
    answer = post(page, "api/controls/pose-gain", body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"what", "why", "todo"}
    assert registry.values() == before


@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e", "hide/x", ""])
def test_other_names(page, name):
    assert post(page, f"api/controls/{name}", b"{}").status_code in (404, 405, 422, 307)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"])
def test_another_site_changes_nothing(page, registry, origin):
    assert post(page, "api/controls/hide", b"{}", origin=origin).status_code == 403
    assert registry.value("hide") is False
    with pytest.raises(InvalidStatus):
        connect(page.url.replace("http:", "ws:") + "events", origin=origin, proxy=None)


def test_the_document_names_every_control(registry):
    registry.offer("persona", [Choice("anna"), Choice("ben")])
    document = json.loads(json.dumps(openapi(registry)))
    assert document["openapi"] == "3.1.0"
    for one in CATALOGUE:
        content = document["paths"][f"/api/controls/{one.name}"]["post"]["requestBody"]["content"]
        assert content["application/json"]["schema"]["additionalProperties"] is False
    content = document["paths"]["/api/controls/persona"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"]["properties"]["value"]["enum"] == ["anna", "ben"]


def test_two_pages_hear_of_a_change_and_of_the_state(page, registry):
    address = page.url.replace("http:", "ws:") + "events"
    with connect(address, proxy=None) as one, connect(address, proxy=None) as other:
        for socket in (one, other):
            first = json.loads(socket.recv(timeout=PATIENCE))
            assert first["status"] == {"state": "live"}
            assert len(first["controls"]) == len(CATALOGUE)
        registry.set("hide", True)
        for socket in (one, other):
            while "control" not in (news := json.loads(socket.recv(timeout=PATIENCE))):
                pass
            assert (news["control"]["name"], news["control"]["value"]) == ("hide", True)


def test_the_state_comes_through_whatever_else_there_is_to_tell(page, registry):
    done = threading.Event()

    def change() -> None:
        while not done.wait(0.01):
            registry.set("hide", not registry.value("hide"))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        with connect(page.url.replace("http:", "ws:") + "events", proxy=None) as socket:
            socket.recv(timeout=PATIENCE)
            while "status" not in json.loads(socket.recv(timeout=PATIENCE)):
                pass
    finally:
        done.set()
        thread.join()
