"""`livecam doctor`, `camera-setup`, `build` and `bench`: the machine, not the portrait."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from livecam.benchmarks import bench as benchmarks
from livecam.cli.flags import Json, Size, number
from livecam.cli.program import app
from livecam.cli.wording import as_typed
from livecam.errors import UserError


@app.command()
def doctor(json: Json = False) -> None:
    """Check this machine: devices, engines, models; each problem with what to do about it."""
    from livecam import doctor as checks

    found = checks.diagnose()
    if json:
        typer.echo(checks.to_json(found))
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
        setup.apply(plan, setup.Machine(), typer.echo)
    else:
        typer.echo(as_typed(setup.as_text(plan)))


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Make everything again.")] = False,
    engine: Annotated[
        str | None, typer.Option(help="cuda or tensorrt: make its graph and engine too.")
    ] = None,
    size: Size = None,
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="With the network that repairs mouth and eyes.")
    ] = True,
    wheel: Annotated[
        Path | None, typer.Option(help="MediaPipe's wheel for the face model: then nothing is fetched.")
    ] = None,
) -> None:
    """Make what is built on this machine: the face model (fetched once, here and only here), engines."""
    from livecam.export import face_model

    typer.echo(f"The face model is in {face_model.build(wheel=wheel, force=force and engine is None)}.")
    if engine is not None:
        from livecam import building, settings
        from livecam.cli.phases import Phases

        with Phases() as phases:
            size = size or settings.load().size
            made = building.build_engine(engine, size, force=force, refine=refine, progress=phases.tell)
        typer.echo(made)


@app.command()
def bench(
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    through_camera: Annotated[
        bool, typer.Option("--glass-to-glass", help="From capture to a reader of the virtual camera.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="With --glass-to-glass: a page with charts.")] = None,
    screen: Annotated[
        bool, typer.Option("--screen", help="From light to light: a camera looks at this screen.")
    ] = False,
    driver: Annotated[str | None, typer.Option(help="With --screen: the camera, as for livecam run.")] = None,
    sink: Annotated[str | None, typer.Option(help="With --screen: send there, too.")] = None,
    seconds: Annotated[
        float | None, number(benchmarks.SECONDS, "With --screen: for how many seconds; 60.")
    ] = None,
    load: Annotated[
        int | None,
        number(
            benchmarks.LOAD, "With --glass-to-glass (once more) or --screen: beside so many busy processes."
        ),
    ] = None,
) -> None:
    """Measure this machine: latency by stage, CPU time, memory; or glass to glass."""
    _check_bench(through_camera, screen, html=html, driver=driver, sink=sink, seconds=seconds, load=load)
    if screen:
        benchmarks.screen(driver or "camera", sink, seconds or 60.0, json, load or 0)
    elif through_camera:
        benchmarks.glass_to_glass(json, html, load or 0)
    else:
        benchmarks.latency(json)


def _check_bench(through_camera: bool, screen: bool, **given: Any) -> None:
    """Raises `UserError` for an option that the measurement asked for would ignore."""
    if through_camera and screen:
        raise UserError("--screen", "it does not go with --glass-to-glass", "Measure one after the other.")
    known = {"driver", "sink", "seconds", "load"} if screen else {"html", "load"} if through_camera else set()
    for name, value in given.items():
        if value is not None and name not in known:
            raise UserError(f"--{name}", "this measurement has no use for it", "See `livecam bench --help`.")


def _print_checks(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    table = Table("", "check", "found", "what to do", box=None, pad_edge=False)
    for check in found:
        mark = f"[{colours[check.status]}]{check.status}[/]"
        table.add_row(mark, check.name, check.found, as_typed(check.todo))
    Console(highlight=False).print(table)
