"""Shared by the tests of training: a folder of tiny made-up pairs, 64 pixels wide, that need no renderer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training import shards

SIZE = 64
TARGETS = 3
CENTRES = np.array([[0.5, 0.7], [0.25, 0.3], [0.75, 0.3]], np.float32)
"""Of mouth, left and right eye, about where a face has them."""


def made_up(person: int) -> dict[str, np.ndarray]:
    """Bright noise as truth, the same made darker as warped; mouth and eyes all over the crop,
    which the portrait's are not."""
    rng = np.random.default_rng(person)
    truth = rng.integers(100, 256, (TARGETS, SIZE, SIZE, 3), dtype=np.uint8)
    grid = SIZE // 2
    rasters = np.full((TARGETS, 5, grid, grid), 255, np.uint8)
    return {
        "source": truth[:1],
        "source_rasters": np.zeros_like(rasters[:1]),
        "source_centres": CENTRES[None],
        "warped": truth // 2,
        "truth": truth,
        "rasters": rasters,
        "truth_rasters": rasters,
        "teeth": np.zeros((TARGETS, SIZE, SIZE), np.uint8),
        "centres": np.repeat(CENTRES[None], TARGETS, 0),
        "landmarks": rng.random((TARGETS, 478, 2)).astype(np.float32),
        "material": rng.integers(0, 18, (TARGETS, grid, grid), dtype=np.uint8),
        "expression": rng.random((TARGETS, 4)).astype(np.float32),
        "identity": rng.random((1, 3)).astype(np.float32),
        "person": np.array([person], np.int64),
    }


def write_people(folder: Path, people: range) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for person in people:
        shards.save_person(folder, person, made_up(person))
    return folder
