"""From a checkpoint to what runs live: `python -m livecam.training.ship RUN --out DIR`.

Writes `refiner.onnx` (the refiner on the crop, for CPUs), `embedder.onnx` (a picture's style) and
`painter.safetensors` (both in FP16, for the generator's graph, for fine-tuning and for PyTorch).
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from engines.base import TensorSpec
from livecam.errors import UserError
from livecam.model.embedder import StyleOfPicture
from livecam.training import tensorfile
from livecam.training.loop import painter_of
from livecam.training.recipe import Recipe, from_dict
from livecam.training.system import Painter

log = logging.getLogger(__name__)
OPSET: Final = 17
WEIGHTS: Final = "painter.safetensors"


def ship(run: Path, out: Path) -> None:
    """Write the three files. Raises `UserError` where there is no checkpoint."""
    painter, recipe = painter_of(run)
    out.mkdir(parents=True, exist_ok=True)
    save_painter(painter, recipe, out / WEIGHTS)
    network = painter.network
    write_onnx(network, network.inputs, network.outputs, out / "refiner.onnx")
    style = StyleOfPicture(painter.embedder, painter.projection, network.size)
    write_onnx(style, style.inputs, style.outputs, out / "embedder.onnx")


def save_painter(painter: Painter, recipe: Recipe, path: Path) -> None:
    """FP16, with the recipe beside the weights."""
    from safetensors.torch import save_file

    notes = {"recipe": json.dumps(recipe.as_dict()), "size": str(painter.network.size)}
    tensors = {
        name: value.detach().half().contiguous().clone() for name, value in painter.state_dict().items()
    }
    save_file(tensors, path, metadata=notes)


def load_painter(path: Path) -> tuple[Painter, Recipe]:
    """What `save_painter` wrote, in FP32. Raises `UserError` for a file that is no such thing."""
    try:
        tensors, notes = tensorfile.read(path, "pt")
        recipe = from_dict(json.loads(notes["recipe"]), str(path))
        painter = Painter(recipe.network, int(notes["size"]))
        painter.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (*tensorfile.UNREADABLE, KeyError, ValueError, RuntimeError) as error:
        why = f"not a painter's weights ({str(error).splitlines()[0]})"
        raise UserError(
            str(path), why, "Write them: python -m livecam.training.ship RUN --out DIR"
        ) from error
    return painter.eval(), recipe


def write_onnx(
    module: nn.Module, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], path: Path
) -> None:
    """A graph with fixed shapes, opset 17, with the inputs' and outputs' own names."""
    import onnx

    arguments: tuple[Tensor, ...] = tuple(torch.zeros(spec.shape) for spec in inputs)
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age, and that statistics are taken from the input
        torch.onnx.export(
            module.eval(),
            arguments,
            buffer,
            input_names=[spec.name for spec in inputs],
            output_names=[spec.name for spec in outputs],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_model_from_string(buffer.getvalue())
    for value, spec in zip(model.graph.output, outputs, strict=True):  # the exporter may lose them
        kind = value.type.tensor_type.elem_type
        value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, kind, spec.shape))
    model.producer_name = "livecam"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m livecam.training.ship", description=__doc__)
    parser.add_argument("run", type=Path, help="folder with a checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        ship(options.run, options.out)
    except UserError as error:
        log.error("%s", error)
        return 2
    for path in sorted(options.out.iterdir()):
        log.info("%s: %.2f MB", path, path.stat().st_size / 1e6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
