"""The commands, nothing else: parse, call, print. Exit codes: 0 done, 2 wrong use, 1 anything else."""

from __future__ import annotations

import logging
import os
import sys
import threading
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livecam import __version__
from livecam.errors import UserError

if TYPE_CHECKING:
    from livecam.assembly import Hooks
    from livecam.persona.enroll import Choice
    from livecam.pipeline import LivePipeline
    from livecam.report import Report
    from livecam.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="One portrait, photograph or painting, moves live with your face and appears as a camera.",
)

Size = Annotated[int | None, typer.Option(help="Side of the rendered face crop: 256, 512 or 768.")]
FaceIndex = Annotated[int | None, typer.Option(help="Which face of the picture, from the left, from 0.")]
Region = Annotated[str | None, typer.Option("--crop", help="Where the face is: x,y,width,height in pixels.")]
OFFSET_AFTER = 10.0
"""Seconds of a live run after which its delay is known well enough to be told."""
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def main() -> None:
    """The `livecam` program."""
    try:
        app(standalone_mode=False)
    except UserError as error:
        _fail(str(error), 2)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own usage errors, in one line
            _fail(f"{error.format_message()} See `livecam --help`.", 2)
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            raise
        _fail(f"unexpected: {type(error).__name__}: {error}. Run again with --verbose for the trace.", 1)


def _fail(text: str, code: int) -> None:
    print(f"livecam: {' '.join(text.split())}", file=sys.stderr)
    sys.exit(code)


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit()


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show traces.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING, format="livecam: %(message)s", stream=sys.stderr
    )
    for noisy in ("numba", "matplotlib", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@app.command()
def run(
    portrait: Annotated[str | None, typer.Argument(help="A picture, a persona's name, or nothing.")] = None,
    driver: Annotated[
        str, typer.Option(help="camera, camera:NAME, camera:INDEX, a video, or a recorded performance.")
    ] = "camera",
    sink: Annotated[
        list[str] | None,
        typer.Option(help="camera, camera:DEVICE, page, FILE.mp4, DIR/%05d.png, null. Repeatable."),
    ] = None,
    size: Size = None,
    canvas: Annotated[str | None, typer.Option(help='WIDTHxHEIGHT, or "source".')] = None,
    fps: Annotated[float | None, typer.Option(help="Rate of live sinks.")] = None,
    engine: Annotated[str | None, typer.Option(help="auto, cpu, cuda, tensorrt or torch.")] = None,
    refine: Annotated[bool | None, typer.Option("--refine/--no-refine", help="Use the learned half.")] = None,
    loop: Annotated[bool | None, typer.Option("--loop", help="Play a driver file again and again.")] = None,
    max_frames: Annotated[int | None, typer.Option(help="Stop after so many frames.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write what was measured, as JSON.")] = None,
    record_performance: Annotated[
        Path | None, typer.Option(help="Keep the driver's landmarks (no pixels) in this file.")
    ] = None,
    expression_gain: Annotated[float | None, typer.Option(help="1 as the driver, more or less.")] = None,
    pose_gain: Annotated[float | None, typer.Option(help="1 as the driver, 0 for a still head.")] = None,
    mirror: Annotated[
        bool | None, typer.Option("--mirror/--no-mirror", help="Default: webcams only.")
    ] = None,
    neutral: Annotated[
        int | None, typer.Option(help="The driver's frame to take as neutral; default: found by itself.")
    ] = None,
    face_index: FaceIndex = None,
    crop: Region = None,
) -> None:
    """Move a portrait with a driver and send it somewhere."""
    from livecam import assembly

    motion = {"expression_gain": expression_gain, "pose_gain": pose_gain, "mirror": mirror}
    motion["neutral_frame"] = neutral
    settings = _settings(
        motion,
        size=size,
        canvas=canvas,
        fps=fps,
        engine=engine,
        refine=refine,
        loop=loop,
        max_frames=max_frames,
    )
    request = assembly.Request(
        portrait=portrait,
        driver=driver,
        sinks=tuple(sink or ["camera", "page"]),
        choice=_choice(face_index, crop),
        record=record_performance,
        report=report,
    )
    with _Progress() as progress:
        measured = assembly.run(request, settings, progress.hooks())
    _print_stages(measured)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The film to write.")] = Path("demo.mp4"),
    size: Size = None,
    page: Annotated[
        bool | None, typer.Option("--page/--no-page", help="Default: if a terminal is there.")
    ] = None,
) -> None:
    """The bundled portrait moves with the bundled clip: writes a film, shows the stages, opens the page."""
    from livecam import assembly
    from livecam import demo as demonstration

    settings = replace(_settings({}, size=size), canvas="source")
    with _Progress() as progress:
        measured = demonstration.write_film(out, settings, progress.hooks())
    _print_stages(measured)
    print(
        f"Wrote {out}: the driver on the left, the portrait on the right (both are rendered, no real people)."
    )
    if page if page is not None else sys.stdout.isatty():
        print("Opening the live page; Ctrl-C ends it.")
        driver = str(assembly.bundled(assembly.BUNDLED_DRIVER))
        request = assembly.Request(driver=driver, sinks=("page",))
        assembly.run(request, replace(settings, loop=True, canvas="1280x720"), _Progress().hooks())
    else:
        print("Next: livecam run YOUR_PICTURE --sink page     (or --sink camera; see `livecam doctor`)")


@app.command()
def enroll(
    images: Annotated[list[Path], typer.Argument(help="A picture of one face.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    size: Size = None,
    face_index: FaceIndex = None,
    crop: Region = None,
) -> None:
    """Prepare a portrait once and keep it under a name."""
    from livecam.persona import enroll as enrolling
    from livecam.persona import store

    store.check_name(name)
    if len(images) > 1:
        raise UserError(f"{len(images)} pictures", "this version enrols from one", "Name a single picture.")
    settings = _settings({}, size=size)
    persona = enrolling.enroll(images[0], name, settings.size, _choice(face_index, crop))
    folder = store.save(persona)
    print(f"Enrolled {name} at {settings.size} pixels in {folder}. Use it: livecam run {name}")


@app.command()
def personas(json: Json = False) -> None:
    """List the portraits that are enrolled or come with livecam."""
    import json as codec

    from livecam import assembly
    from livecam.persona import store

    rows = [{**store.describe(n), "sizes": store.sizes(n)} for n in store.names()]
    bundled = list(assembly.bundled_portraits())
    if json:
        print(codec.dumps({"personas": rows, "bundled": bundled}, indent=1))
        return
    for row in rows:
        print(
            f"{row['name']:20} from {row.get('source', '?')}, sizes {row['sizes']}, {row.get('created', '')}"
        )
    for name in bundled:
        print(f"{name:20} bundled")


@app.command()
def doctor(json: Json = False) -> None:
    """Check this machine: devices, engines, models; each problem with what to do about it."""
    from livecam import doctor as checks

    found = checks.diagnose()
    if json:
        print(checks.to_json(found))
    else:
        _print_checks(found)
    raise typer.Exit(checks.exit_code(found))


@app.command("camera-setup")
def camera_setup(
    apply: Annotated[bool, typer.Option("--apply", help="Run the commands; needs root.")] = False,
) -> None:
    """Print (or run, as root) what makes a virtual camera on this machine."""
    from livecam.doctor import camera_setup as setup

    plan = setup.plan(setup.Machine())
    if apply:
        setup.apply(plan, setup.Machine(), print)
    else:
        print(setup.as_text(plan))


@app.command()
def build(force: Annotated[bool, typer.Option("--force", help="Make everything again.")] = False) -> None:
    """Make what is built on this machine: the face model (fetched once, here and only here)."""
    from export import face_model

    print(f"The face model is in {face_model.build(force=force)}.")


@app.command()
def bench(
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    through_camera: Annotated[
        bool, typer.Option("--glass-to-glass", help="From capture to a reader of the virtual camera.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="With --glass-to-glass: a page with charts.")] = None,
) -> None:
    """Measure this machine: latency by stage, CPU time, memory; or glass to glass."""
    if through_camera:
        from benchmarks import glass_to_glass

        glass_to_glass.measure_and_print(json, html)
        return
    from benchmarks import latency

    latency.measure_and_print(json)


def _settings(motion: dict[str, Any], **changes: Any) -> Settings:
    from livecam import settings

    base = settings.load()
    motion = {k: v for k, v in motion.items() if v is not None}
    changes = {k: v for k, v in changes.items() if v is not None}
    return replace(base, motion=replace(base.motion, **motion), **changes)


def _choice(face_index: int | None, crop: str | None) -> Choice:
    from livecam.persona.enroll import Choice

    if crop is None:
        return Choice(face_index)
    try:
        x, y, width, height = (int(part) for part in crop.split(","))
    except ValueError:
        raise UserError(f"--crop {crop}", "not four whole numbers", "Write x,y,width,height.") from None
    return Choice(face_index, (x, y, width, height))


class _Progress:
    """A progress bar for files, a line for live runs; quiet where no terminal is attached."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("livecam"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: Any = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        if self._timer is not None:
            self._timer.cancel()

    def hooks(self) -> Hooks:
        from livecam.assembly import Hooks

        return Hooks(started=self._started, progress=self._progress)

    def _started(self, info: dict[str, Any]) -> None:
        if info["live"]:
            source, size, sinks = info["source"], info["format"], ", ".join(info["sinks"])
            self._console.print(
                f"livecam: live from {source.name} ({source.detail or f'{source.width}x{source.height}'}) "
                f"to {sinks} at {size.width}x{size.height}, {size.fps:g} fps. Ctrl-C ends it.",
                highlight=False,
            )
            if sys.stdin.isatty():
                self._console.print("livecam: Enter takes your next two seconds as the neutral face.")
                threading.Thread(target=_recalibrate_on_enter, args=(info["pipeline"],), daemon=True).start()
            self._timer = threading.Timer(OFFSET_AFTER, self._tell_offset, args=(info["pipeline"],))
            self._timer.daemon = True
            self._timer.start()
            for url in info["pages"]:
                self._console.print(f"livecam: page at {url}", highlight=False, soft_wrap=True)
                if self._console.is_terminal:
                    webbrowser.open(url)
        else:
            self._bar.start()

    def _tell_offset(self, pipeline: LivePipeline) -> None:
        offset = pipeline.audio_offset_ms()
        if offset is not None:
            self._console.print(f"livecam: set your microphone's sync offset in OBS to {offset} ms.")

    def _progress(self, done: int, total: int | None) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=total)
        self._bar.update(self._task, completed=done, total=total)


def _recalibrate_on_enter(pipeline: LivePipeline) -> None:
    for _ in sys.stdin:
        pipeline.recalibrate()


def _print_stages(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    result = report.result()
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", box=None, pad_edge=False)
    for stage, times in result["stages"].items():
        table.add_row(stage, *(f"{times[k]:.2f}" for k in ("p50_ms", "p95_ms", "p99_ms")))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{result['frames']} frames, {result['dropped']} dropped, {result['fps']} fps, "
        f"{result['cpu_ms_per_frame']} CPU ms a frame, {result['rss_mb']:.0f} MB, engine {result['engine']}"
    )
    offset = result.get("audio_offset_ms")
    if offset is not None and result.get("live"):
        console.print(f"Set your microphone's sync offset in OBS to {offset} ms.")


def _print_checks(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    table = Table("", "check", "found", "what to do", box=None, pad_edge=False)
    for check in found:
        mark = f"[{colours[check.status]}]{check.status}[/]"
        table.add_row(mark, check.name, check.found, check.todo)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
