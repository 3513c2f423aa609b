"""Run a graph: onnxruntime on a CPU or a GPU, TensorRT, PyTorch as the reference. No portraits here."""

from __future__ import annotations

from engines.base import Array, Engine, EngineError, FeedError, TensorSpec
from engines.choice import FASTEST_FIRST, Choice, fastest
from engines.registry import EngineStatus, available, open_engine
from engines.standby import Standby, StandbyEngine

__all__ = [
    "FASTEST_FIRST",
    "Array",
    "Choice",
    "Engine",
    "EngineError",
    "EngineStatus",
    "FeedError",
    "Standby",
    "StandbyEngine",
    "TensorSpec",
    "available",
    "fastest",
    "open_engine",
]
