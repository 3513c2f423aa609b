"""Simplifying a graph takes four fifths of an export, and most tests of it export the same generator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import onnx


class Simplified:
    """`onnxscript.optimizer.optimize`, whose results are kept by the bytes of what was traced."""

    def __init__(self, optimize: Callable[..., Any]) -> None:
        self._optimize, self._kept = optimize, dict[bytes, bytes]()

    def __call__(self, model: onnx.ModelProto) -> onnx.ModelProto:
        key = hashlib.sha256(model.SerializeToString(deterministic=True)).digest()
        if key not in self._kept:
            self._kept[key] = self._optimize(model).SerializeToString(deterministic=True)
        return onnx.load_model_from_string(self._kept[key])

    def forget(self) -> None:
        """Whatever is exported next is simplified anew."""
        self._kept.clear()
