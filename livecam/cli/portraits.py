"""`livecam enroll` and `livecam personas`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from livecam.cli.flags import FaceIndex, Json, Region, Size, choice_from, settings_from
from livecam.cli.program import app
from livecam.errors import UserError


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
    settings = settings_from({}, size=size)
    persona = enrolling.enroll(images[0], name, settings.size, choice_from(face_index, crop))
    folder = store.save(persona)
    typer.echo(f"Enrolled {name} at {settings.size} pixels in {folder}. Use it: livecam run {name}")


@app.command()
def personas(json: Json = False) -> None:
    """List the portraits that are enrolled or come with livecam."""
    import json as codec

    from livecam import assembly
    from livecam.persona import store

    rows = [{**store.describe(n), "sizes": store.sizes(n)} for n in store.names()]
    bundled = list(assembly.bundled_portraits())
    if json:
        typer.echo(codec.dumps({"personas": rows, "bundled": bundled}, indent=1))
        return
    for row in rows:
        typer.echo(
            f"{row['name']:20} from {row.get('source', '?')}, sizes {row['sizes']}, {row.get('created', '')}"
        )
    for name in bundled:
        typer.echo(f"{name:20} bundled")
