"""What a control is: an action that is done, or a value that is set. Declarations only; nothing runs here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from livecam.errors import UserError
from livecam.ranges import Range, check_flag, short_text

LONGEST_TEXT: Final = 500
"""Characters of a text, an address say."""
COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of what a value may be. why: it cannot be chosen here, for this reason; empty: it can."""

    value: str
    label: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done once. key: of the page. takes: what it may be told; empty: nothing."""

    name: str
    label: str
    help: str
    group: str = ""
    key: str = ""
    takes: str = ""

    kind = "action"


@dataclass(frozen=True, slots=True)
class Value:
    """Something that is set.

    kind: "flag" (True or False), "number" (within `limits`), "choice" (of `choices`, which may be offered
    later), "colour" (#rrggbb) or "text". unit: of a number, for people. step: of a number's slider. key: of
    the page, for flags. transient: never kept for the next start.
    """

    name: str
    label: str
    help: str
    kind: str
    default: Any
    group: str = ""
    limits: Range | None = None
    step: float = 0.05
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    key: str = ""
    transient: bool = False


Control = Action | Value


def checked(value: Value, given: Any, choices: tuple[Choice, ...]) -> Any:
    """What was given, as the value's kind has it. choices: those that are offered now.

    Raises:
        UserError: another kind, out of range, unknown, or not possible here.
    """
    what = f"{value.name} {short_text(given)}"
    if value.kind == "flag":
        check_flag(value.name, given)
        return given
    if value.kind == "number":
        assert value.limits is not None
        value.limits.check(what, given)
        return int(given) if value.limits.whole else float(given)
    if not isinstance(given, str):
        raise UserError(what, "not text", "Write it in quotes.")
    if len(given) > LONGEST_TEXT or not given.isprintable():
        raise UserError(what, f"not {LONGEST_TEXT} printable characters at most", "Write it shorter.")
    if value.kind == "colour" and not COLOUR.fullmatch(given):
        raise UserError(what, "not a colour", "Write it like #00b140.")
    if value.kind == "choice":
        found = next((one for one in choices if one.value == given), None)
        if found is None:
            known = ", ".join(one.value for one in choices) or "nothing yet"
            raise UserError(what, "unknown", f"There is: {known}.")
        if found.why:
            raise UserError(what, "not possible here", found.why)
    return given


_FLAGS: Final = {"on": True, "true": True, "yes": True, "1": True} | {
    "off": False,
    "false": False,
    "no": False,
    "0": False,
}


def from_text(value: Value, text: str, now: Any) -> Any:
    """A word of the command line as a value that `checked` takes. now: what it is, for "toggle".

    Raises:
        UserError: no yes or no, or no number.
    """
    if value.kind == "flag":
        word = text.lower()
        if word == "toggle":
            return not now
        if word not in _FLAGS:
            raise UserError(f"{value.name} {short_text(text)}", "not a yes or no", "Write on, off or toggle.")
        return _FLAGS[word]
    if value.kind == "number":
        try:
            number = float(text)
        except ValueError:
            todo = f"Write {value.limits}."
            raise UserError(f"{value.name} {short_text(text)}", "not a number", todo) from None
        return int(number) if number.is_integer() and value.limits and value.limits.whole else number
    return text
