"""The gallery over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from livecam.errors import UserError
from livecam.persona import store
from livecam.persona.crop import cut_crop
from livecam.studio import gallery_routes as module
from livecam.studio import uploads
from livecam.studio.gallery_routes import gallery_routes, receive
from livecam.web.server import Page


@pytest.fixture
def page(gallery):
    with TestClient(Starlette(routes=gallery_routes(gallery))) as client:
        yield client


def refused(answer, *words):
    assert answer.status_code == 422, answer.text
    said = answer.json()
    assert set(said) == {"what", "why", "todo"}
    line = f"{said['what']}: {said['why']}. {said['todo']}"
    assert "\n" not in line
    for word in words:
        assert word in line
    return line


def test_from_the_upload_to_the_picture(page, gallery):
    sent = page.post("/api/uploads", params={"name": "Anna.png"}, content=b"good")
    assert sent.status_code == 200
    job = page.post("/api/personas", json={"name": "", "uploads": [sent.json()["upload"]]}).json()["job"]
    assert gallery.wait(60)
    [told] = page.get("/api/jobs").json()["jobs"]
    assert (told["id"], told["state"], told["name"], told["error"]) == (job, "done", "Anna", None)
    anna, oil, *_ = page.get("/api/personas").json()["personas"]
    assert (anna["name"], anna["bundled"], oil["name"], oil["bundled"]) == ("Anna", False, "oil", True)
    assert page.post("/api/personas/Anna/rename", json={"name": "Änne"}).json() == {"name": "Anne"}
    undo = page.delete("/api/personas/Anne").json()["undo"]
    refused(page.get("/api/personas/Anne/picture.jpg"), "none of that name")
    assert page.post("/api/undo", json={"undo": undo}).json() == {"name": "Anne"}
    assert set(page.post("/api/personas/Anne/tune", json={"steps": 2}).json()) == {"job"}
    assert gallery.wait(60)
    refused(page.delete(f"/api/jobs/{job}"), "over already")


def test_the_small_picture_is_the_square_around_the_face_and_changes_with_it(page, enrolled, persona):
    from dataclasses import replace

    enrolled("eve")

    def small():
        answer = page.get("/api/personas/eve/picture.jpg")
        assert answer.headers["content-type"] == "image/jpeg"
        return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(float)

    wanted = cut_crop(persona.picture, persona.crop, 256)
    assert small().shape == (256, 256, 3)
    assert abs(small() - wanted).mean() < 4, "of 255: JPEG's own error; another part of the picture has 40"
    store.save(replace(persona, name="eve", picture=255 - persona.picture))
    assert abs(small() - (255.0 - wanted)).mean() < 4


def test_every_bundled_portrait_has_a_small_picture(page, gallery):
    for name in gallery.names():
        picture = Image.open(io.BytesIO(page.get(f"/api/personas/{name}/picture.jpg").content))
        assert (picture.format, picture.size) == ("JPEG", (256, 256))


def test_a_damaged_portrait_has_a_line_instead(page, enrolled):
    enrolled("eve")
    store.tensor_path("eve", 256).write_bytes(b"x" * 100)
    refused(page.get("/api/personas/eve/picture.jpg"), "eve", "damaged")


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "%2e%2e%2f%2e%2e", ".trash", "a%00b", "%E2%80%AEeve", "x" * 500]
)
def test_no_name_leads_out_of_the_folder(page, enrolled, name):
    enrolled("eve")
    for answer in (
        page.get(f"/api/personas/{name}/picture.jpg"),
        page.delete(f"/api/personas/{name}"),
        page.post(f"/api/personas/{name}/rename", json={"name": "other"}),
        page.post(f"/api/personas/{name}/tune"),
    ):
        assert answer.status_code in (404, 405, 422)
        if answer.status_code == 422:
            refused(answer)
    assert store.names() == ["eve"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/personas", {}),
        ("/api/personas", {"uploads": "all"}),
        ("/api/personas", {"uploads": [1]}),
        ("/api/personas", {"uploads": [None]}),
        ("/api/personas", {"uploads": []}),
        ("/api/personas", {"uploads": ["0"] * 100}),
        ("/api/personas", {"name": 3, "uploads": []}),
        ("/api/personas", {"name": "x" * 501, "uploads": []}),
        ("/api/personas", {"uploads": ["../../x"], "face": "left"}),
        ("/api/personas/eve/rename", {}),
        ("/api/personas/eve/rename", {"name": None}),
        ("/api/personas/eve/tune", {"steps": "many"}),
        ("/api/personas/eve/tune", {"steps": -1}),
        ("/api/personas/eve/tune", {"steps": 1e308}),
        ("/api/undo", {}),
        ("/api/undo", {"undo": "../eve"}),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(page, enrolled, path, told):
    enrolled("eve")
    refused(page.post(path, json=told))
    assert store.names() == ["eve"]


def test_a_body_that_is_no_json_is_refused(page):
    for body in (b"{", b"[1]", b"[" * 10_000, b"\xff", b"x" * 100_000):
        refused(page.post("/api/personas", content=body), "request")


def test_an_upload_that_is_too_large_is_refused_with_or_without_its_length(page, monkeypatch, gallery):
    monkeypatch.setattr(uploads, "LARGEST", 3_000_000)
    refused(page.post("/api/uploads?name=a.png", content=b"x" * 3_000_001), "a.png", "larger than 3 MB")

    def parts():
        for _ in range(4):
            yield b"x" * 1_000_000

    refused(page.post("/api/uploads?name=a.png", content=parts()), "a.png", "larger than 3 MB")
    refused(page.post("/api/uploads?name=a.png", content=b""), "a.png", "empty")
    assert list(gallery.uploads.folder.iterdir()) == []
    assert page.post("/api/uploads", content=b"x" * 3_000_000).status_code == 200


def test_a_browser_gets_the_reason_although_it_sends_to_the_end_first(gallery, monkeypatch):
    """Through the page's own server, which must read on: closed with bytes unread, the connection would be
    reset and the answer lost on the way."""
    monkeypatch.setattr(uploads, "LARGEST", 3_000_000)
    with Page(routes=gallery_routes(gallery)) as served:
        place = urlsplit(served.url)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        connection.request("POST", f"{place.path}api/uploads?name=a.png", body=bytes(60_000_000))
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["why"]) == (422, "it is larger than 3 MB")
        connection.request("POST", f"{place.path}api/uploads?name=a.png", body=b"good")
        id = json.load(connection.getresponse())["upload"]
        connection.request("POST", f"{place.path}api/personas", body=json.dumps({"uploads": [id]}))
        assert set(json.load(connection.getresponse())) == {"job"}
        connection.close()
        assert gallery.wait(60)
    assert gallery.names()[0] == "a"


def sent(messages):
    """A request whose body comes as these ASGI messages."""
    waiting = iter(messages)

    async def read():
        found = next(waiting, None)
        if found is None:
            await asyncio.sleep(3600)
        return found

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"name=a.png", "headers": []}
    return Request(scope, read)


@pytest.mark.parametrize("end", [[{"type": "http.disconnect"}], []])
def test_one_that_breaks_off_or_stalls_leaves_nothing(gallery, monkeypatch, end):
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.2)
    begun = {"type": "http.request", "body": b"x" * 2_000_000, "more_body": True}
    with pytest.raises(UserError, match="broke off"):
        asyncio.run(receive(sent([begun, *end]), gallery.uploads))
    assert list(gallery.uploads.folder.iterdir()) == []


def test_what_is_uploaded_is_not_decoded_here(page, monkeypatch, gallery):
    def looks(*args, **kwargs):
        raise AssertionError("a picture was opened in the server's process")

    for reader in ("PIL.Image.open", "cv2.imread", "cv2.imdecode", "av.open"):
        monkeypatch.setattr(reader, looks)
    ok, jpeg = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))
    assert ok
    id = page.post("/api/uploads?name=a.jpg", content=b"good " + jpeg.tobytes()[:0]).json()["upload"]
    page.post("/api/personas", json={"uploads": [id]})
    assert gallery.wait(60)
    assert gallery.jobs()[-1]["state"] == "done"
