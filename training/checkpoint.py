"""A run's state as two files: `tensors.safetensors` and `state.json`. No pickle, and torch.load is never
used.

Optimisers are stored entry by entry (AdamW keeps two moments and a count for every parameter). Random numbers
need no state: they are drawn from the seed and the step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from livecam.errors import UserError
from livecam.files import write_whole
from livecam.model import tensorfile

TENSORS, STATE = "tensors.safetensors", "state.json"


def save(
    folder: Path,
    modules: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    state: Mapping[str, Any],
) -> None:
    """Write everything; a checkpoint that is there already is replaced in one step.

    `state` holds what JSON can hold. It is repeated inside the tensors' file, which alone decides: a run
    that is broken off between the two files leaves a whole checkpoint.
    """
    from safetensors.torch import save as as_bytes

    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"{name}/{key}": value for key, value in module.state_dict().items()}
    for name, optimiser in optimisers.items():
        tensors |= _optimiser_tensors(name, optimiser)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(state, indent=1)
    # A copy, since parameters that share memory cannot be stored.
    plain = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    write_whole(folder / TENSORS, as_bytes(plain, {"state": text}), durable=False)
    (folder / STATE).write_text(text + "\n", "utf-8")


def restore(
    folder: Path, modules: Mapping[str, nn.Module], optimisers: Mapping[str, torch.optim.Optimizer]
) -> dict[str, Any]:
    """Put everything back and return the state.

    Raises:
        UserError: there is no checkpoint, or it was made with another network.
    """
    path = folder / TENSORS
    if not path.is_file():
        raise UserError(str(folder), "holds no checkpoint", "Leave --resume away to begin.")
    try:
        tensors, notes = tensorfile.read(path, "pt")
        state: dict[str, Any] = json.loads(notes["state"])
        for name, module in modules.items():
            module.load_state_dict(_part(tensors, name))
        for name, optimiser in optimisers.items():
            _fill_optimiser(optimiser, _part(tensors, name))
    except (*tensorfile.UNREADABLE, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        todo = "Use the recipe it was begun with, or another --out."
        raise UserError(str(path), f"does not fit ({first})", todo) from error
    return state


def _part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")
    }


def _optimiser_tensors(name: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    found = {}
    for index, entry in optimiser.state_dict()["state"].items():
        for key, value in entry.items():
            found[f"{name}/{index}/{key}"] = torch.as_tensor(value)
    return found


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    entries: dict[int, dict[str, Tensor]] = {}
    for path, value in tensors.items():
        index, key = path.split("/", 1)
        entries.setdefault(int(index), {})[key] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": entries})
