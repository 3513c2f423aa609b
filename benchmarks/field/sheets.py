"""Pictures to look at: for every clip what the driver did and what each portrait made of it.

PNG files, RGB. They show the people in the clips: keep them where the clips may be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from livecam.benchmarks.fidelity.strips import labelled, save
from livecam.benchmarks.field.drivers import Driver
from livecam.benchmarks.field.pair import Pair
from livecam.frames import RGB

TILE: Final = 224
GREY: Final = 128
"""Above and below pictures that are wider than high."""


def clip_sheet(driver: Driver, pairs: Sequence[Pair], folder: Path) -> Path:
    """The driver above, a row a portrait below; a column a frame, and last the worst frame of each."""
    blank = np.full((TILE, TILE, 3), GREY, np.uint8)
    shown = sorted(driver.pictures)
    rows = [[*(labelled(_fitted(driver.pictures[k]), f"{driver.name} {k}") for k in shown), blank]]
    for pair in pairs:
        tiles = [labelled(_middle(pair.pictures[k]), f"{pair.portrait} {k}") for k in shown]
        rows.append([*tiles, labelled(_middle(pair.worst[1]), f"worst {pair.worst[0]}")])
    return save(np.vstack([np.hstack(tiles) for tiles in rows]), folder / f"field-{driver.name}.png")


def _middle(picture: RGB) -> RGB:
    """A square of all of the picture's height about its middle: in a call's picture the person is there."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left = (width - side) // 2
    return _fitted(picture[:, left : left + side])


def _fitted(picture: RGB) -> RGB:
    """The whole picture, as large as fits."""
    scale = TILE / max(picture.shape[:2])
    width, height = (max(1, round(side * scale)) for side in picture.shape[1::-1])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    out = np.full((TILE, TILE, 3), GREY, np.uint8)
    top, left = (TILE - height) // 2, (TILE - width) // 2
    out[top : top + height, left : left + width] = small
    return out
