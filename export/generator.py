"""Writes the generator as ONNX, opset 17, and checks what it wrote."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

import onnx
import torch
from onnxscript import optimizer

import livecam
from engines.base import TensorSpec
from livecam.model.generator import Generator

OPSET: Final = 17
"""The last one before GridSample's modes were renamed (20): every engine we know of takes it."""


def export_generator(generator: Generator, path: Path) -> onnx.ModelProto:
    """Writes `generator` to `path` with fixed shapes and returns what was written.

    The file's metadata names livecam's version, the crop's size, the precision and whether it refines.

    Raises:
        RuntimeError: the exported graph is not of opset 17, or its inputs or outputs are not as named in
            `livecam.model.inputs`.
        onnx.checker.ValidationError, onnx.shape_inference.InferenceError: the graph is not valid.
    """
    model = optimizer.optimize(_trace(generator))  # folds constants and shapes away, shares what is the same
    _fix_shapes(model, generator)
    model.producer_name, model.producer_version = "livecam", livecam.__version__
    model.graph.name = f"generator-{generator.size}"
    metadata = {
        "livecam": livecam.__version__,
        "graph": "generator",
        "size": str(generator.size),
        "precision": "fp32",
        "refiner": "yes" if generator.refiner.inputs else "no",
    }
    onnx.helper.set_model_props(model, metadata)
    _check(model, generator)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return model


def operators(model: onnx.ModelProto) -> dict[str, int]:
    """How often every operator occurs, most frequent first."""
    counts = Counter(node.op_type for node in model.graph.node)
    return dict(counts.most_common())


def _trace(generator: Generator) -> onnx.ModelProto:
    """The TorchScript exporter's graph.

    The newer exporter (`dynamo=True`) writes opset 18 and converts down, and where a graph holds an operator
    that it cannot convert (padding, instance normalisation) it says so in the log and leaves it at 18.
    """
    generator = generator.eval()
    arguments = tuple(torch.zeros(spec.shape) for spec in generator.inputs)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            generator,
            arguments,
            buffer,  # type: ignore[arg-type]  # its annotation leaves out file objects, which this exporter takes
            input_names=[spec.name for spec in generator.inputs],
            output_names=[spec.name for spec in generator.outputs],
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_model_from_string(buffer.getvalue())


def _fix_shapes(model: onnx.ModelProto, generator: Generator) -> None:
    """Writes the output's shape down, which the exporter loses behind some operators (InstanceNormalization).

    The check that follows infers every shape anew and would contradict a wrong one.
    """
    for value, spec in zip(model.graph.output, generator.outputs, strict=True):
        value.CopyFrom(
            onnx.helper.make_tensor_value_info(value.name, value.type.tensor_type.elem_type, spec.shape)
        )
    del model.graph.value_info[:]


def _check(model: onnx.ModelProto, generator: Generator) -> None:
    onnx.checker.check_model(model, full_check=True)  # with shape inference
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if opsets != {"": OPSET}:
        raise RuntimeError(f"the exporter wrote opsets {opsets}, not {OPSET}")
    for given, expected in ((model.graph.input, generator.inputs), (model.graph.output, generator.outputs)):
        if tuple(_spec(value) for value in given) != tuple(expected):
            raise RuntimeError(
                f"the graph has {[_spec(value) for value in given]}, expected {list(expected)}"
            )


def _spec(value: Any) -> TensorSpec:
    kind = value.type.tensor_type
    shape = tuple(side.dim_value for side in kind.shape.dim)  # 0 where a side is not fixed
    return TensorSpec(value.name, shape, onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
