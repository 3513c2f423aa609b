"""`livecam enroll`, `livecam tune` and `livecam personas`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from livecam.cli.flags import (
    Eyes,
    FaceIndex,
    Json,
    Mouth,
    Region,
    Size,
    choice_from,
    number,
    settings_from,
)
from livecam.cli.program import app
from livecam.cli.telling import PREPARING, TUNING, Telling, telling
from livecam.cli.wording import as_typed
from livecam.errors import UserError
from livecam.ranges import Range, short_text

if TYPE_CHECKING:
    from livecam.arrays import F32
    from livecam.frames import RGB
    from livecam.generator.weights import Weights
    from livecam.persona.enroll import Choice
    from livecam.persona.types import PersonaData

log = logging.getLogger(__name__)

STEPS: Final = Range(0, 2000, whole=True)
"""Of fine-tuning."""
ForProgram = Annotated[
    bool,
    typer.Option("--for-program", hidden=True, help="Tell JSON lines; end when standard input ends."),
]


@app.command()
def enroll(
    images: Annotated[
        list[Path],
        typer.Argument(help="1 to 32 pictures of one person, or a clip. The first picture is the portrait."),
    ],
    name: Annotated[str, typer.Option(help="What to call it.")],
    steps: Annotated[
        int,
        number(
            STEPS,
            "Fine-tune on the pictures for so many steps (100 is a good number): needs PyTorch, and "
            "under a minute for one picture. What is no better on pictures held out is not kept.",
        ),
    ] = 0,
    size: Size = None,
    face_index: FaceIndex = None,
    crop: Region = None,
    mouth: Mouth = "auto",
    eyes: Eyes = "auto",
    into: Annotated[
        Path | None, typer.Option(hidden=True, help="Folder to keep it in, where the others are not.")
    ] = None,
    for_program: ForProgram = False,
) -> None:
    """Prepare a portrait once and keep it under a name.

    More pictures of the same person, with other faces and turns of the head, help mouth and eyes to become
    theirs. A clip gives 32 frames; its calmest becomes the portrait. --face-index and --crop apply to the
    first picture, or to each frame of a clip.
    """
    with telling(for_program) as told:
        _enroll(told, images, name, steps, size, choice_from(face_index, crop, mouth, eyes), into)


def _enroll(
    told: Telling,
    images: Sequence[Path],
    name: str,
    steps: int,
    size: int | None,
    choice: Choice,
    into: Path | None,
) -> None:
    from livecam.folders import persona_folder
    from livecam.outputs import check_outputs
    from livecam.persona import coverings, pictures, store
    from livecam.render.refiner_setup import ensure_style, weights_for

    folder = persona_folder() / store.check_new_name(name)
    pictured = {f"picture {number}": image for number, image in enumerate(images, 1)}
    check_outputs(sorted(folder.glob("*.*")), pictured, own=False)
    settings = settings_from({}, size=size)
    weights = weights_for(settings.refine)
    if steps:
        _check_tuning(weights)
    seen = pictures.read_person_pictures(images, choice, told.phase)
    told.phase(PREPARING, 0, 2)
    persona = pictures.enroll_all(seen, name, settings.size, choice)
    for line in coverings.covered_notices(persona):
        told.say(line)
    if weights is not None:
        told.phase(PREPARING, 1, 2)
        persona = ensure_style(persona, weights)
        if steps:
            persona = _tuned(told, persona, [one.crop() for one in seen[1:]], weights, steps)
    replaced = _replaced(name)
    folder = store.save(persona, into)
    count = f" from {len(seen)} pictures" if len(seen) > 1 else ""
    if into is None:
        told.say(f"Enrolled {name} at {settings.size} pixels{count} in {folder}{replaced}.")
        told.say(as_typed(f"Use it: livecam run {name} --sink page"))


@app.command()
def tune(
    name: Annotated[str, typer.Argument(help="Of an enrolled portrait.")],
    steps: Annotated[
        int, number(Range(1, 2000, whole=True), "For so many steps: as for `livecam enroll`.")
    ] = 100,
    for_program: ForProgram = False,
) -> None:
    """Fine-tune a portrait that is enrolled already, on the pictures it was made of.

    It begins anew each time. What is no better on pictures held out is not kept.
    """
    with telling(for_program) as told:
        _tune(told, name, steps)


def _tune(told: Telling, name: str, steps: int) -> None:
    from livecam.persona import store
    from livecam.persona.opening import open_persona
    from livecam.render.refiner_setup import ensure_style, weights_for

    if not store.exists(name):
        known = ", ".join(store.names()) or "none yet"
        raise UserError(f"persona {short_text(name)}", "none of that name is enrolled", f"Enrolled: {known}.")
    settings = settings_from({})
    weights = weights_for(settings.refine)
    _check_tuning(weights)
    assert weights is not None
    told.phase(PREPARING, 0, 1)
    persona = open_persona(name, settings.size)
    shots = persona.shots
    others = [] if shots is None else list(zip(shots.pictures[1:], shots.landmarks[1:], strict=True))
    fresh = ensure_style(replace(persona, style=None), weights)
    tuned = _tuned(told, fresh, others, weights, steps)
    if tuned is not fresh:
        store.save(tuned)


def _replaced(name: str) -> str:
    """Words about the persona that has the name so far, if one has."""
    from livecam.persona import store

    if not store.exists(name):
        return ""
    try:
        source = store.describe(name).get("source")
    except UserError:
        source = None
    return f", replacing the one from {source}" if source else ", replacing the one before"


def _check_tuning(weights: Weights | None) -> None:
    """Raises `UserError` where PyTorch or the weights are missing, before any other work."""
    from livecam import installation

    installation.require("--steps", ["torch"], "finetune", ", or leave --steps away")
    if weights is None:
        todo = "Leave --steps away, or make weights: docs/training.md."
        raise UserError("--steps", "there are no refiner's weights to fine-tune", todo)


def _tuned(
    told: Telling, persona: PersonaData, others: Sequence[tuple[RGB, F32]], weights: Weights, steps: int
) -> PersonaData:
    """With a style fine-tuned on the pictures, if that is better; else the same persona. others: as
    `fine_tune` takes them."""
    from livecam.finetune import tuning
    from livecam.generator.weights import PAINTER
    from livecam.persona.types import Style

    told.phase(TUNING, 0, steps)
    tuned = tuning.fine_tune(
        persona, others, weights.file(PAINTER), steps, lambda done, total: told.phase(TUNING, done, total)
    )
    if not tuned.kept:
        told.say("Fine-tuning was no better on what was held out: the start is kept.")
        return persona
    gain = 100 * (1 - tuned.after / tuned.before)
    told.say(f"Fine-tuned in {tuned.seconds:.0f} s: held-out mouths and eyes are {gain:.1f} % nearer.")
    return replace(persona, style=Style(tuned.style, weights.name, steps))


@app.command()
def personas(json: Json = False) -> None:
    """List the portraits that are enrolled or come with livecam."""
    import json as codec

    from livecam import assets
    from livecam.folders import persona_folder
    from livecam.persona import store

    rows = [row for name in store.names() if (row := _described(name)) is not None]
    for name in store.misnamed():
        log.warning("left out: the folder %r in %s: its name is not usable", name, persona_folder())
    bundled = list(assets.bundled_portraits())
    if json:
        typer.echo(codec.dumps({"personas": rows, "bundled": bundled}, indent=1))
        return
    for row in rows:
        typer.echo(
            f"{row['name']:20} from {row.get('source', '?')}, sizes {row['sizes']}, {row.get('created', '')}"
        )
    for name in bundled:
        typer.echo(f"{name:20} bundled")


def _described(name: str) -> dict[str, Any] | None:
    """What is listed of a persona; None, with a warning, where its files are damaged."""
    from livecam.persona import listing

    try:
        return listing.described(name)
    except UserError as error:
        log.warning("left out: %s", error)
        return None
