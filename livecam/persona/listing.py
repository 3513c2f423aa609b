"""What there is to choose from: every enrolled persona with what its files say."""

from __future__ import annotations

from typing import Any

from livecam.errors import UserError
from livecam.folders import persona_folder
from livecam.persona import store


def described(name: str) -> dict[str, Any]:
    """persona.json of an enrolled persona, with its folder's name as `name` and its `sizes`.

    Raises:
        UserError: its files are damaged.
    """
    said = store.describe(name)
    if not isinstance(said.get("name"), str):
        raise store.damaged(name, "persona.json names nobody")
    shown = {key: value for key, value in said.items() if key not in ("tensors", "checksum", "portrait")}
    return {**shown, "name": name, "sizes": store.sizes(name)}


def tuned_steps(name: str, size: int) -> int:
    """Steps that its style was fine-tuned for; 0 where it was not, or nobody can tell."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(store.tensor_path(name, size), "numpy") as tensors:
            return int(tensors.get_tensor("style.steps")[0]) if "style.steps" in tensors.keys() else 0  # noqa: SIM118
    except (UserError, OSError, ValueError, IndexError, SafetensorError):
        return 0


def stamp(name: str) -> tuple[int, ...]:
    """Another one as soon as a persona's files are other ones: nanoseconds of their times.

    Raises:
        UserError: they cannot be looked at.
    """
    folder = persona_folder() / store.check_name(name)
    try:
        return tuple((folder / file).stat().st_mtime_ns for file in (".", "persona.json"))
    except OSError as error:
        raise store.damaged(name, error.strerror or "unreadable") from None
