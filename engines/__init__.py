"""Run a graph: onnxruntime on a CPU or a GPU, TensorRT, PyTorch as the reference. No portraits here."""

from __future__ import annotations

from livecam.engines.base import Array, Engine, EngineError, FeedError, TensorSpec
from livecam.engines.choice import FASTEST_FIRST, Choice, fastest
from livecam.engines.registry import EngineStatus, available, open_engine
from livecam.engines.standby import Standby, StandbyEngine

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
