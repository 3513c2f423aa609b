"""Our graphs against what TensorRT's parser documents, and that the check would notice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from livecam.export.checks import unsupported
from livecam.export.generator import export_generator
from livecam.export.half import to_half
from livecam.export.quantise import MOVES
from livecam.export.refiner import PICTURES, export_refiner
from livecam.generator.inputs import persona_specs
from livecam.model.generator import Generator
from livecam.model.refiner import FaceRefiner
from livecam.model.repair import RepairNetwork, RepairShape

SIZE = 256


@pytest.fixture(scope="module")
def networks() -> dict[str, RepairNetwork]:
    torch.set_num_threads(1)
    shape = RepairShape(widths=(4, 8, 8, 8), deep=1, head=4)
    return {name: RepairNetwork(replace(shape, name=name)).eval() for name in ("mouth", "eye")}


@pytest.mark.slow  # 14 s: the largest of our graphs; the plain generator and the networks alone are below
def test_the_generator_with_a_refiner_is_covered(networks: dict[str, RepairNetwork], tmp_path: Path) -> None:
    generator = Generator(SIZE, FaceRefiner(networks, SIZE))
    model = export_generator(generator, tmp_path / "generator.onnx")
    assert unsupported(model) == []
    half = to_half(model, [spec.name for spec in persona_specs(SIZE)])
    assert unsupported(half) == []
    kinds = {entry.name: entry.data_type for entry in half.graph.initializer}
    learned = [node for node in half.graph.node if node.op_type == "Conv" and MOVES not in node.name]
    assert len(learned) > 10
    # What TensorRT would build in FP32 if it were not. The portrait's own crop, whose pixels a convolution
    # moves once, stays FP32 as all inputs do.
    assert {kinds[node.input[1]] for node in learned} == {TensorProto.FLOAT16}


def test_the_generator_alone_is_covered(tmp_path: Path) -> None:
    model = export_generator(Generator(SIZE), tmp_path / "generator.onnx")
    assert unsupported(model) == []
    assert unsupported(to_half(model, [spec.name for spec in persona_specs(SIZE)])) == []


def test_the_networks_alone_are_covered(networks: dict[str, RepairNetwork], tmp_path: Path) -> None:
    for network in networks.values():
        model = export_refiner(network, tmp_path / "network.onnx")
        assert unsupported(model) == []
        assert unsupported(to_half(model, PICTURES)) == []


def graph(
    node: onnx.NodeProto, shapes: dict[str, list[int]], kind: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    """One node between inputs of these shapes and "out", with constants "ones" and "where"."""
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]
    outputs = [helper.make_tensor_value_info("out", kind, None)]
    constants = [
        numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
        numpy_helper.from_array(np.ones(2, np.float32), "ones"),
    ]
    used = [entry for entry in constants if entry.name in node.input]
    made = helper.make_graph([node], "one", inputs, outputs, initializer=used)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (graph(helper.make_node("Unique", ["x"], ["out"]), {"x": [4]}), "not in the matrix"),
        (graph(helper.make_node("Sqrt", ["x"], ["out"]), {"x": [4]}, TensorProto.DOUBLE), "no DOUBLE"),
        (
            graph(
                helper.make_node("GridSample", ["x", "grid"], ["out"]),
                {"x": [1, 1, 2, 2], "grid": [1, 2, 2, 2]},
            ),
            None,
        ),
        (
            graph(
                helper.make_node("Resize", ["x", "", "scales"], ["out"], mode="cubic"), {"x": [1, 1, 2, 2]}
            ),
            "mode cubic",
        ),
        (
            graph(
                helper.make_node(
                    "Resize",
                    ["x", "", "scales"],
                    ["out"],
                    coordinate_transformation_mode="tf_crop_and_resize",
                ),
                {"x": [1, 1, 2, 2]},
            ),
            "coordinates tf_crop_and_resize",
        ),
        (
            graph(
                helper.make_node("InstanceNormalization", ["x", "ones", "shift"], ["out"]),
                {"x": [1, 2, 2, 2], "shift": [2]},
            ),
            "shift is no constant",
        ),
    ],
)
def test_what_is_not_covered_is_named(model: onnx.ModelProto, words: str | None) -> None:
    found = unsupported(model)
    assert [words in line for line in found] == ([True] if words else [])  # type: ignore[operator]
