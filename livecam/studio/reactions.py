"""Which reactions there are: those that come with livecam, and the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from livecam import assets
from livecam.errors import UserError
from livecam.folders import reactions_folder
from livecam.motion.reaction import Reaction
from livecam.ranges import short_text
from livecam.sources.recording import SUFFIX
from livecam.studio import naming

BUNDLED: Final = {"nod": "y", "shake": "x", "wink": "w", "laugh": "l", "surprise": "s"}
"""Names in the order of the page, and the key of each: yes, crossed out, and their first letters."""
MOST: Final = 100
"""Own ones that are listed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reaction that can be played. key: of the page, "" for none."""

    name: str
    path: Path
    key: str = ""

    def described(self) -> dict[str, Any]:
        label = self.name.replace("-", " ").replace("_", " ")
        return {"name": self.name, "label": label[:1].upper() + label[1:], "key": self.key}


def found() -> list[Found]:
    """All of them: first the bundled ones, then the user's by name."""
    bundled = [
        Found(name, assets.bundled_file(f"reactions/{name}{SUFFIX}"), key) for name, key in BUNDLED.items()
    ]
    try:
        paths = sorted(reactions_folder().glob(f"*{SUFFIX}"))
    except OSError:
        paths = []
    own = [Found(path.stem, path) for path in paths if path.is_file() and is_own(path.stem)]
    return [*bundled, *own[:MOST]]


def is_own(name: str) -> bool:
    """Whether an own reaction may have that name."""
    # A dot: what is still being written has one.
    return bool(name) and "." not in name and naming.clean(name) == name and naming.key(name) not in BUNDLED


def opened(name: str | None) -> Reaction:
    """The reaction of that name. Raises `UserError` where there is none, or its file is broken."""
    there = found()
    known = f"There is: {', '.join(one.name for one in there)}."
    if name is None:
        raise UserError("react", "no reaction is named", known)
    for one in there:
        if one.name == name:
            return Reaction.load(one.path)
    raise UserError(f"react {short_text(name)}", "there is none of that name", known)


def own_path(name: str, replace: bool = False) -> Path:
    """Where an own reaction is kept. Raises `UserError` for a name that cannot be had."""
    what = f"reaction {short_text(name)}"
    if naming.key(name) in BUNDLED:
        raise UserError(what, "one of that name comes with livecam", "Choose another name.")
    if not is_own(name):
        suggested = naming.clean(name).replace(".", "-")
        todo = f"Call it {suggested}." if is_own(suggested) else "Use letters, digits and dashes."
        raise UserError(what, "no name for a file", todo)
    path = reactions_folder() / f"{name}{SUFFIX}"
    if path.exists() and not replace:
        todo = f"Choose another name, add --replace, or delete {path}."
        raise UserError(what, "there is one of that name", todo)
    return path
