"""`livecam control`: what a running livecam is told from a shell, or from a key that the desktop knows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from livecam.cli.flags import Json
from livecam.cli.program import app


@app.command(
    epilog="Examples: livecam control hide\n\nlivecam control freeze on\n\nlivecam control persona anna\n\n"
    "livecam control react nod"
)
def control(
    name: Annotated[str | None, typer.Argument(help="Which one; nothing lists them all.")] = None,
    value: Annotated[
        str | None,
        typer.Argument(help="What it shall be: on, off or toggle, a number, a name."),
    ] = None,
    json: Json = False,
) -> None:
    """Tell the running livecam something, or ask it.

    Without a value an action is done, a switch is turned over, and of anything else is told what it is.
    """
    import json as codec

    from livecam.control import client, door
    from livecam.errors import UserError

    there = door.find()
    if name is None:
        said = client.ask(there, "api/controls")["controls"]
        typer.echo(codec.dumps(said, indent=1) if json else "\n".join(map(_line, said)))
        return
    known = [one["name"] for one in client.ask(there, "api/controls")["controls"]]
    if name not in known:
        raise UserError(f"control {name}", "there is none of that name", f"Use {', '.join(known)}.")
    answer = client.ask(there, f"api/controls/{name}", {} if value is None else {"text": value})
    if json:
        typer.echo(codec.dumps(answer))
    elif "value" in answer:
        typer.echo(f"{name}: {shown(answer['value'])}")


@app.command()
def status(json: Json = False) -> None:
    """Say how the running livecam goes."""
    import json as codec

    from livecam.control import client, door

    said = client.ask(door.find(), "api/status")
    if json:
        typer.echo(codec.dumps(said, indent=1))
        return
    stages = ", ".join(f"{name} {ms:g}" for name, ms in said["stages"].items())
    delay = said["audio_offset_ms"]
    typer.echo(
        f"{said['state']}: {said['portrait']}, moved by {said['source']['name']}, engine {said['engine']}"
    )
    typer.echo(f"{said['fps']:g} pictures a second, {said['frames']} so far, {said['dropped']} left out")
    if delay is not None:
        typer.echo(f"delay {delay} ms ({stages})")
    for sink in said["sinks"]:
        typer.echo(f"{sink['name']}: {sink['text']}")


def _line(said: dict[str, Any]) -> str:
    now = f"{shown(said['value'])}" if "value" in said else ""
    return f"{said['name']:18}{now:14}{said['help']}"


def shown(value: Any) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
