"""`livecam enroll` and `livecam personas`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from livecam.cli.wording import as_typed
from livecam.errors import UserError
from livecam.ranges import Range

if TYPE_CHECKING:
    from livecam.generator.weights import Weights
    from livecam.persona.pictures import PersonPicture
    from livecam.persona.types import PersonaData

log = logging.getLogger(__name__)


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
            Range(0, 2000, whole=True),
            "Fine-tune on the pictures for so many steps (100 is a good number): needs PyTorch, and "
            "under a minute for one picture. What is no better on pictures held out is not kept.",
        ),
    ] = 0,
    size: Size = None,
    face_index: FaceIndex = None,
    crop: Region = None,
    mouth: Mouth = "auto",
    eyes: Eyes = "auto",
) -> None:
    """Prepare a portrait once and keep it under a name.

    More pictures of the same person, with other faces and turns of the head, help mouth and eyes to become
    theirs. A clip gives 32 frames; its calmest becomes the portrait. --face-index and --crop apply to the
    first picture, or to each frame of a clip.
    """
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
    choice = choice_from(face_index, crop, mouth, eyes)
    seen = pictures.read_person_pictures(images, choice)
    persona = pictures.enroll_all(seen, name, settings.size, choice)
    for line in coverings.covered_notices(persona):
        typer.echo(line)
    if weights is not None:
        persona = ensure_style(persona, weights)
        if steps:
            persona = _tuned(persona, seen, weights, steps)
    replaced = _replaced(name)
    folder = store.save(persona)
    count = f" from {len(seen)} pictures" if len(seen) > 1 else ""
    typer.echo(f"Enrolled {name} at {settings.size} pixels{count} in {folder}{replaced}.")
    typer.echo(as_typed(f"Use it: livecam run {name} --sink page"))


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


def _tuned(persona: PersonaData, seen: Sequence[PersonPicture], weights: Weights, steps: int) -> PersonaData:
    """With a style fine-tuned on the pictures, if that is better."""
    from rich.console import Console
    from rich.progress import Progress

    from livecam.finetune import tuning
    from livecam.generator.weights import PAINTER
    from livecam.persona.types import Style

    others = [one.crop() for one in seen[1:]]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fine-tuning", total=steps)
        tuned = tuning.fine_tune(
            persona,
            others,
            weights.file(PAINTER),
            steps,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if not tuned.kept:
        typer.echo("Fine-tuning was no better on what was held out: the start is kept.")
        return persona
    gain = 100 * (1 - tuned.after / tuned.before)
    typer.echo(f"Fine-tuned in {tuned.seconds:.0f} s: held-out mouths and eyes are {gain:.1f} % nearer.")
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
    from livecam.persona import store

    try:
        said = store.describe(name)
        if not isinstance(said.get("name"), str):
            raise store.damaged(name, "persona.json names nobody")
    except UserError as error:
        log.warning("left out: %s", error)
        return None
    return {**said, "name": name, "sizes": store.sizes(name)}
