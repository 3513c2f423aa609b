"""`livecam hotkeys`: keys that work whatever program is in front, where the desktop lets programs do so."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import typer

from livecam.cli.controlling import shown
from livecam.cli.program import app

MODIFIERS: Final = "<ctrl>+<alt>+"
"""Before the key that the page has for it: nothing that is typed alone must hide a face."""
USUAL: Final = ("calibrate", "freeze", "hide", "mirror", "record", "next-persona", "previous-persona")
WAYLAND: Final = (
    "Wayland lets no program listen to keys. Bind commands in your desktop's keyboard settings: "
    "livecam control hide, say"
)


@app.command(epilog="Examples: livecam hotkeys\n\nlivecam hotkeys --key '<ctrl>+<alt>+1=react nod'")
def hotkeys(
    key: Annotated[
        list[str] | None,
        typer.Option(help="KEYS=CONTROL [VALUE], such as '<ctrl>+<alt>+h=hide'. Repeatable."),
    ] = None,
    usual: Annotated[
        bool, typer.Option("--usual/--no-usual", help="Ctrl+Alt and the page's key of each control.")
    ] = True,
) -> None:
    """Listen to keys everywhere, and tell the running livecam, until Ctrl-C.

    On X11, Windows and macOS. Needs the extra `hotkeys`; livecam says how to add it.
    """
    bound = usual_keys() if usual else {}
    bound |= dict(parsed(text) for text in key or ())
    keyboard = _keyboard()
    from livecam.errors import UserError

    try:
        listener = keyboard.GlobalHotKeys({keys: _presser(words) for keys, words in bound.items()})
    except ValueError as error:
        raise UserError("--key", f"not keys ({error})", "Write them like '<ctrl>+<alt>+h'.") from None
    with listener:
        for keys, words in bound.items():
            typer.echo(f"{keys.replace('<', '').replace('>', ''):16} {' '.join(words)}")
        typer.echo("livecam: listening; Ctrl-C ends it.")
        ended = threading.Event()
        while listener.is_alive():
            ended.wait(0.5)


def usual_keys() -> dict[str, tuple[str, ...]]:
    """Keys, as pynput writes them, and what each is for."""
    from livecam.control.catalogue import CATALOGUE

    return {f"{MODIFIERS}{one.key}": (one.name,) for one in CATALOGUE if one.name in USUAL and one.key}


def parsed(text: str) -> tuple[str, tuple[str, ...]]:
    """KEYS=CONTROL [VALUE]. Raises `UserError`."""
    from livecam.control.catalogue import CATALOGUE
    from livecam.errors import UserError
    from livecam.ranges import short_text

    keys, found, command = text.rpartition("=")
    words = tuple(command.split(maxsplit=1))
    if not found or not keys.strip() or not words:
        todo = "Write KEYS=CONTROL, such as '<ctrl>+<alt>+h=hide'."
        raise UserError(f"--key {short_text(text)}", "not a key and what it is for", todo)
    names = [one.name for one in CATALOGUE]
    if words[0] not in names:
        raise UserError(f"--key {short_text(text)}", "no such control", f"Use {', '.join(names)}.")
    return keys.strip(), words


def _presser(words: tuple[str, ...]) -> Callable[[], None]:
    """Tells the running livecam in a thread: a key must never hang."""

    def tell() -> None:
        from livecam.control import client, door
        from livecam.errors import UserError

        told: dict[str, Any] = {"text": words[1]} if len(words) > 1 else {}
        try:
            answer = client.ask(door.find(), f"api/controls/{words[0]}", told)
        except UserError as error:
            typer.echo(f"livecam: {error}", err=True)
        else:
            typer.echo(f"{words[0]}: {shown(answer['value'])}" if "value" in answer else words[0])

    return lambda: threading.Thread(target=tell, daemon=True).start()


def _keyboard(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Any:
    """pynput's module. Raises `UserError` where keys cannot be listened to."""
    from livecam import installation
    from livecam.errors import UserError

    if platform.startswith("linux"):
        if environ.get("XDG_SESSION_TYPE") == "wayland" or (
            environ.get("WAYLAND_DISPLAY") and not environ.get("DISPLAY")
        ):
            raise UserError("hotkeys", "this desktop is Wayland's", f"{WAYLAND}.")
        if not environ.get("DISPLAY"):
            todo = "Start it from your desktop, or bind livecam control in its settings."
            raise UserError("hotkeys", "there is no X11 desktop here", todo)
    installation.require("hotkeys", ["pynput"], "hotkeys")
    try:
        from pynput import keyboard
    except ImportError as error:
        why = f"keys cannot be listened to here ({' '.join(str(error).split())})"
        raise UserError("hotkeys", why, "Bind livecam control in your desktop's settings.") from None
    return keyboard
