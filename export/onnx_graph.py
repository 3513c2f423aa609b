"""The one way from PyTorch to ONNX: fixed shapes, opset 17, simplified, checked."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

import livecam
from livecam.engines.base import TensorSpec

if TYPE_CHECKING:
    import onnx

OPSET: Final = 17
"""The last one before GridSample's modes were renamed (20): every engine we know of takes it."""
SMALL: Final = 256
"""Constants of fewer numbers stay in FP32: nothing is to be saved on them."""


def to_onnx(
    module: nn.Module,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    name: str,
    notes: dict[str, str] | None = None,
    batch: str | None = None,
) -> onnx.ModelProto:
    """`module` with inputs and outputs named and shaped as they say; the same module gives the same bytes.

    `name`: the graph's. `notes`: metadata beside livecam's version. `batch`: a name for the first side of
    every input and output, so that a server may join requests; None fixes it.

    Raises:
        RuntimeError: the exporter wrote another opset, or other inputs or outputs than were asked for.
        onnx.checker.ValidationError, onnx.shape_inference.InferenceError: the graph is not valid.
    """
    import onnx
    from onnxscript import optimizer

    model = optimizer.optimize(_trace(module, inputs, outputs, batch))  # folds constants and shapes away
    for value, spec in zip(model.graph.output, outputs, strict=True):
        # The exporter loses shapes behind some operators (InstanceNormalization); a wrong one would be
        # contradicted by the check below, which infers all anew.
        shape: list[str | int] = [batch or spec.shape[0], *spec.shape[1:]]
        value.CopyFrom(
            onnx.helper.make_tensor_value_info(value.name, value.type.tensor_type.elem_type, shape)
        )
    del model.graph.value_info[:]
    model.producer_name, model.producer_version = "livecam", livecam.__version__
    model.graph.name = name
    onnx.helper.set_model_props(model, {"livecam": livecam.__version__, **(notes or {})})
    onnx.checker.check_model(model, full_check=True)  # with shape inference
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if opsets != {"": OPSET}:
        raise RuntimeError(f"the exporter wrote opsets {opsets}, not {OPSET}")
    given = [_described(value) for value in (*model.graph.input, *model.graph.output)]
    expected = [_expected(spec, batch) for spec in (*inputs, *outputs)]
    if given != expected:
        raise RuntimeError(f"the graph has {given}, expected {expected}")
    return model


def keep_in_half(model: onnx.ModelProto) -> None:
    """Large FP32 constants that FP16 holds exactly become FP16 with a Cast behind each: half the file.

    The graph still computes in FP32: onnxruntime widens the weights as it opens the file.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for entry in model.graph.initializer:
        values = numpy_helper.to_array(entry)
        if entry.data_type != TensorProto.FLOAT or values.size < SMALL:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half, values):
            continue
        name = entry.name
        entry.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(helper.make_node("Cast", [entry.name], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])


def _trace(
    module: nn.Module, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], batch: str | None
) -> onnx.ModelProto:
    """The TorchScript exporter's graph.

    The newer exporter (`dynamo=True`) writes opset 18 and converts down, and where a graph holds an operator
    that it cannot convert (padding, instance normalisation) it says so in the log and leaves it at 18.
    """
    import onnx

    names = [spec.name for spec in (*inputs, *outputs)]
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age, and that statistics are taken from the input
        torch.onnx.export(
            module.eval(),
            tuple(torch.zeros(spec.shape) for spec in inputs),
            buffer,
            input_names=names[: len(inputs)],
            output_names=names[len(inputs) :],
            opset_version=OPSET,
            dynamic_axes=None if batch is None else {name: {0: batch} for name in names},
            dynamo=False,
        )
    return onnx.load_model_from_string(buffer.getvalue())


def _described(value: Any) -> tuple[str, tuple[int | str, ...], str]:
    """Name, shape (0 where a side is not fixed and has no name) and dtype."""
    import onnx

    kind = value.type.tensor_type
    shape = tuple(side.dim_param or side.dim_value for side in kind.shape.dim)
    return value.name, shape, str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))


def _expected(spec: TensorSpec, batch: str | None) -> tuple[str, tuple[int | str, ...], str]:
    return spec.name, (batch or spec.shape[0], *spec.shape[1:]), str(spec.dtype)
