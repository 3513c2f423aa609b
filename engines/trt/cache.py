"""Engine files on disk: named by all that they depend on, and guarded by a hash.

An engine file is code that runs on the GPU and, through its plugins, on the host. It is built here and never
fetched; its folder and files belong to the user alone, and a file of somebody else is not read. The hash
finds damage, not malice: who can write the folder can write the hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

MAGIC: Final = b"livecam-engine-1\n"
"""To be changed when the way engines are built changes."""
_LONGEST_HEAD: Final = 4096


class Unusable(Exception):
    """A file that cannot be used, and why. The answer is to build anew."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What an engine depends on besides its graph."""

    tensorrt: str
    cuda: int
    driver: str
    gpu: str
    flags: tuple[str, ...] = ()

    def key(self, graph: bytes = b"") -> str:
        """64 hexadecimal digits."""
        parts = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(MAGIC + parts + b"\n" + hashlib.sha256(graph).digest()).hexdigest()


def engine_path(folder: Path, name: str, key: str) -> Path:
    """generator-512-fp16-0123456789abcdef.engine"""
    return folder / f"{name}-{key[:16]}.engine"


def timing_path(folder: Path, key: str) -> Path:
    """What was measured about single operators on this machine; makes the next build faster."""
    return folder / f"timing-{key[:16]}.cache"


def write(path: Path, key: str, content: bytes) -> None:
    """All or nothing: a build that is broken off leaves no half a file.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    head = json.dumps({"key": key, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # readable by the user only
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + head.encode() + b"\n" + content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path, key: str) -> bytes:
    """What `write` wrote under the same key.

    Raises:
        Unusable: there is no such file, it is another user's, damaged, cut short, or not of this key.
    """
    try:
        with path.open("rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid not in (os.getuid(), 0):
                raise Unusable("it belongs to another user")
            content = file.read()
    except FileNotFoundError:
        raise Unusable("there is none yet") from None
    except OSError as error:
        raise Unusable(f"it cannot be read ({error.strerror})") from error
    head, mark, _ = content[len(MAGIC) : len(MAGIC) + _LONGEST_HEAD].partition(b"\n")
    if not content.startswith(MAGIC) or not mark:
        raise Unusable("it is not an engine file of this version of livecam")
    try:
        told = json.loads(head)
        size, checksum, of = told["size"], told["sha256"], told["key"]
    except (ValueError, KeyError, TypeError):
        raise Unusable("its first line is damaged") from None
    if of != key:
        raise Unusable("it was built from another graph, or for another machine or version")
    body = content[len(MAGIC) + len(head) + 1 :]
    if len(body) != size:
        raise Unusable(f"it has {len(body)} bytes of {size}")
    if hashlib.sha256(body).hexdigest() != checksum:
        raise Unusable("its content is damaged")
    return body


def tidy(folder: Path, name: str, keep: Sequence[Path]) -> None:
    """Removes engines of the same graph's name that no longer fit: an update leaves no gigabytes behind."""
    digits = 16
    for path in folder.glob(f"{name}-{'[0-9a-f]' * digits}.engine"):
        if path not in keep:
            path.unlink(missing_ok=True)
