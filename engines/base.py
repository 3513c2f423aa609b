"""What every engine is: something that runs one graph with fixed shapes.

Engines know tensors only. They know nothing of portraits, faces or `livecam`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class EngineError(Exception):
    """An engine cannot be used: what, why, and what to do next in one line."""


class FeedError(EngineError):
    """What was fed does not fit. The engine itself is well, and another would say the same."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Name, fixed shape and dtype of one input or output."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Engine(Protocol):
    """Runs a graph. `run` takes every input that changed since the last call; the rest are kept."""

    name: str
    """Short name as on the command line: "cpu", "cuda", "tensorrt", "torch"."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Raises `EngineError` for a missing input, a wrong shape or dtype, or a failed run."""
        ...

    def close(self) -> None: ...
