"""AMF0, in which RTMP's commands are written ("Action Message Format -- AMF 0", Adobe, 2007)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

Value = float | str | bool | None | Mapping[str, "Value"]
_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED, _ARRAY, _END = 0, 1, 2, 3, 5, 6, 8, 9
_DEEPEST = 8
"""Objects in objects; no server's answer has more than two."""


def pack(*values: Value) -> bytes:
    """Strings, numbers, truth values, None and dictionaries of them, one after the other."""
    return b"".join(map(_pack, values))


def _pack(value: Value) -> bytes:
    if value is None:
        return bytes([_NULL])
    if isinstance(value, bool):
        return bytes([_BOOLEAN, value])
    if isinstance(value, str):
        return bytes([_STRING]) + _text(value)
    if isinstance(value, Mapping):
        inside = b"".join(_text(name) + _pack(item) for name, item in value.items())
        return bytes([_OBJECT]) + inside + b"\0\0" + bytes([_END])
    return struct.pack(">Bd", _NUMBER, value)


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def unpack(data: bytes) -> list[Value]:
    """What `pack` takes. Raises `ValueError` for anything that is not AMF0 of these kinds."""
    values: list[Value] = []
    place = 0
    try:
        while place < len(data):
            value, place = _unpack(data, place, 0)
            values.append(value)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"no AMF0 ({error})") from None
    return values


def _unpack(data: bytes, place: int, depth: int) -> tuple[Value, int]:
    kind, place = data[place], place + 1
    if kind == _NUMBER:
        return struct.unpack_from(">d", data, place)[0], place + 8
    if kind == _BOOLEAN:
        return bool(data[place]), place + 1
    if kind == _STRING:
        return _name(data, place)
    if kind in (_NULL, _UNDEFINED):
        return None, place
    if kind not in (_OBJECT, _ARRAY) or depth == _DEEPEST:
        raise ValueError(f"AMF0 of kind {kind}")
    place += 4 if kind == _ARRAY else 0  # how many there will be, which the end says, too
    items: dict[str, Value] = {}
    while True:
        name, place = _name(data, place)
        if not name and data[place] == _END:
            return items, place + 1
        items[name], place = _unpack(data, place, depth + 1)


def _name(data: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">H", data, place)
    begin = place + 2
    if begin + length > len(data):
        raise ValueError("AMF0 that ends in the middle")
    return data[begin : begin + length].decode(), begin + length
