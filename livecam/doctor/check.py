"""One finding of the doctor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and what was found.

    `status`: "fail" only for what stops `livecam demo`; "warn" for what some other use needs. `todo`: the
    next command or step, "" where nothing is to do.
    """

    name: str
    status: Status
    found: str
    todo: str = ""


def exit_code(checks: Sequence[Check]) -> int:
    """0 when `livecam demo` can run, else 1."""
    return int(any(check.status == "fail" for check in checks))


def to_json(checks: Sequence[Check]) -> str:
    """{"ok": bool, "checks": [{name, status, found, todo}]}"""
    content = {"ok": exit_code(checks) == 0, "checks": [asdict(check) for check in checks]}
    return json.dumps(content, indent=2, ensure_ascii=False)
