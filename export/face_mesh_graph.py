"""Makes the attention FaceMesh model fit the Tasks API: seven outputs become two.

The model has one output for the coarse mesh, one each for lips, eyes and irises, and a score. The old
API put the 478 landmarks together outside the model; the Tasks API wants one tensor of 478 x 3. So the
same assembly is added to the end of the graph, with operators that every TensorFlow Lite runtime has.
The schema's Python classes come with mediapipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import flatbuffers
import numpy as np
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as schema
from numpy.typing import NDArray

MESH_COUNT = 468
LANDMARK_COUNT = 478
ALIGNMENT = 16
"""Bytes: schema.fbs asks for it (`force_align: 16`), for weights are used where they lie."""


@dataclass(frozen=True, slots=True)
class Block:
    """One refining output: row k of it is landmark `landmarks[k]`, x and y only.

    `depth_from`: mesh landmarks whose mean z its points take, where the mesh has no such points (irises).
    """

    name: str
    landmarks: tuple[int, ...]
    depth_from: tuple[int, ...]


def read_blocks() -> tuple[Block, ...]:
    """The five refining outputs in the model's order."""
    data = json.loads((files("livecam.export") / "refinement.json").read_text("utf-8"))
    return tuple(Block(b["name"], tuple(b["landmarks"]), tuple(b["depth_from"])) for b in data["blocks"])


def source_rows(blocks: Sequence[Block]) -> NDArray[np.int32]:
    """(478,) row of [mesh, block 1, block 2, ...] that gives each landmark's x and y; the last one wins."""
    rows = np.zeros(LANDMARK_COUNT, np.int32)
    rows[:MESH_COUNT] = np.arange(MESH_COUNT)
    start = MESH_COUNT
    for block in blocks:
        rows[list(block.landmarks)] = start + np.arange(len(block.landmarks))
        start += len(block.landmarks)
    return rows


def merge_outputs(model: bytes, blocks: Sequence[Block]) -> bytes:
    """The same model with the outputs landmarks (1, 1, 1, 1434) and score, float32.

    1434 = 478 x (x, y, z) in pixels of the model's input.
    """
    graph = GraphEditor(model)
    mesh_output, *block_outputs, score_output = graph.outputs
    if len(block_outputs) != len(blocks):
        raise ValueError(f"expected {len(blocks)} refining outputs, found {len(block_outputs)}")

    mesh = graph.reshape(mesh_output, [MESH_COUNT, 3], "mesh")
    depth = graph.slice(mesh, [0, 2], [MESH_COUNT, 1], "mesh_depth")
    positions = [graph.slice(mesh, [0, 0], [MESH_COUNT, 2], "mesh_position")]
    depths = [depth]
    for block, output in zip(blocks, block_outputs, strict=True):
        positions.append(graph.reshape(output, [len(block.landmarks), 2], f"{block.name}_position"))
        if block.depth_from:
            mean = graph.mean(
                graph.gather(depth, block.depth_from, 1, f"{block.name}_lids"), f"{block.name}_depth"
            )
            depths += [mean] * len(block.landmarks)

    rows = MESH_COUNT + sum(len(block.landmarks) for block in blocks)
    all_positions = graph.concatenate(positions, [rows, 2], 0, "all_positions")
    position = graph.gather(all_positions, source_rows(blocks), 2, "position")
    all_depths = graph.concatenate(depths, [LANDMARK_COUNT, 1], 0, "depth")
    points = graph.concatenate([position, all_depths], [LANDMARK_COUNT, 3], 1, "points")
    landmarks = graph.reshape(points, [1, 1, 1, LANDMARK_COUNT * 3], "landmarks")
    graph.keep_outputs([landmarks, score_output], described_by=[0, len(block_outputs) + 1])
    return graph.pack()


class GraphEditor:
    """Adds operators to the end of a TensorFlow Lite model. Tensors are named by their index."""

    def __init__(self, content: bytes) -> None:
        self._model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
        self._graph = self._model.subgraphs[0]
        self._operator_codes: dict[int, int] = {}
        self._model.buffers = [AlignedBuffer(buffer.data) for buffer in self._model.buffers]

    @property
    def outputs(self) -> list[int]:
        return [int(index) for index in self._graph.outputs]

    def reshape(self, tensor: int, shape: Sequence[int], name: str) -> int:
        options = schema.ReshapeOptionsT()
        options.newShape = np.array(shape, np.int32)
        result = self._tensor(name, shape)
        inputs = [tensor, self._constant(shape, f"{name}/shape")]
        self._operator("RESHAPE", inputs, result, "ReshapeOptions", options)
        return result

    def slice(self, tensor: int, begin: Sequence[int], size: Sequence[int], name: str) -> int:
        result = self._tensor(name, size)
        inputs = [tensor, self._constant(begin, f"{name}/begin"), self._constant(size, f"{name}/size")]
        self._operator("SLICE", inputs, result, "SliceOptions", schema.SliceOptionsT())
        return result

    def gather(self, tensor: int, rows: Sequence[int] | NDArray[np.int32], width: int, name: str) -> int:
        """Rows of a (n, width) tensor."""
        result = self._tensor(name, [len(rows), width])
        inputs = [tensor, self._constant(rows, f"{name}/rows")]
        self._operator("GATHER", inputs, result, "GatherOptions", schema.GatherOptionsT())
        return result

    def mean(self, tensor: int, name: str) -> int:
        """Mean of a (n, 1) tensor as a (1, 1) tensor."""
        options = schema.ReducerOptionsT()
        options.keepDims = True
        result = self._tensor(name, [1, 1])
        self._operator(
            "MEAN", [tensor, self._constant([0], f"{name}/axis")], result, "ReducerOptions", options
        )
        return result

    def concatenate(self, tensors: Sequence[int], shape: Sequence[int], axis: int, name: str) -> int:
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        result = self._tensor(name, shape)
        self._operator("CONCATENATION", tensors, result, "ConcatenationOptions", options)
        return result

    def keep_outputs(self, tensors: Sequence[int], described_by: Sequence[int]) -> None:
        """Sets the outputs. `described_by`: which of the old outputs' descriptions each one takes."""
        self._graph.outputs = np.array(tensors, np.int32)
        buffer = self._model.buffers[self._model.metadata[0].buffer]
        metadata = _unpack_metadata(buffer)
        described = metadata.subgraphMetadata[0]
        described.outputTensorMetadata = [described.outputTensorMetadata[k] for k in described_by]
        described.outputTensorGroups = None
        metadata.associatedFiles = None
        buffer.data = np.frombuffer(_finish(metadata, b"M001"), np.uint8)

    def pack(self) -> bytes:
        return _finish(self._model, b"TFL3")

    def _tensor(
        self, name: str, shape: Sequence[int], kind: int = schema.TensorType.FLOAT32, buffer: int = 0
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = f"livecam/{name}".encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = kind
        tensor.buffer = buffer  # 0 is the empty one: computed, not stored
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _constant(self, values: Sequence[int] | NDArray[np.int32], name: str) -> int:
        content = np.array(values, "<i4")
        self._model.buffers.append(AlignedBuffer(np.frombuffer(content.tobytes(), np.uint8)))
        return self._tensor(name, content.shape, schema.TensorType.INT32, len(self._model.buffers) - 1)

    def _operator(
        self, name: str, inputs: Sequence[int], output: int, options_name: str, options: Any
    ) -> None:
        operator = schema.OperatorT()
        operator.opcodeIndex = self._operator_code(getattr(schema.BuiltinOperator, name))
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array([output], np.int32)
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_name)
        operator.builtinOptions = options
        self._graph.operators.append(operator)

    def _operator_code(self, builtin: int) -> int:
        if builtin not in self._operator_codes:
            code = schema.OperatorCodeT()
            code.builtinCode = builtin
            code.deprecatedBuiltinCode = builtin  # all of ours are below 127, where both fields agree
            code.version = 1
            self._model.operatorCodes.append(code)
            self._operator_codes[builtin] = len(self._model.operatorCodes) - 1
        return self._operator_codes[builtin]


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer whose bytes start at a multiple of `ALIGNMENT`, which the generated class does not see to."""

    def __init__(self, data: NDArray[np.uint8] | None) -> None:
        super().__init__()
        self.data = data

    def Pack(self, builder: Any) -> int:
        if self.data is not None:
            builder.Prep(ALIGNMENT, len(self.data))
        return int(super().Pack(builder))


def fingerprint(model: bytes) -> str:
    """SHA-256 of what a model says, however its tables are laid out: releases of flatbuffers differ there."""
    table = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    digest = hashlib.sha256()
    for entry in table.metadata or []:
        digest.update(b"".join(_describe(_unpack_metadata(table.buffers[entry.buffer]))))
        table.buffers[entry.buffer].data = None
    digest.update(b"".join(_describe(table)))
    return digest.hexdigest()


def _describe(value: Any) -> Iterator[bytes]:
    """Field by field in the order of their names, without those that are empty and so need not be stored."""
    if isinstance(value, (list, tuple)):
        yield f"[{len(value)}".encode()
        for item in value:
            yield from _describe(item)
    elif isinstance(value, np.ndarray):
        yield f"<{value.dtype}{value.shape}".encode() + value.tobytes()
    elif hasattr(value, "__dict__"):
        for name, item in sorted(vars(value).items()):
            if item is not None and not (np.isscalar(item) and not item):
                yield name.encode()
                yield from _describe(item)
    else:
        yield repr(value).encode()


def _unpack_metadata(buffer: Any) -> Any:
    root = metadata_schema.ModelMetadata.GetRootAsModelMetadata(bytes(buffer.data), 0)
    return metadata_schema.ModelMetadataT.InitFromObj(root)


def _finish(table: Any, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(table.Pack(builder), identifier)
    return bytes(builder.Output())
