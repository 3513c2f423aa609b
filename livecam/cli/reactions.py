"""`livecam record-reaction`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from livecam.cli.flags import number
from livecam.cli.program import app
from livecam.ranges import Range

SECONDS: Final = Range(0.5, 5)
"""Of a recording; `livecam.motion.reaction.LONGEST` is the most that is played."""


@app.command(
    name="record-reaction",
    epilog="Examples: livecam record-reaction thumbs --seconds 3\n\n"
    "livecam record-reaction wow --driver clip.mp4",
)
def record_reaction(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    driver: Annotated[
        str, typer.Option(help="camera, camera:NAME, camera:INDEX, a video, or a recorded performance.")
    ] = "camera",
    seconds: Annotated[float, number(SECONDS, "How long at most, from the first face on.")] = 5.0,
    replace: Annotated[bool, typer.Option("--replace", help="Of one that has that name.")] = False,
) -> None:
    """Record a reaction of your own: a nod, a face, whatever any portrait shall play at a key.

    Landmarks only are kept, no picture. Begin and end with a neutral face. The Studio lists it, and
    `livecam control react NAME` plays it.
    """
    import contextlib

    from livecam.face.observer import Find
    from livecam.sources import open_source
    from livecam.sources.recording import PerformanceSource
    from livecam.studio import reaction_recorder as recorder
    from livecam.studio import reactions

    path = reactions.own_path(name, replace)
    with contextlib.closing(open_source(driver)) as source, contextlib.ExitStack() as stack:
        find: Find = _nobody
        if not isinstance(source, PerformanceSource):
            from livecam.face.tracker import FaceTracker

            find = stack.enter_context(FaceTracker()).track
        frames = recorder.performed(source, find, seconds, lambda text: typer.echo(text, err=True))
        reaction = recorder.keep(path, recorder.trimmed(frames), source.info.mirror)
    typer.echo(f"{name}: {reaction.seconds:.1f} s, kept in {path}")


def _nobody(image: object, capture_ns: int) -> None:
    """Recorded performances have no pictures to look at."""
