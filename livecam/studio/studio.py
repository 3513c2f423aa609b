"""Puts the Studio beside a live run: controls, what carries them out, and the page's server."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute

from livecam import assets
from livecam.animator import Animator
from livecam.control import Choice, Registry, door, remembered
from livecam.control.catalogue import CATALOGUE
from livecam.doctor import diagnose
from livecam.doctor.cameras import how_to_get_a_virtual_camera
from livecam.engines import available
from livecam.errors import UserError
from livecam.face.observer import Recorder
from livecam.face.tracker import FaceTracker
from livecam.files import make_folder, unwritable, write_whole
from livecam.folders import DATA_VARIABLE, data_folder
from livecam.frames import RGB
from livecam.persona.enroll import Choice as FaceChoice
from livecam.persona.opening import open_persona
from livecam.persona.picture import read_picture
from livecam.pipeline.live import LivePipeline
from livecam.ranges import short_text
from livecam.render.backdrop import Framing
from livecam.report import Report
from livecam.settings import MotionSettings, Settings
from livecam.sinks.base import Sink, SinkFormat
from livecam.sinks.http import HttpSink
from livecam.sinks.overlay import OverlaySink
from livecam.sinks.page import PageSink
from livecam.sinks.streaming.sink import StreamSink
from livecam.sinks.virtual_camera import VirtualCameraSink
from livecam.studio import reactions
from livecam.studio.cameras import DEMO, CameraWatch, open_camera
from livecam.studio.desk import MOTION, Desk
from livecam.studio.gallery import TUNE, Gallery
from livecam.studio.gallery_routes import gallery_routes, receive
from livecam.studio.look import Look
from livecam.studio.outlets import Outlets
from livecam.studio.telling import Telling
from livecam.web.api import answering, control_routes
from livecam.web.driver_views import Peephole, send_landmarks
from livecam.web.events import Events
from livecam.web.overlay import Overlay
from livecam.web.server import Page

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """A live run, as far as it is put together. portrait: as asked for, None for the default. driver: the
    same, or `DEMO` where that stands in. page: the sink that the page shows."""

    portrait: str | None
    driver: str
    choice: FaceChoice | None
    settings: Settings
    mirror: bool
    tracker: FaceTracker
    report: Report
    record: Recorder | None
    pipeline: LivePipeline
    format: SinkFormat
    sinks: Sequence[Sink]
    page: PageSink
    port: int = 0


def started_with(run_settings: Settings, portrait: str | None, driver: str, mirror: bool) -> dict[str, Any]:
    """What the controls are as a run begins."""
    motion = {control: getattr(run_settings.motion, field) for control, field in MOTION.items()}
    return {
        **motion,
        "persona": portrait or default_portrait(),
        "camera": driver,
        "mirror": mirror,
        "size": str(run_settings.size),
        "engine": run_settings.engine,
    }


def default_portrait() -> str:
    """The name of the portrait that comes with livecam."""
    return next(iter(assets.bundled_portraits()))


def background_file() -> Path:
    """The user's own background picture."""
    return data_folder() / "background"


class Studio:
    """`start` serves the page; `close` ends everything that goes on beside the run."""

    def __init__(self, run: Run) -> None:
        self._run, self._tracker = run, run.tracker
        self._stack = contextlib.ExitStack()
        start = started_with(run.settings, run.portrait, run.driver, run.mirror)
        self.registry = registry = Registry(CATALOGUE, start)
        self._offer(registry)
        self.telling = Telling(run.pipeline, run.report, self._more)
        self.events = Events(registry, lambda: self.page.read_status())
        self.desk = Desk(
            registry,
            run.pipeline,
            replace(run.settings.motion, mirror=run.mirror),
            self._make,
            self._open_camera,
            self.personas,
            self.events.notice,
        )
        self._stack.callback(self.desk.close)
        self.gallery = Gallery(self._news, lambda: self.desk.shown.persona, size=lambda: self.desk.shown.size)
        self._stack.callback(self.gallery.close)
        self._offer_personas()
        advice = how_to_get_a_virtual_camera
        self.outlets = Outlets(registry, run.pipeline.fanout, run.format, advice, self.events.notice)
        self._stack.callback(self.outlets.close)
        self.overlay = Overlay(OverlaySink())
        for sink in run.sinks:
            if isinstance(sink, VirtualCameraSink):
                self.outlets.adopt("camera-out", sink)
            elif isinstance(sink, (HttpSink, StreamSink)):
                self.outlets.adopt("stream", sink)
        self._overlay_url = ""
        run.pipeline.tracking.renew = self._renew_tracking
        run.pipeline.drawing.renew = self._renew_drawing
        self._peephole = Peephole(self._peep)
        self.watch = CameraWatch(
            registry, lambda: self.events.tell({"checks": True}), stands_in=run.driver == DEMO
        )
        self._stack.callback(self.watch.close)
        self.page = Page(
            run.port, sink=run.page, status=self.telling, routes=self._routes(), ending=self.events.end
        )

    def start(self, kept: Mapping[str, Any]) -> str:
        """Serve the page, and say where to `livecam control`; the page's address. kept: values to begin with;
        what cannot be any more is left."""
        self.watch.look()  # a camera that was kept has to be there
        for name, value in kept.items():
            if (name, value) == ("camera", DEMO):  # nobody chose it for good
                continue
            try:
                self.registry.set(name, value)
            except UserError as error:
                log.warning("%s", error)
        address = self.page.start()
        self._stack.callback(self.page.stop)
        self._overlay_url = self.overlay.start()
        self._stack.callback(self.overlay.stop)
        fanout = self._run.pipeline.fanout
        fanout.add(self.overlay.sink)
        self._stack.callback(fanout.remove, self.overlay.sink)
        path = door.leave(address)
        self._stack.callback(path.unlink, missing_ok=True)
        remembered.follow(self.registry)
        self.watch.start()
        return address

    def close(self) -> None:
        self._stack.close()

    def personas(self) -> list[str]:
        """Names in the order of the gallery."""
        return [one.value for one in self.registry.choices("persona")]

    def _offer(self, registry: Registry) -> None:
        found = {one.name: one for one in available()}
        engines = [Choice("auto", "The fastest here")]
        for name, engine in found.items():
            engines.append(Choice(name, name, "" if engine.ok else f"{engine.detail}. See livecam doctor."))
        if registry.value("engine") not in ["auto", *found]:
            engines.append(Choice(registry.value("engine")))
        registry.offer("engine", engines)

    def _offer_personas(self) -> None:
        names, chosen = self.gallery.names(), self.registry.value("persona")
        own = [] if chosen in names else [Choice(chosen, Path(chosen).name)]
        self.registry.offer("persona", [*own, *map(Choice, names)])

    def _news(self, news: dict[str, Any]) -> None:
        """What the gallery tells: the list is offered anew, and who is shown is shown as they are now."""
        if "personas" in news:
            self._offer_personas()
        job = news.get("job", {})
        if job.get("kind") == TUNE and job.get("state") == "done" and job["name"] == self.desk.shown.persona:
            self.desk.show_again()
        self.events.tell(news)

    def _take_background(self, upload: str, name: str) -> None:
        """A picture that was uploaded, and is one, becomes the own background. name: for messages."""
        (claimed,) = self.gallery.uploads.claim([upload])
        try:
            read_picture(claimed.path)
            make_folder(background_file().parent, DATA_VARIABLE)
            write_whole(background_file(), claimed.path.read_bytes())
        except UserError as error:
            raise UserError(name, error.why, error.todo) from None
        except OSError as error:
            raise unwritable(background_file(), error, DATA_VARIABLE) from None
        finally:
            self.gallery.uploads.forget([upload])
        if self.registry.value("background") == "picture":
            self.desk.show_again()
        else:
            self.registry.set("background", "picture")

    def _make(self, look: Look, motion: MotionSettings) -> Animator:
        run, first = self._run, look.persona == (self._run.portrait or default_portrait())
        persona = open_persona(look.persona, look.size, run.choice if first else None)
        animator = Animator(
            persona,
            engine=look.engine,
            refine=run.settings.refine,
            canvas=run.settings.canvas,
            framing=self._framing(look),
            motion=motion,
            tracker=self._tracker,
            report=run.report,
            record=run.record,
        )
        try:
            animator.resting()  # opens what draws, and draws once
        except BaseException:
            animator.close()
            raise
        return animator

    def _renew_tracking(self) -> None:
        """Another tracker in place of one that fails; called by the thread that tracks."""
        tracker = self._stack.enter_context(FaceTracker())
        self._tracker = tracker
        self._run.pipeline.animator.use_tracker(tracker)

    def _renew_drawing(self) -> None:
        """The same portrait drawn anew, by the CPU, which needs nothing that could be lost."""
        look = replace(self.desk.shown, engine="cpu")
        self._run.pipeline.show(self._make(look, self.desk.motion), Animator.close)

    def _framing(self, look: Look) -> Framing:
        picture = None
        if look.background == "picture":
            path = background_file()
            if not path.is_file():
                raise UserError("background picture", "there is none yet", "Choose one on the page.")
            picture = read_picture(path)
        red, green, blue = (int(look.colour[place : place + 2], 16) for place in (1, 3, 5))
        return Framing(look.zoom, look.background, (red, green, blue), picture)

    def _open_camera(self, name: str) -> Any:
        return open_camera(name, self._run.settings.fps)

    def _peep(self, wants: Callable[[Any], None] | None) -> None:
        """What the page shows of the driver is mirrored as the portrait moves."""

        def show(pixels: RGB) -> None:
            assert wants is not None
            wants(pixels[:, ::-1] if self.registry.value("mirror") else pixels)

        self._run.pipeline.peep = None if wants is None else show

    def _more(self) -> dict[str, Any]:
        pipeline, info = self._run.pipeline, self._run.pipeline.source.info
        return {
            "portrait": self.desk.shown.persona,
            "engine": pipeline.animator.renderer.name,
            "source": {
                "name": info.name,
                "width": info.width,
                "height": info.height,
                "fps": info.fps,
                "demo": self.registry.value("camera") == DEMO,
            },
            "size": [self._run.format.width, self._run.format.height],
            "recording": self.outlets.recording,
            "film": str(self.outlets.film) if self.outlets.film else None,
            "sinks": [
                *self.outlets.describe(),
                {"name": "overlay", "ok": True, "text": self._overlay_url},
            ],
            "busy": self.desk.busy,
        }

    def _routes(self) -> list[BaseRoute]:
        pipeline = self._run.pipeline

        async def checks(_: Request) -> Any:
            found = await run_in_threadpool(diagnose)
            said = {"ok": True, "warn": None, "fail": False}
            return {
                "checks": [
                    {"name": one.name, "ok": said[one.status], "text": one.found, "todo": one.todo}
                    for one in found
                ]
            }

        async def reactions_there(_: Request) -> Any:
            there = await run_in_threadpool(reactions.found)
            return {"reactions": [one.described() for one in there]}

        async def background(request: Request) -> Any:
            upload = await receive(request, self.gallery.uploads)
            name = short_text(request.query_params.get("name") or "picture")
            await run_in_threadpool(self._take_background, upload, name)
            return {}

        async def landmarks(websocket: Any) -> None:
            await send_landmarks(websocket, lambda: (pipeline.seen, pipeline.frame_size))

        return [
            *control_routes(self.registry),
            *gallery_routes(self.gallery),
            Route("/api/background", answering(background), methods=["POST"]),
            Route("/api/checks", answering(checks)),
            Route("/api/reactions", answering(reactions_there)),
            WebSocketRoute("/events", self.events.serve),
            WebSocketRoute("/landmarks", landmarks),
            WebSocketRoute("/camera", self._peephole.serve),
        ]
