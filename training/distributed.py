"""Several processes that train one set of networks, on GPUs or CPU cores, through Hugging Face Accelerate.

Each takes its share of a step's samples; gradients are averaged, so all processes hold the same weights.
Started by `torchrun --nproc_per_node N -m training ...`. A plain start is one process, without
Accelerate.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from livecam.errors import UserError


class SingleProcess:
    """One process: `rank` 0 of `count` 1. `device`: where to train, None for the best there is."""

    rank = 0
    count = 1
    device: str | None = None

    def share(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a step's samples."""
        return chosen[self.rank :: self.count]

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give all processes the mean of their gradients."""

    def any(self, here: bool) -> bool:
        """Whether it is so in any process."""
        return here


class DistributedProcess(SingleProcess):
    """One of several processes."""

    def __init__(self, accelerator: Any) -> None:
        super().__init__()
        self._accelerator = accelerator
        self.rank, self.count = accelerator.process_index, accelerator.num_processes
        self.device = str(accelerator.device)

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        gradients = [p.grad for p in parameters if p.grad is not None]
        whole = torch.cat([gradient.flatten() for gradient in gradients])
        whole = self._accelerator.reduce(whole, "mean")
        at = 0
        for gradient in gradients:
            gradient.copy_(whole[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def any(self, here: bool) -> bool:
        number: Tensor = self._accelerator.reduce(torch.tensor(float(here), device=self.device), "sum")
        return float(number) > 0


def join_processes(device: str | None = None) -> SingleProcess:
    """The process's place among those started with it. Raises `UserError` where Accelerate is missing."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return SingleProcess()
    try:
        from accelerate import Accelerator
    except ImportError as error:
        todo = "Install it (pip install accelerate), or start one process."
        raise UserError("several processes", "Accelerate is not installed", todo) from error
    return DistributedProcess(Accelerator(cpu=device == "cpu"))
