"""A graph small enough to read: one convolution and one sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_graph(
    path: Path,
    *,
    weight: float = 0.25,
    name: str = "weight",
    half: bool = True,
    first: int | str = 1,
    side: int = 4,
) -> Path:
    """image = conv(picture) + style, all (1, 1, side, side); the convolution is 1 x 1, in FP16 or not."""
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    numbers = np.full((1, 1, 1, 1), weight, np.float16 if half else np.float32)
    nodes = [
        helper.make_node("Cast", ["picture"], ["small"], "first/Cast", to=kind),
        helper.make_node("Conv", ["small", name], ["changed"], "first/Conv"),
        helper.make_node("Cast", ["changed"], ["wide"], "last/Cast", to=TensorProto.FLOAT),
        helper.make_node("Add", ["wide", "style"], ["image"], "last/Add"),
    ]
    shape = [first, 1, side, side]
    inputs = [
        helper.make_tensor_value_info(entry, TensorProto.FLOAT, shape) for entry in ("picture", "style")
    ]
    outputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(
        nodes, "small", inputs, outputs, initializer=[numpy_helper.from_array(numbers, name)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path
