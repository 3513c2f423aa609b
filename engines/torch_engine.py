"""Runs a PyTorch module as an engine: the reference that other engines are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from livecam.engines.base import Array, EngineError, TensorSpec
from livecam.engines.feeds import check_feeds


class TorchEngine:
    """Calls `module` with its inputs in the order of `inputs`. Not thread-safe."""

    name = "torch"

    def __init__(
        self,
        module: Callable[..., Any],
        *,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        device: str = "cpu",
    ) -> None:
        """`module` takes and returns tensors on `device`: one output, or a tuple of several.

        Raises:
            EngineError: torch is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise EngineError(
                "torch: it is not installed. Install livecam with the finetune extra, or take another engine"
            ) from error
        self._torch = torch
        self._module: Callable[..., Any] | None = module
        self._device = device
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._values: dict[str, Any] = {}

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Every input that changed by name -> every output by name. Arrays are copied, in and out.

        Raises:
            EngineError: an unknown or missing input, a wrong shape or dtype, a failed run, a closed engine.
        """
        if self._module is None:
            raise EngineError("torch: the engine is closed. Open a new one")
        check_feeds(feeds, self.inputs, self._values, "torch")
        try:
            for name, array in feeds.items():
                self._values[name] = self._torch.from_numpy(np.array(array)).to(self._device)
            with self._torch.inference_mode():
                results = self._module(*(self._values[spec.name] for spec in self.inputs))
        except Exception as error:
            raise EngineError(
                f"torch: the run failed. {str(error).strip() or type(error).__name__}"
            ) from error
        if not isinstance(results, tuple):
            results = (results,)
        return {
            spec.name: np.array(result.cpu().numpy())
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def close(self) -> None:
        """Frees the module and the kept inputs. A second call does nothing."""
        self._module = None
        self._values = {}
