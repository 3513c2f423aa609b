"""Writes the generator as ONNX."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx

from livecam.export.onnx_graph import to_onnx
from livecam.generator.inputs import persona_specs
from livecam.model.generator import Generator


def export_generator(generator: Generator, path: Path) -> onnx.ModelProto:
    """Writes `generator` to `path` with fixed shapes and returns what was written.

    The file's metadata names livecam's version, the crop's size, the precision and whether it refines.

    Raises:
        RuntimeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError: as `to_onnx`.
    """
    notes = {
        "graph": "generator",
        "size": str(generator.size),
        "precision": "fp32",
        "refiner": "yes" if generator.refiner.inputs else "no",
    }
    model = to_onnx(generator, generator.inputs, generator.outputs, f"generator-{generator.size}", notes)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return model


def pictures(generator: Generator) -> list[str]:
    """The inputs that hold colours: what flows from them computes in FP16 where that is asked for."""
    told = [spec.name for spec in generator.refiner.inputs if spec.name.endswith("_source")]
    return [*(spec.name for spec in persona_specs(generator.size)), *told]


def operators(model: onnx.ModelProto) -> dict[str, int]:
    """How often every operator occurs, most frequent first."""
    counts = Counter(node.op_type for node in model.graph.node)
    return dict(counts.most_common())
