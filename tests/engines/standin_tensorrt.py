"""A stand-in for the `tensorrt` module of a version, made from the lists of its real classes and members.

data/tensorrt-api.json is trimmed from what the real packages of 10.9, 10.16 and 11.4 hold: classes that
livecam uses, each with every member and every way to call it ("network config" is two arguments, "flags=" one
that may be left out). Whatever is not in the list raises AttributeError, a call with other arguments
TypeError, and what the real thing has but nobody taught the stand-in NotImplementedError. An "engine" is the
graph itself, run with onnxruntime in the fake GPU's memory. All calls are recorded.
"""

from __future__ import annotations

import ctypes
import enum
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import onnx

from livecam.engines.onnx_runtime import onnxruntime

API = json.loads((Path(__file__).parent / "data" / "tensorrt-api.json").read_text())
VERSIONS = tuple(API)
PLAN = b"stand-in plan "
_TYPES = {"FLOAT": np.float32, "HALF": np.float16, "INT32": np.int32, "INT64": np.int64, "BOOL": np.bool_}


class Faults(SimpleNamespace):
    """What goes wrong; all off."""

    parse = plan_none = load_none = no_context = execute = refuse_address = False
    cancelled_phase = refit_fails = builds_full = False
    missing: tuple[str, ...] = ()
    error = 0.0


def make(version: str, gpu: Any) -> ModuleType:
    """`gpu`: a `standin_cuda.FakeGpu`. The module has `calls`, a list of "Class.method", and `faults`."""
    module = ModuleType("tensorrt")
    module.__version__ = version  # type: ignore[attr-defined]
    module.calls, module.faults, module.gpu = [], Faults(), gpu  # type: ignore[attr-defined]
    for name, content in API[version].items():
        if isinstance(content, str):
            made: Any = enum.IntEnum(name, content.split(), start=0)  # type: ignore[misc]
        elif isinstance(content, dict):
            made = _make_class(module, name, content)  # type: ignore[misc]
        else:
            continue
        setattr(module, name, made)
    module.nptype = lambda trt_type: _TYPES[trt_type.name]  # type: ignore[attr-defined]
    return module


def new(module: ModuleType, name: str, **state: Any) -> Any:
    """An object that only the library itself can make."""
    made = object.__new__(getattr(module, name))
    made.__dict__.update(state)
    return made


def _make_class(module: ModuleType, name: str, members: dict[str, Any]) -> type:
    if name == "IHostMemory":
        return type(name, (bytearray,), {"nbytes": property(len)})
    body: dict[str, Any] = {"__module__": "tensorrt"}
    for member, content in members.items():
        if content == "property":
            body[member] = _property(name, member)
        elif content == "attribute":
            body[member] = member
        elif member == "__init__":
            body[member] = _method(module, name, member, content or None)
        elif content:
            body[member] = _method(module, name, member, content)

    def __setattr__(self: Any, attribute: str, value: Any) -> None:
        if type(self).__module__ == "tensorrt" and attribute not in members:
            raise AttributeError(f"tensorrt.{name} has no {attribute}")
        object.__setattr__(self, attribute, value)

    body["__setattr__"] = __setattr__
    return type(name, (), body)


def _property(owner: str, member: str) -> property:
    def get(self: Any) -> Any:
        if f"_{member}" in self.__dict__:
            return self.__dict__[f"_{member}"]
        if (owner, member) in GETTERS:
            return GETTERS[owner, member](self)
        raise NotImplementedError(f"{owner}.{member}")

    def put(self: Any, value: Any) -> None:
        self.__dict__[f"_{member}"] = value

    return property(get, put)


def _method(module: ModuleType, owner: str, member: str, ways: list[str] | None) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if ways is None:
            raise TypeError(f"{owner}: No constructor defined!")
        if not any(_fits(way.split(), args, kwargs) for way in ways):
            raise TypeError(f"{owner}.{member}: incompatible arguments {args} {kwargs}; takes {ways}")
        module.calls.append(f"{owner}.{member}")  # type: ignore[attr-defined]
        if (owner, member) not in METHODS:
            raise NotImplementedError(f"{owner}.{member}")
        return METHODS[owner, member](module, self, *args, **kwargs)

    return method


def _fits(names: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    known = [name.rstrip("=") for name in names]
    given = {*known[: len(args)], *kwargs}
    needed = {name for name in names if not name.endswith("=")}
    return len(args) <= len(names) and given <= set(known) and needed <= given


def _nothing(module: Any, self: Any, *_: Any) -> None:
    """Takes its arguments and does nothing."""


def _keeps(**places: int) -> Any:
    """A constructor that keeps its arguments as `_name`."""

    def method(module: Any, self: Any, *args: Any) -> None:
        self.__dict__.update({f"_{name}": args[place] for name, place in places.items()})

    return method


def _log(module: Any, logger: Any, text: str) -> None:
    logger.log(module.ILogger.ERROR, text)


def _create_network(module: Any, self: Any, flags: int = 0) -> Any:
    assert flags == 1 << int(module.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    return new(module, "INetworkDefinition")


def _parse(module: Any, self: Any, model: bytes, path: str | None = None) -> bool:
    if module.faults.parse:
        return False
    graph = onnx.load_model_from_string(model)
    constants = {entry.name: entry.data_type for entry in graph.graph.initializer}
    layers = []
    for node in graph.graph.node:
        is_conv = node.op_type == "Conv"
        half = is_conv and constants.get(node.input[1]) == onnx.TensorProto.FLOAT16
        tensor = new(module, "ITensor", _dtype=module.DataType.HALF if half else module.DataType.FLOAT)
        kind = module.LayerType.CONVOLUTION if is_conv else module.LayerType.ELEMENTWISE
        layers.append(new(module, "ILayer", _type=kind, _name=node.name, inputs=[tensor]))
    self._network.__dict__.update(model=model, layers=layers, _num_layers=len(layers))
    return True


def _build(module: Any, self: Any, network: Any, config: Any) -> Any:
    asked = config.__dict__
    assert asked["flags_set"] == {module.BuilderFlag.REFIT}
    monitor = config.progress_monitor
    monitor.phase_start("Building Engine", None, 2)
    for step in range(2):
        if not monitor.step_complete("Building Engine", step):
            return None
    monitor.phase_finish("Building Engine")
    if module.faults.plan_none:
        _log(module, self._logger, "out of memory\nand more words")
        return None
    return module.IHostMemory(PLAN + module.__version__.encode() + b"\n" + network.model)


def _timing_cache(module: Any, self: Any, content: bytes) -> Any:
    return new(module, "ITimingCache", content=bytes(content))


def _set_timing_cache(module: Any, self: Any, cache: Any, ignore_mismatch: bool) -> bool:
    fits = cache.content in (b"", b"timings of " + module.__version__.encode())
    if fits:
        self.__dict__["cache"] = cache
    return fits


def _get_timing_cache(module: Any, self: Any) -> Any:
    return new(module, "ITimingCache", content=b"timings of " + module.__version__.encode())


def _deserialize(module: Any, self: Any, content: bytes) -> Any:
    mark, _, model = content.partition(b"\n")
    if module.faults.load_none or mark != PLAN + module.__version__.encode():
        _log(module, self._logger, "the engine plan file is not compatible")
        return None
    return new(module, "ICudaEngine", model=model, session=_session(model))


def _session(model: bytes) -> Any:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def _tensors(engine: Any) -> list[Any]:
    return [*engine.session.get_inputs(), *engine.session.get_outputs()]


def _tensor(engine: Any, name: str) -> Any:
    return next(node for node in _tensors(engine) if node.name == name)


def _context(module: Any, self: Any) -> Any:
    return None if module.faults.no_context else new(module, "IExecutionContext", of=self, addresses={})


def _set_address(module: Any, self: Any, name: str, memory: int) -> bool:
    if module.faults.refuse_address:
        return False
    assert memory in module.gpu.memory
    self.addresses[name] = memory
    return True


def _execute(module: Any, self: Any, stream_handle: int) -> bool:
    if module.faults.execute:
        return False

    def at(node: Any) -> np.ndarray[Any, Any]:
        count = int(np.prod(node.shape))
        content = (ctypes.c_float * count).from_address(self.addresses[node.name])
        return np.frombuffer(content, np.float32).reshape(node.shape)

    def work() -> None:
        session = self.of.session
        results = session.run(None, {node.name: at(node) for node in session.get_inputs()})
        for node, result in zip(session.get_outputs(), results, strict=True):
            at(node)[:] = result + module.faults.error

    module.gpu.enqueue(stream_handle, work)
    return True


def _information(module: Any, self: Any, kind: Any) -> str:
    assert kind == module.LayerInformationFormat.JSON
    types = "Float" if module.faults.builds_full else "Half"
    layers = []
    for node in onnx.load_model_from_string(self.of.model).graph.node:
        told = {"Format/Datatype": types}
        if module.__version__.startswith("11"):
            told = {"Format": "Row major linear", "DataType": types}
        kind = "CaskConvolution" if node.op_type == "Conv" else "kgen"
        layers.append({"Name": node.name, "LayerType": kind, "Inputs": [{"Name": node.input[0], **told}]})
    return json.dumps({"Layers": layers})


def _refit_from_bytes(module: Any, self: Any, model: bytes, path: str | None = None) -> bool:
    def names(content: bytes) -> set[str]:
        return {entry.name for entry in onnx.load_model_from_string(content).graph.initializer}

    if names(model) != names(self._refitter._engine.model):
        self.__dict__["_num_errors"] = 1
        return False
    self._refitter.__dict__["new_model"] = model
    return True


def _refit(module: Any, self: Any) -> bool:
    if module.faults.refit_fails:
        _log(module, self._logger, "weights have another shape")
        return False
    self._engine.__dict__.update(model=self.new_model, session=_session(self.new_model))
    return True


def _error(module: Any, self: Any, index: int) -> Any:
    return new(module, "ParserError", text=f"no importer for node {index}")


METHODS: dict[tuple[str, str], Any] = {
    ("ILogger", "__init__"): _nothing,
    ("IProgressMonitor", "__init__"): _nothing,
    ("Builder", "__init__"): _keeps(logger=0),
    ("Builder", "create_network"): _create_network,
    ("Builder", "create_builder_config"): lambda module, self: new(
        module, "IBuilderConfig", flags_set={module.BuilderFlag.TF32}
    ),
    ("Builder", "build_serialized_network"): _build,
    ("INetworkDefinition", "get_layer"): lambda module, self, index: self.layers[index],
    ("ILayer", "get_input"): lambda module, self, index: self.inputs[index],
    ("IBuilderConfig", "set_flag"): lambda module, self, flag: self.flags_set.add(flag),
    ("IBuilderConfig", "clear_flag"): lambda module, self, flag: self.flags_set.discard(flag),
    ("IBuilderConfig", "create_timing_cache"): _timing_cache,
    ("IBuilderConfig", "set_timing_cache"): _set_timing_cache,
    ("IBuilderConfig", "get_timing_cache"): _get_timing_cache,
    ("ITimingCache", "serialize"): lambda module, self: module.IHostMemory(self.content),
    ("OnnxParser", "__init__"): _keeps(network=0, logger=1),
    ("OnnxParser", "parse"): _parse,
    ("OnnxParser", "get_error"): _error,
    ("ParserError", "desc"): lambda module, self: self.text,
    ("Runtime", "__init__"): _keeps(logger=0),
    ("Runtime", "deserialize_cuda_engine"): _deserialize,
    ("ICudaEngine", "create_execution_context"): _context,
    ("ICudaEngine", "get_tensor_name"): lambda module, self, index: _tensors(self)[index].name,
    ("ICudaEngine", "get_tensor_shape"): lambda module, self, name: [
        side if isinstance(side, int) else -1 for side in _tensor(self, name).shape
    ],
    ("ICudaEngine", "get_tensor_dtype"): lambda module, self, name: module.DataType.FLOAT,
    ("ICudaEngine", "get_tensor_mode"): lambda module, self, name: (
        module.TensorIOMode.INPUT
        if name in [node.name for node in self.session.get_inputs()]
        else module.TensorIOMode.OUTPUT
    ),
    ("ICudaEngine", "create_engine_inspector"): lambda module, self: new(module, "EngineInspector", of=self),
    ("EngineInspector", "get_engine_information"): _information,
    ("IExecutionContext", "set_tensor_address"): _set_address,
    ("IExecutionContext", "execute_async_v3"): _execute,
    ("Refitter", "__init__"): _keeps(engine=0, logger=1),
    ("Refitter", "get_missing_weights"): lambda module, self: list(module.faults.missing),
    ("Refitter", "refit_cuda_engine"): _refit,
    ("OnnxParserRefitter", "__init__"): _keeps(refitter=0, logger=1),
    ("OnnxParserRefitter", "refit_from_bytes"): _refit_from_bytes,
    ("OnnxParserRefitter", "get_error"): _error,
}

GETTERS: dict[tuple[str, str], Any] = {
    ("ICudaEngine", "num_io_tensors"): lambda self: len(_tensors(self)),
    ("OnnxParser", "num_errors"): lambda self: 1,
}
