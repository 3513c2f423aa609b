"""Writing results: JSON that a person can read, numbers that a table can show."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from livecam.errors import UserError


def write_json(values: dict[str, Any], path: Path) -> None:
    """Indented JSON with every list of plain values on one line.

    Raises:
        UserError: the file cannot be written.
        ValueError: a value is not finite; JSON has no word for it.
    """
    text = json.dumps(values, indent=1, allow_nan=False)
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise UserError(str(path), f"cannot be written ({error.strerror})", "Name another file.") from error


def rounded(value: float | None, digits: int = 4) -> float | None:
    """The value for JSON: None where it is unknown or not finite."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def shown(value: float | None, digits: int) -> str:
    """The value for a table: "-" where it is unknown."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
