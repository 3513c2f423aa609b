"""Asks a running livecam over its own interface; nothing but this computer is reached."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final

from livecam.control.door import Door
from livecam.errors import UserError

SECONDS: Final = 10.0
"""How long an answer may take."""
LONGEST_ANSWER: Final = 1 << 20
"""Bytes."""
# No proxy: what goes to this computer stays on it.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(door: Door, path: str, told: dict[str, Any] | None = None) -> Any:
    """What livecam answers at `path` below its address; told: sent as JSON.

    Raises:
        UserError: it does not answer, or it says that this cannot be.
    """
    data = None if told is None else json.dumps(told).encode()
    request = urllib.request.Request(door.address + path, data, {"content-type": "application/json"})
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read(LONGEST_ANSWER) or b"null")
    except urllib.error.HTTPError as error:
        raise _refusal(error) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        todo = "Look whether it still runs, or start it again."
        raise UserError("control", f"livecam does not answer ({reason})", todo) from None


def _refusal(error: urllib.error.HTTPError) -> UserError:
    try:
        said = json.loads(error.read(LONGEST_ANSWER))
        return UserError(said["what"], said["why"], said["todo"])
    except (OSError, ValueError, KeyError, TypeError):
        return UserError(
            "control", f"livecam refused ({error.code})", "Update both: they may be of two versions."
        )
