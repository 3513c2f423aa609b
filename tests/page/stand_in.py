"""A livecam for the page's tests: the real server, controls and news; what moves or is enrolled is acted.

`calls` holds every request that changes something, as (method, path, body).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from livecam.control import Registry
from livecam.control.catalogue import CATALOGUE
from livecam.control.declared import Choice, Control
from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.web.api import answering, control_routes, read_json
from livecam.web.events import Events
from livecam.web.server import Page

DATA = Path(__file__).parents[1] / "data"
ASSETS = Path(__file__).parents[2] / "livecam" / "assets"
PORTRAITS = ("photograph", "watercolour", "charcoal", "cartoon")
ENGINES = (
    Choice("auto", "The fastest here"),
    Choice("cpu", "Processor"),
    Choice("cuda", "NVIDIA GPU", "No NVIDIA GPU is in this computer."),
    Choice("tensorrt", "TensorRT", "Not installed. Run: pip install 'livecam[tensorrt]'"),
)
CAMERAS = (
    Choice("camera", "The first camera"),
    Choice("/dev/video2", "HD Webcam", "Another program uses it. Close that first."),
)
STATUS = {
    "state": "live",
    "frames": 120,
    "latency_ms": 61.5,
    "fps": 29.9,
    "dropped": 2,
    "audio_offset_ms": 95,
    "stages": {
        "capture": 4.1,
        "track": 17.2,
        "motion": 0.9,
        "generate": 21.4,
        "canvas": 2.2,
        "wait": 9.6,
        "sink": 3.0,
        "total": 58.4,
    },
    "engine": "cpu",
    "source": {"name": "HD Webcam", "width": 1280, "height": 720, "fps": 30, "demo": False},
    "portrait": "photograph",
    "recording": None,
    "size": [1280, 720],
    "sinks": [
        {"name": "Virtual camera", "ok": True, "text": "/dev/video10, 1280x720 at 30"},
        {"name": "Stream", "ok": False, "text": "rtmp://127.0.0.1/live: refused; tried again in 4 s"},
    ],
    "message": None,
}
REACTIONS = ("nod", "shake", "wink", "laugh", "surprise")
FRAME = (640, 360)
"""Width and height of the camera's frames."""


class StandIn:
    """A context manager; `url` is the page's address."""

    def __init__(self, controls: tuple[Control, ...] = CATALOGUE, port: int = 0, token: str = "") -> None:
        self.registry = Registry(controls)
        self.registry.offer("engine", ENGINES)
        self.registry.offer("camera", CAMERAS)
        self.status: dict[str, Any] = dict(STATUS)
        self.calls: list[tuple[str, str, Any]] = []
        self.personas = [_persona(name, bundled=name != "watercolour") for name in PORTRAITS]
        self.jobs: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.deleted: dict[str, dict[str, Any]] = {}
        self.refusal: UserError | None = None
        self.asked = {"landmarks": 0, "camera": 0, "pictures": 0}
        self.watching_camera = 0
        self.face = True
        self.overlay = b""
        self._offer()
        self.events = Events(self.registry, self._told)
        self.registry.handle("record", lambda on: self.status.update(recording=0.0 if on else None))
        self.page = Page(port, status=self._told, routes=self._routes(), ending=self.events.end)
        if token:
            self.page._token = token
        self._done = threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> StandIn:
        self.page.sink.open(SinkFormat(1280, 720, 30))
        self.url = self.page.start()
        self._writer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._writer.join()
        self.page.stop()

    def posts(self, path: str) -> list[Any]:
        """The bodies that were sent there."""
        return [body for method, where, body in self.calls if where == path and method != "DELETE"]

    def job(self, **said: Any) -> None:
        """Tell the pages of a job; one of that number is changed."""
        found = next((one for one in self.jobs if one["id"] == said["id"]), None)
        if found is None:
            found = {
                "kind": "enrol",
                "name": "",
                "phase": "",
                "done": 0,
                "total": 0,
                "state": "running",
                "error": None,
            }
            self.jobs.append(found)
        found.update(said)
        self.events.tell({"job": dict(found)})

    def grow(self, name: str) -> None:
        """One more persona."""
        self.personas.append(_persona(name, bundled=False))
        self._changed()

    def _offer(self) -> None:
        self.registry.offer("persona", [Choice(one["name"]) for one in self.personas])
        self.registry.told("persona", self.registry.value("persona") or self.personas[0]["name"])

    def _changed(self) -> None:
        self._offer()
        self.events.tell({"personas": True})

    def _told(self) -> Mapping[str, Any]:
        state = (
            "frozen" if self.registry.value("freeze") else "hidden" if self.registry.value("hide") else None
        )
        return {
            **self.status,
            "portrait": self.registry.value("persona"),
            **({"state": state} if state else {}),
        }

    def _write(self) -> None:
        """The portrait, a little brighter and darker in turns."""
        framed = _framed()
        for number in range(1, 1 << 30):
            if self._done.wait(0.1):
                return
            pixels = cv2.add(framed, 6.0 * (number % 2))
            self.page.sink.write(OutputFrame(pixels, number, 0))

    def _routes(self) -> list[Any]:
        routes = [
            *control_routes(self.registry),
            WebSocketRoute("/events", self.events.serve),
            WebSocketRoute("/landmarks", self._landmarks),
            WebSocketRoute("/camera", self._camera),
            WebSocketRoute("/overlay-pictures", self._overlay),
            Route("/api/personas", answering(self._list), methods=["GET"]),
            Route("/api/personas", answering(self._enrol), methods=["POST"]),
            Route("/api/personas/{name}/picture.jpg", self._picture),
            Route("/api/personas/{name}/rename", answering(self._rename), methods=["POST"]),
            Route("/api/personas/{name}/tune", answering(self._tune), methods=["POST"]),
            Route("/api/personas/{name}", answering(self._delete), methods=["DELETE"]),
            Route("/api/undo", answering(self._undo), methods=["POST"]),
            Route("/api/uploads", answering(self._upload), methods=["POST"]),
            Route("/api/background", answering(self._background), methods=["POST"]),
            Route("/api/jobs", answering(self._jobs)),
            Route("/api/jobs/{id}", answering(self._stop), methods=["DELETE"]),
            Route("/api/reactions", answering(self._reactions)),
            Route("/api/checks", answering(self._checks)),
        ]
        for route in routes:
            if isinstance(route, Route):
                route.app = self._noting(route.app)
        return routes

    def _noting(self, app: Any) -> Any:
        async def noted(scope: Any, receive: Any, send: Any) -> None:
            if scope["method"] in ("GET", "HEAD"):
                await app(scope, receive, send)
                return
            body = await Request(scope, receive).body()
            try:
                said = json.loads(body or b"null")
            except ValueError:
                said = body
            self.calls.append((scope["method"], scope["path"].removeprefix("/api/"), said))

            async def again() -> dict[str, Any]:
                return {"type": "http.request", "body": body, "more_body": False}

            await app(scope, again, send)

        return noted

    def _may(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def _list(self, _: Request) -> Any:
        return {"personas": self.personas}

    async def _enrol(self, request: Request) -> Any:
        self._may()
        said = await read_json(request)
        number = f"job{len(self.jobs)}"
        self.job(id=number, name=said["name"] or "Ada", phase="Finding the face", done=1, total=5)
        return {"job": number}

    async def _picture(self, request: Request) -> Response:
        path = ASSETS / "portraits" / f"{request.path_params['name']}.jpg"
        picture = cv2.imread(str(path if path.is_file() else ASSETS / "portrait.jpg"))
        side = min(picture.shape[:2])
        left = (picture.shape[1] - side) // 2
        _, jpeg = cv2.imencode(".jpg", cv2.resize(picture[:side, left : left + side], (256, 256)))
        return Response(jpeg.tobytes(), headers={"content-type": "image/jpeg"})

    async def _rename(self, request: Request) -> Any:
        name = (await read_json(request))["name"]
        if any(one["name"] == name for one in self.personas):
            raise UserError(f"name {name}", "another portrait has it", "Choose another.")
        self._find(request)["name"] = name
        self._changed()
        return {"name": name}

    async def _tune(self, request: Request) -> Any:
        number = f"job{len(self.jobs)}"
        name = request.path_params["name"]
        self.job(id=number, kind="tune", name=name, phase="Step 10 of 100", done=10, total=100)
        return {"job": number}

    async def _delete(self, request: Request) -> Any:
        found = self._find(request)
        self.personas.remove(found)
        self.deleted["u1"] = found
        self._changed()
        return {"undo": "u1"}

    async def _undo(self, request: Request) -> Any:
        self.personas.append(self.deleted.pop((await read_json(request))["undo"]))
        self._changed()
        return {}

    async def _upload(self, request: Request) -> Any:
        self._may()
        return {"upload": f"{request.query_params['name']}-1"}

    async def _background(self, _: Request) -> Any:
        self._may()
        self.registry.set("background", "picture")
        return {}

    async def _jobs(self, _: Request) -> Any:
        return {"jobs": self.jobs}

    async def _stop(self, request: Request) -> Any:
        error = {"what": "portrait", "why": "stopped", "todo": ""}
        self.job(id=request.path_params["id"], state="failed", error=error)
        return {}

    async def _reactions(self, _: Request) -> Any:
        keys = dict(zip(REACTIONS, "", strict=False)) | {"nod": "j"}
        return {
            "reactions": [{"name": n, "label": n.capitalize(), "key": keys.get(n, "")} for n in REACTIONS]
        }

    async def _checks(self, _: Request) -> Any:
        return {"checks": self.checks}

    def _find(self, request: Request) -> dict[str, Any]:
        return next(one for one in self.personas if one["name"] == request.path_params["name"])

    async def _landmarks(self, websocket: WebSocket) -> None:
        await websocket.accept()
        points = np.load(DATA / "face.npy")[:, :2] / 512
        placed = (points - 0.5) * [1.7 * FRAME[1] / FRAME[0], 1.7] + 0.5
        numbers = np.clip(65535 * placed, 0, 65535).astype("<u2").ravel()
        try:
            while True:
                await websocket.receive_text()
                self.asked["landmarks"] += 1
                said = np.concatenate([np.array(FRAME, "<u2"), numbers if self.face else numbers[:0]])
                await websocket.send_bytes(said.tobytes())
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def _camera(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.watching_camera += 1
        picture = np.full((FRAME[1], FRAME[0], 3), (60, 160, 220), np.uint8)
        cv2.putText(picture, "camera", (180, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 4)
        _, jpeg = cv2.imencode(".jpg", picture)
        try:
            while True:
                await websocket.send_bytes(jpeg.tobytes())
                await websocket.receive_text()
                self.asked["camera"] += 1
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self.watching_camera -= 1

    async def _overlay(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_bytes(self.overlay)
                await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass


@cache
def _framed() -> Any:
    """The bundled portrait, framed for a call."""
    bgr = cv2.imread(str(ASSETS / "portrait.jpg"))
    side = min(bgr.shape[:2])
    square = cv2.resize(cv2.cvtColor(bgr[:side, :side], cv2.COLOR_BGR2RGB), (720, 720))
    back = cv2.GaussianBlur(cv2.resize(square, (1280, 720)), (0, 0), 40)
    back[:, 280:1000] = square
    return back


def _persona(name: str, *, bundled: bool) -> dict[str, Any]:
    made = {"created": f"2026-11-30 {name}", "tuned": 0, "source": f"{name}.jpg", "sizes": [512]}
    return {"name": name, "bundled": bundled, **made}


def until(condition: Any, seconds: float = 60) -> None:
    """Wait for something outside of the browser."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
