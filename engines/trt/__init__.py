"""TensorRT without a framework around it: build, keep, check, run. Versions 10.9 to 11.x, one code path."""

from __future__ import annotations

from livecam.engines.trt.engine import TensorRtEngine
from livecam.engines.trt.opening import open_tensorrt

__all__ = ["TensorRtEngine", "open_tensorrt"]
