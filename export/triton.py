"""A model repository for Triton: python -m livecam.export triton --out DIR [--size 512] [--persona NAME]...

For NVIDIA's Triton Inference Server, so that one GPU host draws for many cameras:

    DIR/generator-512/config.pbtxt, 1/model.onnx      everything is sent with every frame
    DIR/generator-512-NAME/...                        the portrait is in the graph: only motion is sent
    DIR/refiner-mouth/..., DIR/refiner-eye/...        crops in, corrections out; the server makes batches

The graphs compute in FP16; the generator answers with 8-bit RGB, a quarter of FP32's size on the wire.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from livecam.errors import UserError
from livecam.export.half import to_half

FRAME: Final = "frame"
"""The served generator's output: (1, S, S, 3), uint8 RGB."""
LONGEST_BATCH: Final = 8
DELAY_MICROSECONDS: Final = 500
"""How long the server may hold a crop back for others to join: a sixtieth of a frame at 30 a second."""
_TYPES: Final[dict[int, str]] = {
    TensorProto.FLOAT: "TYPE_FP32",
    TensorProto.FLOAT16: "TYPE_FP16",
    TensorProto.UINT8: "TYPE_UINT8",
    TensorProto.INT64: "TYPE_INT64",
}


def write_model(
    folder: Path, name: str, model: onnx.ModelProto, *, instances: int = 1, batch: int = 0, version: int = 1
) -> Path:
    """DIR/NAME/config.pbtxt and DIR/NAME/VERSION/model.onnx. Returns DIR/NAME.

    `instances`: requests that a GPU works on side by side. `batch`: the most requests joined into one run,
    for graphs whose first side is free; 0 for fixed ones.
    """
    place = folder / name
    (place / str(version)).mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(place / str(version) / "model.onnx"))
    (place / "config.pbtxt").write_text(config(name, model, instances=instances, batch=batch), "utf-8")
    return place


def config(name: str, model: onnx.ModelProto, *, instances: int = 1, batch: int = 0) -> str:
    """The server's description of a model, in protobuf's text form."""
    lines = [f'name: "{name}"', 'platform: "onnxruntime_onnx"', f"max_batch_size: {batch}"]
    for kind, values in (("input", model.graph.input), ("output", model.graph.output)):
        lines += [f"{kind} [", ",\n".join(_tensor(value, batch > 0) for value in values), "]"]
    lines += ["instance_group [", f"  {{ count: {instances}, kind: KIND_GPU }}", "]"]
    if batch > 0:
        lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {DELAY_MICROSECONDS} }}")
    lines.append("version_policy { latest { num_versions: 1 } }")
    return "\n".join(lines) + "\n"


def _tensor(value: onnx.ValueInfoProto, batched: bool) -> str:
    kind = value.type.tensor_type
    sides = [side.dim_value for side in kind.shape.dim][1 if batched else 0 :]
    if 0 in sides:
        raise UserError(value.name, f"its shape {sides} is not fixed", "Export the graph with fixed shapes.")
    dims = ", ".join(map(str, sides))
    return f'  {{ name: "{value.name}", data_type: {_TYPES[kind.elem_type]}, dims: [ {dims} ] }}'


def with_bytes(model: onnx.ModelProto, output: str = "image") -> onnx.ModelProto:
    """A copy whose `output` (1, 3, S, S), FP32 in 0..1, has become `frame` (1, S, S, 3), uint8, rounded."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    (value,) = [value for value in made.graph.output if value.name == output]
    sides = [side.dim_value for side in value.type.tensor_type.shape.dim]
    for constant, number in (("levels", 255.0), ("half_a_level", 0.5)):
        made.graph.initializer.append(numpy_helper.from_array(np.array(number, np.float32), constant))
    made.graph.node.extend(
        [
            helper.make_node("Mul", [output, "levels"], ["levels_of_colour"]),
            helper.make_node("Add", ["levels_of_colour", "half_a_level"], ["before_cut"]),
            helper.make_node("Transpose", ["before_cut"], ["rows"], perm=[0, 2, 3, 1]),
            helper.make_node(
                "Cast", ["rows"], [FRAME], to=TensorProto.UINT8
            ),  # cuts what is behind the point
        ]
    )
    made.graph.output.remove(value)
    shape = [sides[0], sides[2], sides[3], sides[1]]
    made.graph.output.append(helper.make_tensor_value_info(FRAME, TensorProto.UINT8, shape))
    onnx.checker.check_model(made, full_check=True)
    return made


def with_values(model: onnx.ModelProto, values: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    """A copy in which some inputs are constants: what belongs to one portrait.

    Raises:
        UserError: the graph has no such input, or one of another shape.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for name, array in values.items():
        found = [value for value in made.graph.input if value.name == name]
        sides = [side.dim_value for value in found for side in value.type.tensor_type.shape.dim]
        if not found or tuple(sides) != array.shape:
            raise UserError(name, f"the graph has no such input of shape {array.shape}", "Export it anew.")
        made.graph.input.remove(found[0])
        made.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
    onnx.checker.check_model(made, full_check=True)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 where a persona or the weights cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m livecam.export triton",
        description="Write a model repository for Triton Inference Server.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--size", type=int, default=512, choices=(256, 512, 768))
    parser.add_argument(
        "--persona", action="append", default=[], metavar="NAME", help="put it into the graph"
    )
    parser.add_argument("--instances", type=int, default=2, help="requests side by side on a GPU")
    parser.add_argument("--no-refine", action="store_true", help="the warper alone")
    options = parser.parse_args(arguments)
    try:
        for place in write(options.out, options.size, options.persona, options.instances, options.no_refine):
            print(place)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def write(
    folder: Path, size: int, personas: Sequence[str], instances: int = 2, no_refine: bool = False
) -> list[Path]:
    """The whole repository. Returns the models' folders.

    Raises:
        UserError: no such persona, or the refiner's weights are damaged.
    """
    import tempfile

    from livecam.export.generator import export_generator, pictures
    from livecam.export.refiner import PICTURES, export_refiner
    from livecam.generator.weights import PAINTER, find_weights
    from livecam.model.generator import Generator

    weights = None if no_refine else find_weights()
    with tempfile.TemporaryDirectory() as scratch:
        spare = Path(scratch) / "graph.onnx"
        if weights is None:
            generator = Generator(size)
        else:
            from livecam.model.refiner_model import load_generator

            generator = load_generator(weights.file(PAINTER), size)
        half = to_half(export_generator(generator, spare), pictures(generator))
        whole = with_bytes(half)
        places = [write_model(folder, f"generator-{size}", whole, instances=instances)]
        for name in personas:
            made = with_values(whole, persona_values(name, size, weights))
            places.append(write_model(folder, f"generator-{size}-{name}", made, instances=instances))
        if weights is not None:
            from livecam.model.refiner_model import load_refiner_model

            model, _ = load_refiner_model(weights.file(PAINTER))
            for name in model.styles:
                joined = to_half(export_refiner(model.network(name), spare, batch="batch"), PICTURES)
                named = f"refiner-{name}"
                places.append(write_model(folder, named, joined, instances=instances, batch=LONGEST_BATCH))
    return places


def persona_values(name: str, size: int, weights: Any) -> dict[str, NDArray[Any]]:
    """What is set once for a portrait, by input. `weights`: the refiner's, or None."""
    from livecam.generator.inputs import PersonaInputs
    from livecam.persona.opening import open_persona
    from livecam.render.refiner_setup import graph_inputs

    persona = open_persona(name, size)
    values = PersonaInputs.from_pictures(*persona.layers).feeds()
    return values if weights is None else values | graph_inputs(persona, weights)


if __name__ == "__main__":
    sys.exit(main())
