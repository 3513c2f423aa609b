"""Personas whose files are corrupt, by number, and what becomes of them.

`python corrupt.py FOLDER FIRST LAST`, where FOLDER/whole holds a whole one.

Each is opened and moved. A line is printed before it, with its number and kind, and one after it: "refused"
with the error's line, "same" or "other" for a picture as that of the whole persona or another one, "unclear"
for any exception but the one for users. A process that goes down, or hangs, has printed the first line only.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

NAME, SIZE = "drawn", 256
BAD = (float("nan"), float("inf"), float("-inf"), 1e30, -1e30, 3e38, 1e9, -1e9, -1.0, 0.0, 7.5, 1e-30)
BAD_JSON = (*BAD, 10**400, -5, 2**62, "x", "", None, True, [], {}, [1, 2], "\ud800")
KINDS = ("flip", "number", "numbers", "whole", "cut", "shape", "crop", "said", "text", "deep")


def corrupt(folder: Path, number: int) -> str:
    """Changes the files of one size in `folder`; what was done. Where `number` is even, whoever did it
    made the checksums anew."""
    random_ = random.Random(number)
    sealed = number % 2 == 0
    kind = KINDS[number // 2 % len(KINDS)]
    path = next(folder.glob("tensors-*.safetensors"))
    said = folder / "persona.json"
    done = _CHANGES[kind](random_, path if kind in _OF_TENSORS else said)
    if sealed:
        seal(folder)
    return f"{kind}{' sealed' if sealed else ''} {done}"


def seal(folder: Path) -> None:
    """Makes the checksums anew, where the files can be read and have some."""
    from livecam.persona import manifest

    try:
        said = manifest.read(folder)
    except (OSError, ValueError):
        return
    named = said.get("tensors")
    for entry in named.values() if isinstance(named, dict) else ():
        path = (
            folder / entry["file"] if isinstance(entry, dict) and isinstance(entry.get("file"), str) else None
        )
        if path is not None and "/" not in path.name and "\ud800" not in path.name and path.is_file():
            entry["sha256"] = manifest.file_checksum(path)
    try:
        said["checksum"] = manifest.checksum(said)
        (folder / "persona.json").write_text(json.dumps(said))
    except ValueError:
        return


def _flip(random_: random.Random, path: Path) -> str:
    data = bytearray(path.read_bytes())
    # Half of them in the header, which is a hundredth of the file.
    place = random_.randrange(min(1500, len(data)) if random_.random() < 0.5 else len(data))
    data[place] ^= 1 << random_.randrange(8)
    path.write_bytes(data)
    return f"at {place} of {len(data)}"


def _cut(random_: random.Random, path: Path) -> str:
    data = path.read_bytes()
    length = random_.choice((0, 1, 8, 9, 500, len(data) // 2, len(data) - 1))
    path.write_bytes(data[:length])
    return f"to {length}"


def tensors_of(path: Path) -> dict[str, Any]:
    import safetensors.numpy

    return {name: array.copy() for name, array in safetensors.numpy.load_file(path).items()}


def keep(path: Path, tensors: dict[str, Any]) -> None:
    import safetensors.numpy

    path.write_bytes(safetensors.numpy.save(tensors))


def _number(random_: random.Random, path: Path, count: int = 1) -> str:
    tensors = tensors_of(path)
    floats = sorted(name for name, array in tensors.items() if array.dtype == np.float32)
    name = random_.choice([*floats, *["landmarks"] * 4, *["triangles"] * 2])
    array = tensors[name].reshape(-1)
    value = random_.choice(BAD)
    if array.dtype.kind == "i":
        value = random_.choice((-1, 2**31 - 1, -(2**31), 0, 468, 5000))
    for _ in range(count):
        array[random_.randrange(array.size)] = value
    keep(path, tensors)
    return f"{count} of {name} = {value}"


def _whole(random_: random.Random, path: Path) -> str:
    """All of one tensor, a column or two of it, or only scaled."""
    tensors = tensors_of(path)
    floats = sorted(name for name, array in tensors.items() if array.dtype == np.float32)
    name = random_.choice([*floats, *["landmarks"] * 4])
    array, value = tensors[name], random_.choice(BAD)
    how = random_.choice(("all", "column", "times"))
    if how == "all":
        array[...] = value
    elif how == "column":
        array[..., 0] = value
    else:
        with np.errstate(all="ignore"):
            array *= np.float32(value)
    keep(path, tensors)
    return f"{how} {name} {value}"


def _shape(random_: random.Random, path: Path) -> str:
    tensors = tensors_of(path)
    name = random_.choice(sorted(tensors))
    how = random_.choice(("gone", "empty", "flat", "double", "shorter", "wider"))
    array = tensors.pop(name)
    if how == "empty":
        tensors[name] = array[:0].copy()
    elif how == "flat":
        tensors[name] = array.reshape(-1).copy()
    elif how == "double":
        tensors[name] = array.astype(np.float64)
    elif how == "shorter":
        tensors[name] = array[: max(len(array) // 2, 1)].copy()
    elif how == "wider":
        tensors[name] = np.repeat(array, 2, 0)
    keep(path, tensors)
    return f"{how} {name}"


def _crop(random_: random.Random, path: Path) -> str:
    said = json.loads(path.read_text("utf-8"))
    place, value = random_.randrange(3), random_.choice(BAD_JSON)
    said["crop"][place] = value
    path.write_text(json.dumps(said))
    return f"[{place}] = {str(value)[:20]!r}"


def _said(random_: random.Random, path: Path) -> str:
    said = json.loads(path.read_text("utf-8"))
    name = random_.choice(sorted({*said, "covered", "style", "source", "tensors"}))
    value = random_.choice(BAD_JSON)
    if name == "tensors" and random_.random() < 0.8 and isinstance(said.get(name), dict):
        one = said[name].get(str(SIZE)) or {}
        if isinstance(one, dict):
            one[random_.choice(("file", "sha256"))] = random_.choice(
                (*BAD_JSON, "../x", "a/b", "persona.json")
            )
            value = str(one)
    else:
        said[name] = value
    path.write_text(json.dumps(said))
    return f"{name} = {str(value)[:40]!r}"


def _deep(random_: random.Random, path: Path) -> str:
    depth = random_.choice((500, 5000, 200_000))
    said = json.loads(path.read_text("utf-8"))
    said["x"] = 0
    text = json.dumps(said).replace('"x": 0', '"x": ' + "[" * depth + "]" * depth)
    path.write_text(text if random_.random() < 0.5 else "[" * depth)
    return str(depth)


_OF_TENSORS = ("flip", "number", "numbers", "whole", "cut", "shape")
_CHANGES = {
    "flip": _flip,
    "number": _number,
    "numbers": lambda random_, path: _number(random_, path, 50),
    "whole": _whole,
    "cut": _cut,
    "shape": _shape,
    "crop": _crop,
    "said": _said,
    "text": _flip,
    "deep": _deep,
}


def moved(root: Path) -> Any:
    """The persona's pictures, on end: framed for a call, while a driver turns and speaks. None where it was
    never made for that size."""
    import livecam
    from livecam.persona import store

    face = np.load(Path(__file__).parents[1] / "data" / "face.npy")
    persona = store.load(NAME, SIZE, root)
    if persona is None:
        return None
    shown = []
    with livecam.Animator(persona, engine="cpu", refine=False, canvas="320x180") as animator:
        for k in range(4):
            driver = face * np.float32(1 + 0.02 * k) + np.float32(3 * k)
            driver[13:18, 1] += 4 * k
            shown.append(animator(time_s=0.8 * k, landmarks=driver))
    return np.stack(shown)


def main(folder: Path, first: int, last: int) -> None:
    from livecam.errors import UserError

    logging.disable(logging.CRITICAL)
    np.seterr(all="ignore")
    whole = folder / "whole"
    wanted = moved(whole)
    for number in range(first, last):
        root = folder / str(number)
        shutil.copytree(whole, root)
        print(f"{number} {corrupt(root / NAME, number)}", flush=True)
        try:
            got = moved(root)
            same = got is not None and np.array_equal(got, wanted)
            word = "none" if got is None else "same" if same else "other"
        except UserError as error:
            word = f"refused {error}"
        except Exception as error:
            word = f"unclear {type(error).__name__}: {error}"
        print(f"{number} {' '.join(word.split())[:300]}", flush=True)
        shutil.rmtree(root, ignore_errors=True)
    print("done", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
