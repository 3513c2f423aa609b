"""What a number may be: declared once beside the setting or flag, said in help and errors, checked here."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from livecam.errors import UserError

LONGEST_SHOWN = 40
"""Characters of a wrong value that an error repeats."""
LONGEST_PATH = 255
"""The same of a path: cut sooner, its end, which tells most, would be lost."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both allowed. `whole`: integers only."""

    low: float
    high: float
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"

    def check(self, what: str, value: Any) -> None:
        """Raises `UserError` for what is no such number; `what` names it and its value."""
        _check_kind(what, value, self.whole, str(self))
        if not self.low <= value <= self.high:  # so asked, NaN is outside
            raise UserError(what, "out of range", f"Use {self}.")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few whole numbers."""

    values: tuple[int, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))

    def check(self, what: str, value: Any) -> None:
        """Raises `UserError` for anything else; `what` names it and its value."""
        _check_kind(what, value, True, f"one of {self}")
        if value not in self.values:
            raise UserError(what, "not supported", f"Use one of {self}.")


Limits = Range | OneOf


def short_text(value: Any, longest: int = LONGEST_SHOWN) -> str:
    """A value for an error's one line, however long it is. `longest`: characters that are shown."""
    try:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of thousands of digits"
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 3] + "..."


def number_text(value: Any) -> str:
    """`short_text` of what should be a number: a string keeps its quotes, so that it is seen to be one."""
    return short_text(repr(value) if isinstance(value, str) else value)


def check_flag(name: str, value: Any) -> None:
    """Raises `UserError` for anything but True or False."""
    if not isinstance(value, bool):
        raise UserError(f"{name} {short_text(repr(value))}", "not a yes or no", "Use True or False.")


@cache
def declared_limits(owner: type) -> Mapping[str, tuple[Limits, bool]]:
    """The limits of a dataclass's fields, as `Annotated` declares them, and whether None is allowed."""
    found: dict[str, tuple[Limits, bool]] = {}
    for name, hint in get_type_hints(owner, include_extras=True).items():
        kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        for kind in kinds:
            if get_origin(kind) is Annotated:
                for note in get_args(kind):
                    if isinstance(note, (Range, OneOf)):
                        found[name] = note, types.NoneType in kinds
    return found


def check_fields(owner: Any) -> None:
    """Raises `UserError` for the first number of a dataclass that its declaration does not allow."""
    for name, (limits, optional) in declared_limits(owner.__class__).items():
        value = getattr(owner, name)
        if value is None and optional:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            limits.check(f"{name.replace('_', '-')} {number_text(value)}", one)


def _check_kind(what: str, value: Any, whole: bool, allowed: str) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        kind = "a whole number" if whole else "a number"
        raise UserError(what, f"not {kind}", f"Use {allowed}.")
