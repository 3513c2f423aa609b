"""Mouths side by side, to look at: the truth, the static portrait, the warper, refined. PNG files, RGB.

They show the people in the pictures: keep them where those may be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from livecam.benchmarks.fidelity.methods import REFINED, STATIC, WARPER
from livecam.benchmarks.fidelity.pairs import TRUTH, Person
from livecam.benchmarks.fidelity.strips import labelled, save
from livecam.benchmarks.fidelity.yardstick import DISTANCE, Sample
from livecam.benchmarks.output import shown
from livecam.frames import RGB

COLUMNS: Final = (TRUTH, STATIC, WARPER, REFINED)
SCALE: Final = 2
"""Enlargement of the mouths, 160 x 112 pixels."""
ROWS: Final = 9
"""People on one sheet: it then fits a screen."""
WORST: Final = 10


def worst(sample: Sample, count: int = WORST) -> list[tuple[str, float]]:
    """The people whose refined mouths (or the warper's) are farthest from the truth, the farthest first."""
    values = sample.values.get(REFINED, sample.values[WARPER]).get(DISTANCE, {})
    return sorted(values.items(), key=lambda one: -one[1])[:count]


def write(people: Sequence[Person], sample: Sample, folder: Path) -> list[Path]:
    """`mouths-1.png` and so on with all people in order, those whose mouths are judged first, and
    `mouths-worst.png`."""
    ordered = sorted(people, key=lambda one: not one.shows)
    sheets = {f"mouths-{k // ROWS + 1}.png": ordered[k : k + ROWS] for k in range(0, len(ordered), ROWS)}
    by_name = {one.name: one for one in people}
    if ranked := worst(sample):
        sheets["mouths-worst.png"] = [by_name[name] for name, _ in ranked]
    return [
        save(np.vstack([_row(one, sample) for one in several]), folder / name)
        for name, several in sheets.items()
    ]


def _row(person: Person, sample: Sample) -> RGB:
    tiles = []
    for name in COLUMNS:
        if name not in person.mouths:
            continue
        size = tuple(SCALE * side for side in person.mouths[name].shape[1::-1])
        tile = np.asarray(cv2.resize(person.mouths[name], size, interpolation=cv2.INTER_CUBIC), np.uint8)
        tiles.append(labelled(tile, _caption(person, name, sample)))
    return np.hstack(tiles)


def _caption(person: Person, name: str, sample: Sample) -> str:
    if name == TRUTH:
        return f"{person.name} {name}" + ("" if person.shows else ", not judged")
    distance = sample.values[name].get(DISTANCE, {}).get(person.name)
    loudness = person.values[name]["mouth_psnr"]
    return f"{name}: distance {shown(distance, 3)}, {shown(loudness, 1)} dB" if person.shows else name
