"""FP32 graph -> FP16 graph, by what flows where: colours and features in half, positions in full precision.

A position in half is off by up to .12 pixels at 512, so whatever does not come from a picture (flows,
sampling grids, signed distances, masks) stays FP32, and so do GridSample, means and the sums that they need,
and all that has no width and height (statistics, styles). Inputs and outputs stay FP32 too.

onnxruntime's converter casts before and after every single node that is to stay FP32, through FP16 between
two of them (672 casts in this graph, where 7 do); here such nodes keep FP32 between them. Positions that a
network makes out of a picture (a predicted flow) would be taken for features: there are none yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import onnx
import onnx.shape_inference
from onnx import TensorProto, helper, numpy_helper

FULL_OPERATORS: Final = {"GridSample", "ReduceMean", "ReduceSum", "InstanceNormalization", "Softmax"}
"""What stays FP32 wherever it is: sampling, and sums over many values."""
HALF_ANYWAY: Final = {"Conv", "ConvTranspose"}
"""What computes in FP16 even where only a sum reads it: it is the work, and hardware adds its products up in
FP32. Anything else before a sum (squares, mostly) could leave the range of FP16."""
FIRST_INPUT_ONLY: Final = {"Resize"}
"""Operators whose other inputs have a type of their own."""


def to_half(model: onnx.ModelProto, pictures: Iterable[str]) -> onnx.ModelProto:
    """A copy of `model` whose nodes behind `pictures` compute in FP16 where they can.

    `pictures` names the inputs that hold colours.

    Raises:
        onnx.shape_inference.InferenceError, onnx.checker.ValidationError: `model` is not a valid graph.
    """
    typed = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    result = _Conversion(typed.graph, set(pictures)).run()
    half = onnx.ModelProto()
    half.CopyFrom(model)
    half.graph.CopyFrom(result)
    half.graph.name = f"{model.graph.name}-fp16"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(half, metadata | {"precision": "fp16"})
    onnx.checker.check_model(half, full_check=True)
    return half


class _Conversion:
    """One pass over the nodes, which ONNX keeps in an order where producers come first."""

    def __init__(self, graph: onnx.GraphProto, pictures: set[str]) -> None:
        self.graph = graph
        self.shapes = {
            value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
            for value in (*graph.input, *graph.value_info, *graph.output)
            if value.type.tensor_type.elem_type == TensorProto.FLOAT
        }
        self.constants = {entry.name: entry for entry in graph.initializer}
        self.half_nodes = self._choose(pictures)
        self.in_half: set[str] = set()  # values that are FP16 under their own name
        self.casts: dict[tuple[str, bool], str] = {}  # (value, to half) -> the name of its copy
        self.nodes: list[onnx.NodeProto] = []

    def run(self) -> onnx.GraphProto:
        outputs = {value.name for value in self.graph.output}
        for index, original in enumerate(self.graph.node):
            node = onnx.NodeProto()
            node.CopyFrom(original)
            half = index in self.half_nodes
            for place, name in enumerate(node.input):
                if place == 0 or node.op_type not in FIRST_INPUT_ONLY:
                    node.input[place] = self._as(name, half)
            self.nodes.append(node)
            if half:
                for place, name in enumerate(node.output):
                    if name in outputs:  # the graph's output keeps its name and type
                        node.output[place] = f"{name}/half"
                        self.nodes.append(_cast(node.output[place], name, TensorProto.FLOAT))
                        self.casts[name, True] = node.output[place]
                    else:
                        self.in_half.add(name)
        return self._graph()

    def _choose(self, pictures: set[str]) -> set[int]:
        """The nodes that compute in FP16, by their place."""
        coloured = set(pictures)
        behind = []  # the nodes behind a picture
        for index, node in enumerate(self.graph.node):
            if coloured.intersection(node.input):
                coloured.update(node.output)
                behind.append(index)
        chosen: set[int] = set()
        for index in reversed(behind):  # consumers before producers
            node = self.graph.node[index]
            summed = [other for other in self.graph.node if set(node.output).intersection(other.input)]
            only_summed = bool(summed) and all(other.op_type in FULL_OPERATORS for other in summed)
            only_summed = only_summed and node.op_type not in HALF_ANYWAY
            flat = all(self._is_small(name) for name in node.output)
            if not (node.op_type in FULL_OPERATORS or only_summed or flat):
                chosen.add(index)
        return chosen

    def _is_small(self, name: str) -> bool:
        """Whether a value has no width and height, or is not FP32 at all."""
        shape = self.shapes.get(name)
        return shape is None or len(shape) < 3 or shape[-2:] == [1, 1]

    def _as(self, name: str, half: bool) -> str:
        """The name under which `name` is there in FP16, or else in FP32; adds a cast where it must."""
        is_float = name in self.shapes or (
            name in self.constants and self.constants[name].data_type == TensorProto.FLOAT
        )
        if not is_float or half == (name in self.in_half):
            return name
        if (name, half) not in self.casts:
            copy = f"{name}/half" if half else f"{name}/full"
            if name in self.constants:
                values = numpy_helper.to_array(self.constants[name]).astype(np.float16)
                self.constants[copy] = numpy_helper.from_array(values, copy)
            else:
                self.nodes.append(_cast(name, copy, TensorProto.FLOAT16 if half else TensorProto.FLOAT))
            self.casts[name, half] = copy
        return self.casts[name, half]

    def _graph(self) -> onnx.GraphProto:
        used = {name for node in self.nodes for name in node.input}
        constants = [entry for name, entry in self.constants.items() if name in used]
        return helper.make_graph(
            self.nodes, self.graph.name, self.graph.input, self.graph.output, initializer=constants
        )


def _cast(source: str, target: str, kind: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=f"{target}/Cast", to=kind)
