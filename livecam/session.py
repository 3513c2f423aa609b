"""Puts a run together: settings and names in, a pipeline out, everything closed at the end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livecam import assets, signals
from livecam.errors import UserError
from livecam.motion.neutral import no_such_frame
from livecam.outputs import check_outputs
from livecam.report import Report, check_writable
from livecam.settings import Settings, as_dict, parse_size

if TYPE_CHECKING:
    from livecam.frames import Landmarks
    from livecam.persona.enroll import Choice
    from livecam.persona.types import PersonaData
    from livecam.pipeline.live import LivePipeline
    from livecam.sinks.base import Sink, SinkFormat
    from livecam.sinks.page import PageSink
    from livecam.sources.base import Source, SourceInfo

log = logging.getLogger(__name__)

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
    control: bool = False
    """Whether a live run without a page can be told what to do, too (`livecam control`)."""
    stand_in: bool = False
    """Whether the clip that comes with livecam plays where there is no camera."""
    port: int = 0
    """Of the page; 0 for any."""
    start: Mapping[str, Any] = field(default_factory=dict)
    """Values of controls to begin with, as they were kept."""


@dataclass(frozen=True, slots=True)
class Started:
    """What runs, as soon as everything is open. sinks: their names. pages: the addresses to open. pipeline:
    of a live run; None where a file goes to files."""

    source: SourceInfo
    persona: PersonaData
    format: SinkFormat
    sinks: tuple[str, ...]
    pages: tuple[str, ...] = ()
    pipeline: LivePipeline | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a run talks to whoever started it. progress: frames done, and all of them where that is known."""

    started: Callable[[Started], None] = lambda started: None
    progress: Callable[[int, int | None], None] = lambda done, total: None
    extra_sinks: Sequence[Sink] = field(default_factory=tuple)


def run(
    request: Request, settings: Settings, hooks: Hooks | None = None, report: Report | None = None
) -> Report:
    """Run until the driver ends, `max_frames` is reached or Ctrl-C; returns what was measured: `report`, or a
    new one.

    Once pictures have come Ctrl-C is the normal end of a run. The report is written in any case, also where a
    sink failed in the middle.

    Raises:
        UserError: anything about the request that cannot work, before the first frame; at the end, that a
            film showed no face. What the sinks wrote is finished and stays.
        KeyboardInterrupt: Ctrl-C before the first picture.
        Ended: a signal asked the program to end; everything is finished and written.
    """
    report = report or Report()
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
    signals.end_finishing()
    if report.interrupted and not report.frames:
        raise KeyboardInterrupt
    if report.complaint is not None:
        raise report.complaint
    return report


def _check_files(request: Request) -> None:
    """Raises `UserError` where the run would overwrite what it reads, or cannot write its report."""
    from livecam import sinks, sources

    portrait = assets.bundled_file(assets.PORTRAIT) if request.portrait is None else Path(request.portrait)
    check_outputs(
        [*map(sinks.file_of, request.sinks), request.record, request.report],
        {"the driver": sources.file_of(request.driver), "the portrait": portrait},
    )
    if request.report is not None:
        check_writable(request.report)


def _run(request: Request, settings: Settings, hooks: Hooks, report: Report) -> None:
    from livecam.animator import Animator
    from livecam.doctor.cameras import how_to_get_a_virtual_camera
    from livecam.persona.coverings import covered_notices
    from livecam.persona.opening import open_persona
    from livecam.sinks import open_sink
    from livecam.sinks.base import Counting, SinkFormat
    from livecam.sinks.http import HttpSink
    from livecam.sources.recording import PerformanceSource

    parse_size(settings.canvas)  # said before a portrait is enrolled
    sinks: list[Sink] = [
        open_sink(spec, advice=how_to_get_a_virtual_camera) for spec in dict.fromkeys(request.sinks)
    ] + list(hooks.extra_sinks)
    _check_files(request)
    with contextlib.ExitStack() as stack:
        source, driver = _open_driver(request, settings)
        stack.callback(source.close)
        live = source.info.live or any(sink.live for sink in sinks)
        page = _page_of(sinks, request.control and live)
        report.extra["live"] = live
        if settings.loop and not live and settings.max_frames is None:
            todo = "Bound it with --max-frames N, leave --loop away, or send it to a page or a camera."
            raise UserError("--loop", "from file to file it would never end", todo)
        neutral, frames = settings.motion.neutral_frame, source.info.frames
        if neutral is not None and frames is not None and neutral >= frames:
            raise no_such_frame(neutral, frames, f"{source.info.name} has")
        persona = open_persona(request.portrait, settings.size, request.choice)
        for line in covered_notices(persona):
            log.warning("%s", line)
        mirror = settings.motion.mirror if settings.motion.mirror is not None else source.info.mirror
        record = None
        if request.record is not None:
            from livecam.sources.recording import PerformanceWriter

            writer = PerformanceWriter(request.record, mirror=mirror)
            stack.callback(writer.close)
            record = Recorder(writer.add, live)
        tracker = None
        if page is not None or not isinstance(source, PerformanceSource):
            from livecam.face.tracker import FaceTracker

            tracker = stack.enter_context(FaceTracker())
        animator = Animator(
            persona,
            engine=settings.engine,
            refine=settings.refine,
            canvas=settings.canvas,
            mirror=mirror,
            motion=settings.motion,
            tracker=tracker,
            report=report,
            record=record,
        )
        stack.callback(animator.close)
        report.engines.append(animator.renderer.name)
        report.extra.update(settings=as_dict(settings))

        fps = settings.fps or (DEFAULT_FPS if live else source.info.fps or DEFAULT_FPS)
        format_ = SinkFormat(animator.width, animator.height, fps)
        for sink in sinks:
            stack.callback(sink.close)  # first: a signal may come as soon as the file is there
            sink.open(format_)
        from livecam.pipeline.live import LivePipeline
        from livecam.pipeline.lossless import run_lossless

        addresses: tuple[str, ...] = ()
        pipeline = None
        if live:
            loop = settings.loop or driver != request.driver
            pipeline = LivePipeline(source, animator, sinks, report, fps, loop, settings.max_frames)
            stack.callback(lambda: pipeline.animator.close())
        if pipeline is not None and page is not None and tracker is not None:
            from livecam.studio.studio import Run, Studio

            run = Run(
                portrait=request.portrait,
                driver=driver,
                choice=request.choice,
                settings=settings,
                mirror=mirror,
                tracker=tracker,
                report=report,
                record=record,
                pipeline=pipeline,
                format=format_,
                sinks=sinks,
                page=page,
                port=request.port,
            )
            studio = Studio(run)
            stack.callback(studio.close)
            addresses = (studio.start(request.start),)
        if "page" not in request.sinks:
            addresses = ()
        for sink in sinks:
            if isinstance(sink, HttpSink):
                from livecam.web.motion_jpeg import MotionJpeg

                addresses += (stack.enter_context(MotionJpeg(sink)).url,)
        names = tuple(sink.name for sink in sinks if sink is not page or "page" in request.sinks)
        hooks.started(Started(source.info, persona, format_, names, addresses, pipeline))
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
            signals.begin_finishing()
            report.stop()
            streams = {sink.name: sink.counters for sink in sinks if isinstance(sink, Counting)}
            if streams:
                report.extra["streams"] = streams
            last = animator if pipeline is None else pipeline.animator
            if last.renderer.name != report.engines[-1]:  # a GPU was lost, or another one was chosen
                report.engines.append(last.renderer.name)
            if report.frames and not last.seen:
                report.complaint = _faceless(source.info, report.frames)


def _open_driver(request: Request, settings: Settings) -> tuple[Source, str]:
    """The driver's source, and what it is called: where there is no camera the clip that comes with livecam
    may stand in."""
    from livecam.sources import open_source

    try:
        return open_source(request.driver, fps=settings.fps), request.driver
    except UserError as error:
        if not request.stand_in or request.driver.partition(":")[0] != "camera":
            raise
        log.warning("%s Until then the demo clip moves the portrait.", error)
        from livecam.studio.cameras import DEMO, open_camera

        return open_camera(DEMO), DEMO


def _page_of(sinks: list[Sink], wanted: bool) -> PageSink | None:
    """The sink that the page shows; where it is wanted a new one, free while nobody watches."""
    from livecam.sinks.page import PageSink

    found = next((sink for sink in sinks if type(sink) is PageSink), None)  # HttpSink has a server alone
    if found is None and wanted:
        found = PageSink()
        sinks.append(found)
    return found


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
