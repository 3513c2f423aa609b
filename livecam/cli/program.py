"""The `livecam` program: its name, its options, and what becomes of errors."""

from __future__ import annotations

import errno
import logging
import sys
from typing import Annotated, Any, NoReturn

import typer

from livecam import __version__
from livecam.cli import streams
from livecam.cli.wording import as_typed
from livecam.errors import UserError

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="One portrait, photograph or painting, moves live with your face and appears as a camera.",
    epilog="livecam alone opens the Studio in your browser: choose a portrait, calibrate, appear.\n\n"
    "From a terminal: livecam run YOUR_PICTURE --sink page\n\n"
    "As a camera in calls: livecam camera-setup once",
)


OF_THE_PATH = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
"""What may be wrong with a path already as it is looked up, wherever that is."""


def main() -> None:
    """The `livecam` program."""
    streams.ensure()
    app.info.epilog = as_typed(app.info.epilog or "")
    for command in app.registered_commands:
        command.epilog = as_typed(command.epilog or "")
    try:
        code = app(sys.argv[1:] or ["studio"], standalone_mode=False)
    except UserError as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        streams.silence(sys.stdout)
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and (full := streams.output_error()) is not None:
            why = (full.strerror or "it failed").lower()
            _fail(f"standard output cannot be written ({why}). Send it elsewhere; what is in files stays.", 2)
        if isinstance(error, OSError) and error.filename is not None and error.errno in OF_THE_PATH:
            why = (error.strerror or "cannot be reached").lower()
            _fail(f"{error.filename}: {why}. Check the path, and the permissions of its folders.", 2)
        if hasattr(error, "format_message"):  # click's own usage errors, in one line
            _fail(_usage(error), 2)
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            raise
        if isinstance(error, ImportError) and not (error.name or "").startswith("livecam"):
            _fail(f"a package cannot be imported: {error}. Run livecam doctor: it says what to do.", 1)
        _fail(f"unexpected: {type(error).__name__}: {error}. Run again with --verbose for the trace.", 1)
    if isinstance(code, int) and code:  # of `typer.Exit`, which Ctrl-C in a command becomes as well
        sys.exit(code)


def _usage(error: Any) -> str:
    """click's words as sentences, and where more is told."""
    said = error.format_message().strip()
    context = getattr(error, "ctx", None)
    command = f"{context.info_name} " if context is not None and context.parent is not None else ""
    return f"{said}{'' if said.endswith(('.', '?', '!')) else '.'} See `livecam {command}--help`."


def _fail(text: str, code: int) -> NoReturn:
    try:
        typer.echo(f"livecam: {as_typed(' '.join(text.split()))}", file=sys.stderr)
    except OSError:  # it is full, or gone: the code has to tell
        streams.silence(sys.stderr)
    sys.exit(code)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit()


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return as_typed(super().format(record))


@app.callback()
def options(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show traces.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("livecam: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, handlers=[handler])
    for noisy in ("numba", "matplotlib", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
