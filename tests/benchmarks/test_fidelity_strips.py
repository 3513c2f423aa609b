"""Sheets of the worst frames: which ones, in which order, and what stands on them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from livecam.benchmarks.fidelity import strips
from livecam.benchmarks.fidelity.cross_reenactment import Driver, Likeness
from livecam.benchmarks.fidelity.features import LIDS
from livecam.benchmarks.fidelity.strips import CROSS_WORST, TILE

FRAMES = 12


def moved(portrait: str, level: int, wrong: dict[int, float], face: np.ndarray) -> Likeness:
    """A grey picture a frame; lids wrong by so much in some frames, a second apart; None in `points`."""
    frames = [30 * k for k in range(FRAMES)]
    driver = np.full((FRAMES, 5), 0.5)
    output = driver.copy()
    for k, error in wrong.items():
        output[k, LIDS] += error
    outputs = {frame: np.full((512, 512, 3), level, np.uint8) for frame in frames}
    return Likeness(
        portrait, "clip", frames, driver, output, np.full((2, 5), 0.5), 0, outputs, {0: face}, frozenset()
    )


@pytest.fixture
def driver(face):
    frames = [30 * k for k in range(FRAMES)]
    pictures = {frame: np.full((512, 512, 3), 40, np.uint8) for frame in frames}
    return Driver("clip", 30.0, [], dict.fromkeys(frames, face), pictures)


def test_the_worst_of_all_pairs_are_on_one_sheet(driver, face, tmp_path):
    kept = []
    for portrait, wrong in (("one", {3: 0.2, 5: 0.4}), ("two", {7: 0.3, 2: np.nan})):
        found = {
            "warper": moved(portrait, 100, {}, face),
            "refined": moved(portrait, 200, wrong, face),
            "paper": moved(portrait, 250, {}, face),
        }
        kept = strips.cross_worst(found, driver, kept)
    # By what the refined picture does; nobody's face before all.
    named = [(row["portrait"], row["frame"]) for row, _ in kept]
    assert named[:4] == [("two", 60), ("one", 150), ("two", 210), ("one", 90)]
    assert len(kept) == CROSS_WORST
    path = strips.save_cross_worst(kept, tmp_path)
    assert path.name == "cross-worst.png"
    sheet = cv2.imread(str(path))
    # Driver, warper, refined, no paper; eyes and mouth of each.
    assert sheet.shape == (CROSS_WORST * TILE, 6 * TILE, 3)
    middles = sheet[TILE // 2 :: TILE, TILE // 2 : 3 * TILE : TILE, 0]
    assert (middles == [40, 100, 200]).all()
    # Portrait, clip and frame at the foot of the driver's picture: white on black, and nowhere else.
    foot = sheet[TILE - 40 : TILE, :]
    assert foot[:, :TILE].max() > 240
    assert foot[:, TILE : 3 * TILE].max() == 200


def test_without_a_refiner_the_warper_is_what_is_rated(driver, face):
    found = {"warper": moved("one", 100, {4: 0.4}, face)}
    row, picture = strips.cross_worst(found, driver)[0]
    assert (row["portrait"], row["driver"], row["frame"]) == ("one", "clip", 120)
    assert picture.shape == (TILE, 4 * TILE, 3)
