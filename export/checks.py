"""Whether TensorRT's ONNX parser documents all that a graph holds: operators, types, restrictions.

The table is the part that our graphs may need of onnx-tensorrt's operator matrix (docs/operators.md) as it
was for TensorRT 8.5, the first with GridSample; later ones add types and lift restrictions. What a parser
documents is no proof that a build succeeds, but what it does not document needs none that it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import onnx
from onnx import TensorProto, helper

FLOATS: Final = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16})
NUMBERS: Final = FLOATS | {TensorProto.INT32, TensorProto.INT64}
"""INT64 is cast down to INT32 where a version does not have it: shapes and indices fit."""
TRUTH: Final = frozenset({TensorProto.BOOL})
ANY: Final = NUMBERS | TRUTH

OPERATORS: Final[dict[str, frozenset[int]]] = {
    **dict.fromkeys(
        ("AveragePool", "Clip", "Conv", "ConvTranspose", "Div", "Erf", "Exp", "Gemm", "GlobalAveragePool"),
        FLOATS,
    ),
    **dict.fromkeys(
        ("GridSample", "InstanceNormalization", "LeakyRelu", "MatMul", "MaxPool", "PRelu"), FLOATS
    ),
    **dict.fromkeys(
        ("Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu"), FLOATS
    ),
    **dict.fromkeys(("Resize", "Sigmoid", "Softmax", "Sqrt", "Tanh"), FLOATS),
    **dict.fromkeys(("Abs", "Add", "DepthToSpace", "Greater", "GreaterOrEqual", "Less"), NUMBERS),
    **dict.fromkeys(("LessOrEqual", "Max", "Min", "Mul", "Neg", "Pad", "Sub", "Equal"), NUMBERS),
    **dict.fromkeys(("And", "Not", "Or", "Xor"), TRUTH),
    **dict.fromkeys(("Cast", "Concat", "Expand", "Gather", "GatherND", "Reshape", "Slice", "Split"), ANY),
    **dict.fromkeys(("Squeeze", "Transpose", "Unsqueeze", "Where", "Constant", "Identity"), ANY),
}
RESIZE_COORDINATES: Final = {
    *(b"half_pixel", b"pytorch_half_pixel", b"tf_half_pixel_for_nn", b"asymmetric", b"align_corners"),
}
RESIZE_MODES: Final = {b"nearest", b"linear"}
WEIGHTS_FROM: Final = {"InstanceNormalization": 1, "Slice": 3, "Squeeze": 1, "Unsqueeze": 1}
"""Operators whose inputs from this place on must be constants."""


def unsupported(model: onnx.ModelProto) -> list[str]:
    """One line for every node that the matrix does not cover; none where all is well.

    Raises:
        onnx.shape_inference.InferenceError: the graph is not valid.
    """
    graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    tensors = {
        value.name: value.type.tensor_type for value in (*graph.input, *graph.value_info, *graph.output)
    }
    kinds = {name: kind.elem_type for name, kind in tensors.items()}
    ranks = {name: len(kind.shape.dim) for name, kind in tensors.items()}
    constants = {entry.name: entry for entry in graph.initializer}
    kinds.update({name: entry.data_type for name, entry in constants.items()})

    found = []
    for node in graph.node:
        label = f"{node.op_type} {node.name or node.output[0]}"
        allowed = OPERATORS.get(node.op_type)
        if allowed is None:
            found.append(f"{label}: not in the matrix")
            continue
        looked_at = [name for name in node.input[:1] if name] or list(node.output[:1])
        wrong = {kinds[name] for name in looked_at} - allowed
        if node.op_type == "Where":
            wrong = {kinds[node.input[1]]} - allowed
        found += [f"{label}: no {TensorProto.DataType.Name(kind)}" for kind in wrong]
        first = WEIGHTS_FROM.get(node.op_type, len(node.input))
        loose = [name for name in node.input[first:] if name and name not in constants]
        found += [f"{label}: {name} is no constant" for name in loose]
        if node.op_type == "GridSample" and ranks.get(node.input[0]) != 4:
            found.append(f"{label}: 4-D only")
        if node.op_type == "Resize":
            found += [f"{label}: {words}" for words in _resize(node)]
    return found


def _resize(node: onnx.NodeProto) -> list[str]:
    told = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    asked: list[tuple[str, bytes, Callable[[bytes], bool]]] = [
        ("mode", told.get("mode", b"nearest"), RESIZE_MODES.__contains__),
        (
            "coordinates",
            told.get("coordinate_transformation_mode", b"half_pixel"),
            RESIZE_COORDINATES.__contains__,
        ),
    ]
    return [f"{name} {value.decode()}" for name, value, known in asked if not known(value)]
