"""Safetensors files with notes. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from livecam.files import write_whole

UNREADABLE = (SafetensorError, OSError)
"""What `read` raises for a file that is missing or broken."""


def write(path: Path, tensors: Mapping[str, NDArray[Any]], notes: dict[str, str]) -> None:
    """The file appears, or is replaced, only once it is whole. Raises OSError."""
    content = save({name: np.ascontiguousarray(value) for name, value in tensors.items()}, notes)
    write_whole(path, content, durable=False)


def notes(path: Path) -> dict[str, str]:
    """A file's notes alone."""
    with safe_open(path, framework="numpy") as file:
        return file.metadata() or {}


def read(
    path: Path, framework: Literal["numpy", "pt"], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors whose names begin with `prefix`, which is taken off, and the file's notes."""
    with safe_open(path, framework=framework) as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118  (no mapping)
        return {name.removeprefix(prefix): file.get_tensor(name) for name in names}, file.metadata() or {}
