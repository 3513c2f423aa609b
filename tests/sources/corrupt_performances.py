"""Recorded performances that are corrupt, by number, and what becomes of them, in the words of
`persona/corrupt.py`: `python corrupt_performances.py FOLDER FIRST LAST`, where FOLDER/whole holds a whole
persona."""

from __future__ import annotations

import json
import logging
import random
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

BAD = (float("nan"), float("inf"), float("-inf"), 1e30, -1e30, 3e38, 1e9, -1.0, 0.0, 1e-30)
KINDS = ("flip", "cut", "step", "origin", "times", "sizes", "present", "points", "said", "shape", "rows")
FRAMES = 8
SOME_TIMES = (0, -1, 1, 10**6, 10**17, 2**62, 2**63 - 1, -(2**63))
SOME_SIZES = (0, -1, 1, 2, 32_768, 32_769, 2**31 - 1, -(2**31))
SOME_WORDS = ("", "nan", "inf", "-1", "1e-320", "1e30", "999", "x", "1" * 5000, "\u0000", "2")


def corrupt(path: Path, face: Any, number: int) -> str:
    """Writes a performance to `path`; what is wrong with it."""
    from livecam.sources import performance_rows
    from livecam.sources.recording import PerformanceWriter

    random_ = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    with PerformanceWriter(path) as writer:
        for k in range(FRAMES):
            there = None if k == 5 else face * np.float32(1 + 0.01 * k)
            writer.add(10**15 + k * 300_000_000, there, 512, 512)
    if kind in ("flip", "cut"):
        return _bytes(random_, path, kind)
    import safetensors
    import safetensors.numpy

    with safetensors.safe_open(path, "numpy") as file:
        said = dict(file.metadata())
        tensors = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    if kind == "rows":
        inner = random_.choice(("step", "origin", "times", "sizes", "present", "points"))
        done = _numbers(random_, tensors, inner)
        rows = [{name: array[k] for name, array in tensors.items()} for k in range(FRAMES)]
        path.write_bytes(performance_rows.first_line(False) + b"".join(map(performance_rows.row, rows)))
        return f"rows {done}"
    if kind == "said":
        name, value = random_.choice(("fps", "mirror", "version", "format")), random_.choice(SOME_WORDS)
        said[name] = value
        done = f"said {name} = {value[:20]!r}"
        if random_.random() < 0.2:
            said, done = {name: value, **{str(k): "x" for k in range(5000)}}, "said much"
    elif kind == "shape":
        done = _shape(random_, tensors)
    else:
        done = _numbers(random_, tensors, kind)
    path.write_bytes(safetensors.numpy.save(tensors, said))
    return done


def _bytes(random_: random.Random, path: Path, kind: str) -> str:
    data = bytearray(path.read_bytes())
    place = random_.randrange(700 if random_.random() < 0.5 else len(data))
    if kind == "cut":
        path.write_bytes(data[:place])
        return f"cut to {place}"
    if random_.random() < 0.2:
        header = b'{"__metadata__":' + b'{"a":' * 100_000
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        return "flip: nested deeply"
    for _ in range(random_.choice((1, 1, 20))):
        data[place] ^= 1 << random_.randrange(8)
        place = random_.randrange(len(data))
    path.write_bytes(data)
    return f"flip at {place}"


def _numbers(random_: random.Random, tensors: dict[str, Any], kind: str) -> str:
    array = tensors[kind]
    places = slice(None) if random_.random() < 0.4 else random_.randrange(FRAMES)
    if kind == "points":
        value: Any = random_.choice((0, -32_768, 32_767, 1, "noise", "flat"))
        if value == "noise":
            array[places] = np.random.default_rng(random_.randrange(1000)).integers(
                -32768, 32768, array[places].shape
            )
        elif value == "flat":
            array[places][..., random_.randrange(3)] = 0
        else:
            array[places] = value
    else:
        options = {"times": SOME_TIMES, "sizes": SOME_SIZES, "present": (0, 1, 2, 255)}
        value = random_.choice(options.get(kind, BAD))
        array[places] = value
    return f"{kind} {places} = {value}"


def _shape(random_: random.Random, tensors: dict[str, Any]) -> str:
    name = random_.choice(sorted(tensors))
    how = random_.choice(("gone", "empty", "shorter", "double", "flat", "no frame"))
    array = tensors.pop(name)
    if how == "no frame":
        tensors[name] = array
        for each in tensors:
            tensors[each] = tensors[each][:0].copy()
    elif how != "gone":
        changed = {"empty": array[:0], "shorter": array[:3], "double": array.astype(np.float64)}
        tensors[name] = np.ascontiguousarray(changed.get(how, array.reshape(-1)))
    return f"{how} {name}"


def moved(persona: Any, path: Path) -> Any:
    """The persona's pictures, one for each of the performance's frames."""
    import livecam
    from livecam.sources import open_source

    shown = []
    with (
        open_source(str(path)) as source,
        livecam.Animator(persona, engine="cpu", refine=False, canvas="320x180") as animator,
    ):
        assert 0 < source.info.fps < 1e4
        for _ in range(2 * FRAMES):
            if (frame := source.read()) is None:
                break
            points = animator.observe(frame)
            animator.calibrate(points, frame.capture_ns / 1e9)
            shown.append(animator.paint(animator.animate(points, frame.capture_ns / 1e9)))
    return np.stack(shown)


def main(folder: Path, first: int, last: int) -> None:
    from livecam.errors import UserError
    from livecam.persona import store

    logging.disable(logging.CRITICAL)
    np.seterr(all="ignore")
    face = np.load(Path(__file__).parents[1] / "data" / "face.npy")
    persona = store.load("drawn", 256, folder / "whole")
    for number in range(first, last):
        path = folder / f"{number}.livecam"
        print(f"{number} {json.dumps(corrupt(path, face, number))}", flush=True)
        try:
            moved(persona, path)
            word = "drawn"
        except UserError as error:
            word = f"refused {error}"
        except Exception as error:
            word = f"unclear {type(error).__name__}: {error}"
        print(f"{number} {' '.join(word.split())[:300]}", flush=True)
        path.unlink()
    print("done", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
