"""Run a graph: onnxruntime on a CPU or a GPU, PyTorch as the reference. Nothing here knows of portraits."""

from __future__ import annotations

from engines.base import Array, Engine, EngineError, TensorSpec
from engines.registry import EngineStatus, available, open_engine

__all__ = ["Array", "Engine", "EngineError", "EngineStatus", "TensorSpec", "available", "open_engine"]
