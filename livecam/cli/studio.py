"""`livecam studio`, which `livecam` alone is, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from livecam.cli.flags import Size, number, setting, settings_from
from livecam.cli.program import app
from livecam.cli.progress import Progress, print_stages
from livecam.ranges import Range

PORTS: Final = Range(0, 65535, whole=True)


@app.command()
def studio(
    portrait: Annotated[
        str | None, typer.Argument(help="A picture or a persona's name; default: as last time.")
    ] = None,
    driver: Annotated[
        str | None, typer.Option(help="camera, camera:NAME, camera:INDEX, or a video; default: camera.")
    ] = None,
    size: Size = None,
    canvas: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT of the picture.")] = None,
    fps: Annotated[float | None, setting("fps", "Pictures a second.")] = None,
    port: Annotated[int, number(PORTS, "Of the page; 0 for any that is free.")] = 0,
) -> None:
    """Open the Studio in the browser: choose a portrait, calibrate, perform, and appear as a camera.

    Without a camera the clip that comes with livecam moves the portrait until one is connected.
    """
    from livecam import session
    from livecam.control import remembered
    from livecam.control.catalogue import CATALOGUE
    from livecam.errors import UserError
    from livecam.report import Report

    kept = remembered.load(CATALOGUE)
    settings = settings_from({}, size=size, canvas=canvas, fps=fps, loop=True)
    if settings.canvas == "source":
        raise UserError("canvas source", "portraits in the Studio share one size", "Use 1280x720, say.")
    request = session.Request(
        portrait=portrait or _last(kept),
        driver=driver or "camera",
        sinks=("page",),
        control=True,
        stand_in=driver is None,
        port=port,
        start={name: value for name, value in kept.items() if not (name == "persona" and portrait)},
    )
    measured = Report()
    with Progress() as progress:
        session.run(request, settings, progress.hooks(), measured)
    print_stages(measured)


def _last(kept: Mapping[str, Any]) -> str | None:
    """The portrait of the last time, where that is still there."""
    from livecam import assets
    from livecam.persona import store

    name = kept.get("persona")
    known = isinstance(name, str) and (name in assets.bundled_portraits() or store.exists(name))
    return name if known else None
