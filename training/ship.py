"""From checkpoints to what runs live: `python -m training.ship MOUTH EYE --out livecam/assets/refiner`.

Writes what `livecam.generator.weights` describes: a graph of every network, `embedder.onnx`,
`painter.safetensors`, all in FP16 and equal to each other, with a manifest and a model card.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch

from livecam.errors import UserError
from livecam.export.onnx_graph import keep_in_half, to_onnx
from livecam.generator import weights
from livecam.model.embedder import StyleOfPicture
from livecam.model.refiner import CropNetwork
from livecam.model.refiner_model import RefinerModel, load_refiner_model
from training import card
from training.loop import part_model_of
from training.recipe import Recipe, from_dict

log = logging.getLogger(__name__)
WEIGHTS: Final = weights.PAINTER
Recipes = Mapping[str, Recipe]
MOST_BYTES: Final = 25_000_000
"""What the files may weigh together in a download."""


def ship(runs: Sequence[Path], out: Path, figures: Sequence[Path] = (), data: Path | None = None) -> None:
    """Write everything. `runs`: of each network one, a checkpoint's folder; or a painter.safetensors with all
    of them.

    `figures`, `data`: for the card, see `training.card`.

    Raises:
        UserError: there are no weights, they do not go together, or the figures cannot be read.
    """
    painter, recipes = refiner_model_from(runs)
    tables = [card.figures(path) for path in figures]
    out.mkdir(parents=True, exist_ok=True)
    for name in painter.styles:  # of other weights; python -m livecam.export.quantise makes them anew
        (out / weights.small_file(name)).unlink(missing_ok=True)
    save_refiner_model(painter, recipes, out / WEIGHTS)
    painter, _ = load_refiner_model(out / WEIGHTS)  # rounded: the graphs hold the very same numbers
    projections = [painter.projection(name) for name in painter.styles]
    style = StyleOfPicture(painter.embedder, projections, painter.size)
    graphs: list[tuple[CropNetwork | StyleOfPicture, str]] = [
        (painter.network(name), weights.graph_file(name)) for name in painter.styles
    ]
    for module, name in (*graphs, (style, weights.EMBEDDER)):
        graph = to_onnx(module, module.inputs, module.outputs, Path(name).stem)
        keep_in_half(graph)
        (out / name).write_bytes(graph.SerializeToString())
    made = sorted({word for run in runs for word in card.made_of(run)})
    steps = [card.last_step(run) for run in runs]
    seeds = {name: recipe.seed for name, recipe in recipes.items()}
    notes = {"seeds": seeds, "steps": steps, "trained_on": "; ".join(made)}
    written = weights.write_manifest(out, painter.size, painter.styles, notes)
    text = card.write(painter, recipes, written, runs, tables, data)
    (out / weights.CARD).write_text(text, "utf-8")
    total = sum(path.stat().st_size for path in out.iterdir())
    if total > MOST_BYTES:
        log.warning("%.1f MB together: more than the %.0f allowed", total / 1e6, MOST_BYTES / 1e6)


def refiner_model_from(runs: Sequence[Path]) -> tuple[RefinerModel, Recipes]:
    """The averaged networks of the runs, and how each was trained, by its name.

    Raises:
        UserError: there are none, two are of one part, or their embedders differ.
    """
    if len(runs) == 1 and runs[0].is_file():
        return load_trained(runs[0])
    found = [(*part_model_of(run), run) for run in runs]
    recipes = {recipe.network.part: recipe for _, recipe, _ in found}
    if len(recipes) < len(found):
        raise UserError("these runs", "train one part twice", "Name one run of each part.")
    first = found[0][0]
    painter = RefinerModel({name: recipe.network for name, recipe in recipes.items()}, first.network.size)
    painter.embedder.load_state_dict(first.embedder.state_dict())
    for model, recipe, run in found:
        own = model.embedder.state_dict()
        if any(not torch.equal(own[name], value) for name, value in first.embedder.state_dict().items()):
            todo = f"Train it with --embedder {runs[0]}."
            raise UserError(str(run), "its embedder is not that of the first run", todo)
        painter.networks[recipe.network.part].load_state_dict(model.network.state_dict())
        painter.projections[recipe.network.part].load_state_dict(model.projection.state_dict())
    return painter.eval(), recipes


def save_refiner_model(painter: RefinerModel, recipes: Recipes, path: Path) -> None:
    """FP16, with the recipes beside the weights."""
    from safetensors.torch import save_file

    # One note: several come out in another order every time, and the same weights must give the same file.
    about = {"recipes": {name: recipe.as_dict() for name, recipe in recipes.items()}, "size": painter.size}
    tensors = {
        name: value.detach().half().contiguous().clone() for name, value in painter.state_dict().items()
    }
    save_file(tensors, path, metadata={"painter": json.dumps(about)})
    path.chmod(0o644)  # it is written for its owner alone


def load_trained(path: Path) -> tuple[RefinerModel, Recipes]:
    """`load_refiner_model`, with the recipes as such. Raises `UserError` for a file that is no such thing."""
    painter, recipes = load_refiner_model(path)
    return painter, {name: from_dict(values, str(path)) for name, values in recipes.items()}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    known = "of each network a checkpoint's folder; or painter.safetensors"
    parser.add_argument("run", type=Path, nargs="+", help=known)
    parser.add_argument("--out", type=Path, required=True, help="livecam/assets/refiner, to ship them")
    parser.add_argument(
        "--figures",
        type=Path,
        nargs="+",
        default=[],
        help="for the card: JSON of training.evaluate, or Markdown",
    )
    parser.add_argument("--data", type=Path, help="for the card: the pairs, to say how many there were")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        ship(options.run, options.out, options.figures, options.data)
    except UserError as error:
        log.error("%s", error)
        return 2
    for path in sorted(options.out.iterdir()):
        log.info("%s: %.2f MB", path, path.stat().st_size / 1e6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
