"""Values that are kept for the next start, if that is asked for: one small file in the user's data folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from livecam.control.declared import Control, Value
from livecam.control.registry import Registry
from livecam.errors import UserError
from livecam.files import make_folder, unwritable, write_whole
from livecam.folders import DATA_VARIABLE, data_folder

log = logging.getLogger(__name__)

LARGEST: Final = 1 << 16
"""Bytes of such a file; all values of the catalogue take two thousand."""


def file() -> Path:
    """Where the values are kept; it need not be there."""
    return data_folder() / "controls.json"


def load(controls: Sequence[Control]) -> dict[str, Any]:
    """What was kept, of controls that there still are; none of it is checked. Empty without a file, or, with
    a warning, where it cannot be read."""
    path = file()
    known = {one.name for one in controls if isinstance(one, Value) and not one.transient}
    try:
        if not path.is_file():
            return {}
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        said = json.loads(path.read_text("utf-8"))
        if not isinstance(said, dict):
            raise ValueError("no table")
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s: it cannot be read (%s); the defaults are taken", path, error)
        return {}
    return {name: value for name, value in said.items() if name in known}


def save(values: Mapping[str, Any]) -> None:
    """Keep these. Raises `UserError` where the folder cannot be written."""
    path = file()
    make_folder(path.parent, DATA_VARIABLE)
    try:
        write_whole(path, (json.dumps(dict(values), indent=1, sort_keys=True) + "\n").encode())
    except OSError as error:
        raise unwritable(path, error, DATA_VARIABLE) from None


def follow(registry: Registry) -> None:
    """Keep every change from now on while "remember" is on; forget all as soon as it is turned off."""
    kept = [one.name for one in registry.controls if isinstance(one, Value) and not one.transient]

    def changed(name: str, value: Any) -> None:
        try:
            if name == "remember" and not value:
                file().unlink(missing_ok=True)
            elif name in kept and registry.value("remember"):
                values = registry.values()
                save({one: values[one] for one in kept})
        except (OSError, UserError) as error:
            log.warning("%s", error)

    registry.listen(changed)
