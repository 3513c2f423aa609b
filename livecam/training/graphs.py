"""Writes a trained network as ONNX: fixed shapes, opset 17, weights kept in FP16."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from engines.base import TensorSpec

OPSET: Final = 17
SMALL: Final = 256
"""Constants of fewer numbers stay in FP32: nothing is to be saved on them."""


def write_onnx(
    module: nn.Module, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], path: Path
) -> None:
    """With the inputs' and outputs' own names. Computes in FP32: onnxruntime widens the weights as it opens
    the file."""
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
    _keep_in_half(model)
    model.producer_name = "livecam"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def _keep_in_half(model: Any) -> None:
    """Large FP32 constants become FP16 with a Cast behind each. Exact for numbers that FP16 can hold."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for entry in model.graph.initializer:
        values = numpy_helper.to_array(entry)
        if entry.data_type != TensorProto.FLOAT or values.size < SMALL:
            continue
        name = entry.name
        entry.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [entry.name], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
