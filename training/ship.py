"""From a checkpoint to what runs live: `python -m training.ship RUN --out livecam/assets/refiner`.

Writes what `livecam.generator.weights` describes: `refiner.onnx`, `embedder.onnx`, `painter.safetensors`,
all in FP16 and equal to each other, with a manifest and a model card.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from livecam.errors import UserError
from livecam.export.onnx_graph import keep_in_half, to_onnx
from livecam.generator import weights
from livecam.model.embedder import StyleOfPicture
from livecam.model.refiner_model import RefinerModel, load_refiner_model
from training import card, checkpoint, packed_checkpoint
from training.loop import refiner_model_of
from training.recipe import Recipe, from_dict

log = logging.getLogger(__name__)
WEIGHTS: Final = weights.PAINTER
MOST_BYTES: Final = 25_000_000
"""What the files may weigh together in a download."""


def ship(run: Path, out: Path, figures: Sequence[Path] = (), data: Path | None = None) -> None:
    """Write everything. `run`: a checkpoint's folder, one that `travel` packed, or a painter.safetensors.

    `figures`, `data`: for the card, see `training.card`.

    Raises:
        UserError: there are no weights, or the figures cannot be read.
    """
    painter, recipe = refiner_model_from(run)
    tables = [card.figures(path) for path in figures]
    out.mkdir(parents=True, exist_ok=True)
    (out / weights.SMALL).unlink(
        missing_ok=True
    )  # of other weights; python -m livecam.export.quantise makes it anew
    save_refiner_model(painter, recipe, out / WEIGHTS)
    painter, _ = load_refiner_model(out / WEIGHTS)  # rounded: the graphs hold the very same numbers
    network = painter.network
    style = StyleOfPicture(painter.embedder, painter.projection, network.size)
    for module, name in ((network, weights.REFINER), (style, weights.EMBEDDER)):
        graph = to_onnx(module, module.inputs, module.outputs, Path(name).stem)
        keep_in_half(graph)
        (out / name).write_bytes(graph.SerializeToString())
    step = card.last_step(run)
    notes = {"seed": recipe.seed, "steps": step, "trained_on": "; ".join(card.made_of(run))}
    written = weights.write_manifest(out, network.size, network.style_size, notes)
    text = card.write(painter, recipe, written, run, tables, data)
    (out / weights.CARD).write_text(text, "utf-8")
    total = sum(path.stat().st_size for path in out.iterdir())
    if total > MOST_BYTES:
        log.warning("%.1f MB together: more than the %.0f allowed", total / 1e6, MOST_BYTES / 1e6)


def refiner_model_from(run: Path) -> tuple[RefinerModel, Recipe]:
    """The averaged networks of a run, in any of the three forms. Raises `UserError` where there are none."""
    if run.is_file():
        return load_trained(run)
    if (run / checkpoint.TENSORS).is_file() or not (run / "average.safetensors").is_file():
        return refiner_model_of(run)
    try:
        state = json.loads((run / checkpoint.STATE).read_text("utf-8"))
        recipe = from_dict(state["recipe"], str(run))
        painter = RefinerModel(recipe.network, int(state["size"]))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(str(run), f"its state cannot be read ({error})", "Pack the run again.") from error
    packed_checkpoint.unpack(run, {"average": painter})
    return painter.eval(), recipe


def save_refiner_model(painter: RefinerModel, recipe: Recipe, path: Path) -> None:
    """FP16, with the recipe beside the weights."""
    from safetensors.torch import save_file

    # One note: several come out in another order every time, and the same weights must give the same file.
    notes = {"painter": json.dumps({"recipe": recipe.as_dict(), "size": painter.network.size})}
    tensors = {
        name: value.detach().half().contiguous().clone() for name, value in painter.state_dict().items()
    }
    save_file(tensors, path, metadata=notes)
    path.chmod(0o644)  # it is written for its owner alone


def load_trained(path: Path) -> tuple[RefinerModel, Recipe]:
    """`load_refiner_model`, with the recipe as one. Raises `UserError` for a file that is no such thing."""
    painter, recipe = load_refiner_model(path)
    return painter, from_dict(recipe, str(path))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run", type=Path, help="a checkpoint's folder, a packed one, or painter.safetensors")
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
