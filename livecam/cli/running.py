"""`livecam run` and `livecam demo`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from livecam.cli.flags import Eyes, FaceIndex, Mouth, Region, Size, choice_from, setting, settings_from
from livecam.cli.program import app
from livecam.cli.progress import Progress, print_stages
from livecam.cli.wording import as_typed
from livecam.settings import CANVAS_SIDE

DEFAULT_SINKS = ("camera", "page")


@app.command()
def run(
    portrait: Annotated[str | None, typer.Argument(help="A picture, a persona's name, or nothing.")] = None,
    driver: Annotated[
        str, typer.Option(help="camera, camera:NAME, camera:INDEX, a video, or a recorded performance.")
    ] = "camera",
    sink: Annotated[
        list[str] | None,
        typer.Option(
            help="camera, camera:DEVICE, page, http, http:PORT, rtmp://HOST/APP/KEY, srt://HOST:PORT, "
            "udp://HOST:PORT, FILE.mp4 (.mkv, .mov), DIR/%05d.png (.jpg), null. Repeatable; "
            f"default: {' and '.join(DEFAULT_SINKS)}."
        ),
    ] = None,
    size: Size = None,
    canvas: Annotated[
        str | None, typer.Option(help=f'WIDTHxHEIGHT ({CANVAS_SIDE} pixels a side), or "source".')
    ] = None,
    fps: Annotated[float | None, setting("fps", "Rate of live sinks.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, tensorrt, torch, or grpc://HOST:8001/MODEL.")
    ] = None,
    refine: Annotated[
        bool | None, typer.Option("--refine/--no-refine", help="Repair mouth and eyes with the network.")
    ] = None,
    loop: Annotated[
        bool | None,
        typer.Option(
            "--loop/--no-loop", help="Play a driver file again and again; to files only with --max-frames."
        ),
    ] = None,
    max_frames: Annotated[int | None, setting("max_frames", "Stop after so many frames.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write what was measured, as JSON.")] = None,
    record_performance: Annotated[
        Path | None, typer.Option(help="Keep the driver's landmarks (no pixels) in this file.")
    ] = None,
    expression_gain: Annotated[
        float | None, setting("expression_gain", "1 as the driver, more or less.")
    ] = None,
    pose_gain: Annotated[float | None, setting("pose_gain", "1 as the driver, 0 for a still head.")] = None,
    follow: Annotated[
        str | None,
        typer.Option(
            help="head: how the head moves, not where the driver sits (default). frame: the picture also "
            "pans and zooms a little with the driver. all: place and distance as the driver's, for "
            "comparisons: the head may move farther than the picture can show."
        ),
    ] = None,
    mirror: Annotated[
        bool | None,
        typer.Option(
            "--mirror/--no-mirror", help="Default: for webcams, and for performances that were mirrored."
        ),
    ] = None,
    neutral: Annotated[
        int | None,
        setting(
            "neutral_frame",
            "The driver's frame to take as neutral, of those with a face; default: found by itself.",
            "--neutral",
        ),
    ] = None,
    idle: Annotated[
        bool | None,
        typer.Option(
            "--idle/--no-idle", help="Breathe, blink and move a little while nobody is there; default: yes."
        ),
    ] = None,
    face_index: FaceIndex = None,
    crop: Region = None,
    mouth: Mouth = "auto",
    eyes: Eyes = "auto",
) -> None:
    """Move a portrait with a driver and send it somewhere."""
    from livecam import session, sinks
    from livecam.cli.written import Outputs
    from livecam.report import Report

    settings = settings_from(
        {
            "expression_gain": expression_gain,
            "pose_gain": pose_gain,
            "follow": follow,
            "mirror": mirror,
            "neutral_frame": neutral,
            "idle": idle,
        },
        size=size,
        canvas=canvas,
        fps=fps,
        engine=engine,
        refine=refine,
        loop=loop,
        max_frames=max_frames,
    )
    request = session.Request(
        portrait=portrait,
        driver=driver,
        sinks=tuple(sink or DEFAULT_SINKS),
        choice=choice_from(face_index, crop, mouth, eyes),
        record=record_performance,
        report=report,
        control=True,
    )
    outputs = Outputs([*map(sinks.file_of, request.sinks), record_performance, report])
    measured = Report()
    try:
        with Progress() as progress:
            session.run(request, settings, progress.hooks(), measured)
        print_stages(measured)
    finally:
        if measured.frames:
            outputs.tell()


NEXT = "Next: livecam run YOUR_PICTURE --sink page     (or --sink camera; see `livecam doctor`)"


@app.command(epilog=NEXT)
def demo(
    out: Annotated[Path, typer.Option(help="The film to write.")] = Path("demo.mp4"),
    size: Size = None,
    page: Annotated[
        bool | None, typer.Option("--page/--no-page", help="Default: if a terminal is there.")
    ] = None,
) -> None:
    """The bundled portrait moves with the bundled clip: writes a film, shows the stages, opens the page."""
    from livecam import assets, session
    from livecam import demo as demonstration

    settings = settings_from({}, size=size, canvas="source", loop=False)
    with Progress() as progress:
        measured = demonstration.write_film(out, settings, progress.hooks())
    print_stages(measured)
    typer.echo(
        f"Wrote {out}: the driver on the left, the portrait on the right (both are rendered, no real people)."
    )
    if measured.interrupted:
        return
    if page if page is not None else sys.stdout.isatty():
        typer.echo("Opening the live page; Ctrl-C ends it.")
        driver = str(assets.bundled_file(assets.DRIVER))
        request = session.Request(driver=driver, sinks=("page",))
        session.run(request, replace(settings, loop=True, canvas="1280x720"), Progress().hooks())
    typer.echo(as_typed(NEXT))
