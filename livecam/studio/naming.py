"""Names for portraits out of whatever a user or a file is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

LONGEST: Final = 56
"""Letters: `livecam.persona.store` allows 64, and a number may follow."""
NAMELESS: Final = "portrait"
SPELT: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)
"""Letters that Unicode does not take apart."""
RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Windows has devices of these names in every folder."""
ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def clean(text: str) -> str:
    """The nearest name that can be used: letters without their marks, anything else a dash. "" where nothing
    is left."""
    plain = unicodedata.normalize("NFKD", text.translate(SPELT)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)
    name = re.sub(r"([._-])[._-]+", r"\1", name)[:LONGEST].strip("._-")
    return f"{name}-1" if RESERVED.fullmatch(name) else name


def shown(text: str, longest: int = 60) -> str:
    """What a file is called, for messages: no path, nothing that is not seen or turns the line around."""
    last = re.split(r"[/\\]", text)[-1]
    seen = "".join(letter if unicodedata.category(letter)[0] not in "CZ" else " " for letter in last)
    seen = " ".join(seen.split())
    return (seen if len(seen) <= longest else f"{seen[: longest - 12]}...{seen[-9:]}") or "picture"


def of_file(text: str) -> str:
    """A name after a picture's file."""
    return clean(ENDING.sub("", shown(text, 200))) or NAMELESS


def key(name: str) -> str:
    """Two names with the same key are one folder on some systems."""
    return name.casefold()


def unique(name: str, taken: Collection[str]) -> str:
    """`name`, or with the first free number behind. taken: keys."""
    found, number = name, 1
    while key(found) in taken:
        number += 1
        found = f"{name}-{number}"
    return found
