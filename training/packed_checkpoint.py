"""A run in small pieces, for machines that one has for minutes only: weights without the optimisers' memory.

One file for each network, of 16 MB at most with the recipes that come with livecam. A run that starts from
them goes on at its step with a new warm-up; the checkpoint of `training.checkpoint`, five times as
large, goes on exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from livecam.errors import UserError
from livecam.model import tensorfile
from training import checkpoint


def pack(run: Path, out: Path) -> list[Path]:
    """Write the weights of the checkpoint in `run`: one file a network and `state.json`.

    Raises:
        UserError: there is no checkpoint.
    """
    from safetensors.torch import save_file

    path = run / checkpoint.TENSORS
    try:
        tensors, notes = tensorfile.read(path, "pt")
    except tensorfile.UNREADABLE as error:
        raise UserError(str(run), f"holds no checkpoint ({error})", "Train first.") from error
    out.mkdir(parents=True, exist_ok=True)
    names = sorted({key.split("/", 1)[0] for key in tensors if "optimiser" not in key.split("/", 1)[0]})
    written = []
    for name in names:
        own = tensorfile.read(path, "pt", f"{name}/")[0]
        written.append(out / f"{name}.safetensors")
        save_file(own, written[-1])
    (out / checkpoint.STATE).write_text(notes["state"] + "\n", "utf-8")
    return [*written, out / checkpoint.STATE]


def unpack(folder: Path, modules: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Fill the networks from what `pack` wrote and return the state.

    Raises:
        UserError: files are missing, or belong to other networks.
    """
    try:
        for name, module in modules.items():
            tensors, _ = tensorfile.read(folder / f"{name}.safetensors", "pt")
            module.load_state_dict(tensors)
        state: dict[str, Any] = json.loads((folder / checkpoint.STATE).read_text("utf-8"))
    except (*tensorfile.UNREADABLE, ValueError, RuntimeError) as error:
        why = f"does not hold these networks ({str(error).splitlines()[0]})"
        raise UserError(str(folder), why, "Use the recipe that it was begun with.") from error
    return state
