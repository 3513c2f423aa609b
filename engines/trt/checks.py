"""What an engine must show before it is trusted: half-precision convolutions, and onnxruntime's pictures.

Strongly typed builds have been silently wrong (NVIDIA/TensorRT issue 4813), and asking for FP16 in a way that
a version ignores builds FP32 without a word.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from livecam.engines.base import Array, Engine, EngineError, TensorSpec
from livecam.engines.psnr import psnr_db

log = logging.getLogger(__name__)

LEAST_PSNR: Final = 45.0
"""dB against onnxruntime on the same FP16 graph: errors of about one of 255 steps. A wrong layer costs far
more; other orders of summing in FP16 less (60 dB and more between onnxruntime and PyTorch)."""
SEEDS: Final = range(2)

COPIES: Final = {"reformat", "noop", "constant"}
"""Kinds of layer that only carry what others compute."""

Samples = Sequence[Mapping[str, Array]]
"""Sets of all inputs by name."""


class Convolutions(NamedTuple):
    """Names of layers that hold a convolution, by what they read."""

    half: list[str]
    full: list[str]
    perhaps_full: list[str]
    """FP32, and a convolution only by name: a sum that follows one may be called so too."""


def convolution_types(layers: Iterable[Mapping[str, Any]]) -> Convolutions:
    """`layers`: the inspector's, from an engine built with DETAILED.

    10.x has one field "Format/Datatype" a tensor, 11.x splits it. Convolutions with kernels of their own say
    so in their type; those that TensorRT has fused with others carry "conv" in their name or list of nodes.
    """
    found = Convolutions([], [], [])
    for layer in layers:
        kind, name = str(layer.get("LayerType", "")).lower(), str(layer.get("Name", "?"))
        if kind in COPIES or "conv" not in f"{kind} {name} {layer.get('Metadata', '')}".lower():
            continue
        types = [_type(tensor) for tensor in layer.get("Inputs", [])]
        if "half" in types:
            found.half.append(name)
        elif "full" in types:
            (found.full if "conv" in kind else found.perhaps_full).append(name)
    return found


def _type(tensor: Mapping[str, Any]) -> str:
    told = " ".join(
        str(value) for field, value in tensor.items() if "format" in field.lower() or "type" in field.lower()
    ).lower()
    if "half" in told or "fp16" in told:
        return "half"
    return "full" if "float" in told or "fp32" in told else "other"


def check_half(information: str, half: int, full: int, name: str) -> None:
    """`information`: the inspector's JSON; `half` and `full`: convolutions of either type in the graph.

    Raises:
        EngineError: the engine computes convolutions in FP32 that the graph has in FP16.
    """
    if half == 0:
        log.info("%s: no convolution of the graph is in half precision", name)
        return
    layers = [layer for layer in json.loads(information).get("Layers", []) if isinstance(layer, dict)]
    found = convolution_types(layers)
    wrong = found.full if found.half else found.full + found.perhaps_full
    if len(wrong) > full:
        raise EngineError(
            f"{name}: TensorRT built {len(wrong)} of its convolutions in FP32, where the graph has {full} "
            f"({', '.join(wrong[:3])}). Choose the cuda engine, and report TensorRT's version"
        )
    if found.half:
        log.info("%s: %d convolution layers in half precision, %d not", name, len(found.half), len(wrong))
    else:
        log.warning("%s: the inspector names no convolution; their precision could not be checked", name)


def noise(inputs: Iterable[TensorSpec], seed: int) -> dict[str, Array]:
    """All inputs filled with uniform noise in 0..1: finds wrong layers where nothing better is at hand."""
    random = np.random.default_rng(seed)
    return {spec.name: random.uniform(0, 1, spec.shape).astype(spec.dtype) for spec in inputs}


def compare(engine: Engine, reference: Engine, samples: Iterable[Mapping[str, Array]]) -> float:
    """The lowest PSNR in dB over all samples and outputs, for values of up to 1. -inf: not numbers."""
    worst = math.inf
    for feeds in samples:
        given, expected = engine.run(feeds), reference.run(feeds)
        for name, wanted in expected.items():
            worst = min(worst, _psnr(wanted, given[name]))
    return worst


def _psnr(expected: Array, given: Array) -> float:
    error = given.astype(np.float64) - expected.astype(np.float64)
    return psnr_db(float(np.mean(error**2)))


def check_pictures(engine: Engine, graph: Path, samples: Samples | None) -> float:
    """Compares with onnxruntime on the CPU, on the same graph. Returns the lowest PSNR in dB.

    Raises:
        EngineError: the engine differs by more than is allowed.
    """
    from livecam.engines.onnx_engine import OnnxEngine

    reference = OnnxEngine(graph, provider="cpu", threads=2)
    try:
        psnr = compare(engine, reference, samples or [noise(reference.inputs, seed) for seed in SEEDS])
    finally:
        reference.close()
    if psnr < LEAST_PSNR:
        raise EngineError(
            f"{graph.name}: the engine that TensorRT built differs from onnxruntime ({psnr:.1f} dB, "
            f"at least {LEAST_PSNR:.0f} is asked for) and is not used. Choose the cuda engine, and report "
            "TensorRT's version"
        )
    log.info("%s: agrees with onnxruntime to %.1f dB", graph.name, psnr)
    return psnr
