"""Puts a run together: settings and names in, a pipeline out, everything closed at the end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livecam import signals
from livecam.calibration import no_such_frame
from livecam.errors import UserError
from livecam.outputs import check_outputs
from livecam.persona import store
from livecam.report import Report, check_writable
from livecam.settings import Settings, as_dict, parse_size

if TYPE_CHECKING:
    from livecam.frames import Landmarks
    from livecam.persona.enroll import Choice
    from livecam.persona.persona import Persona
    from livecam.sinks.base import Sink
    from livecam.sources.base import SourceInfo
    from livecam.web.server import Page

log = logging.getLogger(__name__)

BUNDLED_PORTRAIT = "portrait.jpg"
BUNDLED_DRIVER = "driver.mp4"
DEFAULT_FPS = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What one run is asked for, beside its settings."""

    portrait: str | None = None
    driver: str = "camera"
    sinks: tuple[str, ...] = ()
    choice: Choice | None = None
    record: Path | None = None
    report: Path | None = None


@dataclass(slots=True)
class Hooks:
    """How a run talks to whoever started it."""

    started: Callable[[dict[str, Any]], None] = lambda info: None
    progress: Callable[[int, int | None], None] = lambda done, total: None
    extra_sinks: Sequence[Sink] = field(default_factory=tuple)


def run(request: Request, settings: Settings, hooks: Hooks | None = None) -> Report:
    """Run until the driver ends, `max_frames` is reached or Ctrl-C; returns what was measured.

    Once pictures have come Ctrl-C is the normal end of a run. The report is written in any case, also where a
    sink failed in the middle.

    Raises:
        UserError: anything about the request that cannot work, before the first frame; at the end, that a
            film showed no face. What the sinks wrote is finished and stays.
        KeyboardInterrupt: Ctrl-C before the first picture.
        Ended: a signal asked the program to end; everything is finished and written.
    """
    report = Report()
    try:
        with report.kept(request.report):
            _run(request, settings, hooks or Hooks(), report)
    except KeyboardInterrupt:
        log.info("stopped")
        report.interrupted = True
    except BaseException:
        if request.report is not None and report.frames:
            try:
                report.write(request.report)
            except UserError as error:  # what ended the run is told after it
                log.warning("%s", error)
        raise
    if request.report is not None:
        report.write(request.report)
    signals.finished()
    if report.interrupted and not report.frames:
        raise KeyboardInterrupt
    if report.complaint is not None:
        raise report.complaint
    return report


def _check_files(request: Request) -> None:
    """Raises `UserError` where the run would overwrite what it reads, or cannot write its report."""
    from livecam import sinks, sources

    portrait = bundled(BUNDLED_PORTRAIT) if request.portrait is None else Path(request.portrait)
    check_outputs(
        [*map(sinks.file_of, request.sinks), request.record, request.report],
        {"the driver": sources.file_of(request.driver), "the portrait": portrait},
    )
    if request.report is not None:
        check_writable(request.report)


def _run(request: Request, settings: Settings, hooks: Hooks, report: Report) -> None:
    from livecam.persona.coverings import said_of
    from livecam.render.canvas import Canvas
    from livecam.render.choose import make_renderer
    from livecam.sinks import open_sink
    from livecam.sinks.base import SinkFormat
    from livecam.sources import open_source
    from livecam.sources.recording import PerformanceSource

    canvas_size = parse_size(settings.canvas)
    sinks: list[Sink] = [open_sink(spec) for spec in request.sinks] + list(hooks.extra_sinks)
    _check_files(request)
    with contextlib.ExitStack() as stack:
        source = open_source(request.driver, fps=settings.fps)
        stack.callback(source.close)
        live = source.info.live or any(sink.live for sink in sinks)
        report.extra["live"] = live
        if settings.loop and not live and settings.max_frames is None:
            todo = "Bound it with --max-frames N, leave --loop away, or send it to a page or a camera."
            raise UserError("--loop", "from file to file it would never end", todo)
        neutral, frames = settings.motion.neutral_frame, source.info.frames
        if neutral is not None and frames is not None and neutral >= frames:
            raise no_such_frame(neutral, frames, f"{source.info.name} has")
        persona = resolve(request.portrait, settings.size, request.choice)
        for line in said_of(persona):
            log.warning("%s", line)
        renderer = make_renderer(persona, settings.engine, settings.refine)
        stack.callback(renderer.close)
        report.engine = renderer.name
        report.extra.update(settings=as_dict(settings))
        canvas = Canvas(persona, canvas_size)

        fps = settings.fps or (DEFAULT_FPS if live else source.info.fps or DEFAULT_FPS)
        format_ = SinkFormat(canvas.width, canvas.height, fps)
        for sink in sinks:
            stack.callback(sink.close)  # first: a signal may come as soon as the file is there
            sink.open(format_)
        mirror = settings.motion.mirror if settings.motion.mirror is not None else source.info.mirror
        record = None
        if request.record is not None:
            from livecam.sources.recording import PerformanceWriter

            writer = PerformanceWriter(request.record, mirror=mirror)
            stack.callback(writer.close)
            record = Recorder(writer.add, live)
        tracker = None if isinstance(source, PerformanceSource) else stack.enter_context(_tracker())
        from livecam.animator import Animator
        from livecam.pipeline import LivePipeline, run_lossless

        animator = Animator(persona, renderer, canvas, tracker, settings, mirror, report, record)
        pages = Pages(sinks, str(persona.meta.get("source", persona.name)))
        stack.callback(pages.stop)
        pipeline = None
        if live:
            pipeline = LivePipeline(source, animator, sinks, report, fps, settings.loop, settings.max_frames)
            pages.status = pipeline.status
        started = {"source": source.info, "persona": persona, "live": live, "format": format_}
        names = [sink.name for sink in sinks]
        hooks.started({**started, "pages": pages.start(), "sinks": names, "pipeline": pipeline})
        try:
            if pipeline is not None:
                pipeline.run()
                animator.finder.check_found()
            else:
                run_lossless(
                    source, animator, sinks, report, settings.max_frames, hooks.progress, settings.loop
                )
                if record is not None and record.error is not None:
                    raise record.error
        finally:
            signals.finishing()
            report.stop()
            if renderer.name != report.engine:  # a GPU was lost
                report.engine += f", then {renderer.name}"
            if report.frames and not animator.seen:
                report.complaint = _faceless(source.info, report.frames)


def _faceless(driver: SourceInfo, frames: int) -> UserError | None:
    """Nobody before a camera is no error; a film without a face is the wrong film."""
    why = f"no face was found in its {frames} frames, so the portrait rested"
    if not driver.live:
        todo = "What was written stays. Use a film of one person whose face is large and well lit."
        return UserError(driver.name, why, todo)
    log.warning("%s: %s", driver.name, why)
    return None


class Recorder:
    """Keeps a performance beside a run, which goes on without it where the disk is full.

    `error` tells so; somebody who watches is told at once.
    """

    def __init__(self, add: Callable[..., None], live: bool) -> None:
        self._add, self._live = add, live
        self.error: UserError | None = None

    def __call__(self, capture_ns: int, landmarks: Landmarks | None, width: int, height: int) -> None:
        try:
            self._add(capture_ns, landmarks, width, height)
        except UserError as error:
            self.error = error
            if self._live:
                log.warning("%s The run goes on without it", error)


def resolve(portrait: str | None, size: int, choice: Choice | None = None) -> Persona:
    """A portrait by the name of a persona or of a bundled one, by file, or the default.

    A name beats a file: that can be written as ./NAME. Where both are there it is said which is taken.
    """
    from livecam.persona import enroll

    if portrait is None:
        return enroll.as_chosen(enroll.cached(bundled(BUNDLED_PORTRAIT), size), choice)
    if not portrait.strip():
        raise UserError("portrait", "the name is empty", "Name a picture or a persona, or leave it away.")
    path = Path(portrait).expanduser()
    bundle = bundled_portraits()
    if path.is_file():
        known_as = (
            "a persona" if store.exists(portrait) else "a bundled portrait" if portrait in bundle else ""
        )
        if not known_as:
            return enroll.cached(path, size, choice)
        log.warning(
            "%s: %s and a file have this name; the first is taken. For the file write ./%s",
            portrait,
            known_as,
            portrait,
        )
    if store.exists(portrait):
        persona = None if store.outdated(portrait) else store.load(portrait, size)
        persona = _made_anew(portrait, size) if persona is None else persona
        return enroll.as_chosen(persona, choice)
    if (built_in := bundle.get(portrait)) is not None:
        return enroll.as_chosen(enroll.cached(built_in, size), choice)
    if path.suffix or path.exists() or "/" in portrait:
        return enroll.cached(path, size, choice)  # gives the exact reason
    known = ", ".join([*store.names(), *bundle]) or "none yet"
    raise UserError(portrait, "neither a picture nor a persona", f"Known personas: {known}.")


def _made_anew(name: str, size: int) -> Persona:
    """A persona enrolled at another size or by an older version, prepared for this one and kept."""
    from livecam.persona import enroll

    for other in store.sizes(name):
        persona = store.load(name, other)
        if persona is not None:
            persona = enroll.resize(persona, size)
            store.keep(persona)
            return persona
    raise store.damaged(name, "no tensors")


def bundled(name: str) -> Path:
    """A file of livecam/assets."""
    with as_file(files("livecam.assets") / name) as path:
        if not path.is_file():
            raise UserError(name, "missing from this installation", "Install livecam again.")
        return path


def bundled_portraits() -> dict[str, Path]:
    """The portraits that come with livecam, by name."""
    with as_file(files("livecam.assets")) as folder:
        return {
            "oil": folder / BUNDLED_PORTRAIT,
            **{p.stem: p for p in sorted(folder.glob("portraits/*.jpg"))},
        }


def _tracker() -> contextlib.AbstractContextManager[Any]:
    from livecam.face.tracker import FaceTracker

    return FaceTracker()


class Pages:
    """Serves a page for every sink that has one; the pipeline's state is told as soon as there is one."""

    def __init__(self, sinks: Sequence[Sink], portrait: str) -> None:
        from livecam.sinks.page import PageSink

        self.status: Callable[[], dict[str, object]] = lambda: {"state": "starting"}
        self._portrait = portrait
        self._pages: list[Page] = []
        for sink in sinks:
            if isinstance(sink, PageSink):
                from livecam.web.server import Page

                self._pages.append(Page(sink=sink, status=self._describe))

    def start(self) -> list[str]:
        """The addresses to open."""
        return [page.start() for page in self._pages]

    def stop(self) -> None:
        for page in self._pages:
            page.stop()

    def _describe(self) -> dict[str, object]:
        return {**self.status(), "portrait": self._portrait}
