"""How far an engine's pictures are from another's on the same inputs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from livecam.engines.base import Array, Engine
from livecam.engines.psnr import psnr_db
from livecam.export.samples import Sample

MAX_ERROR = 1e-3
"""For FP32, of a picture in 0..1: a quarter of one of 255 steps, so that rounding hides it almost always."""

LEAST_PSNR_HALF = 45.0
"""For FP16: errors of about one of 255 steps."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Differences of pictures in 0..1; PSNR in dB, infinite where there is none. Of several frames the
    largest error, the mean of the mean errors and the least PSNR."""

    inputs: str
    max_error: float
    mean_error: float
    psnr_db: float
    frames: int = 1


def compare(reference: Engine, engine: Engine, samples: Iterable[Sample]) -> list[Parity]:
    """Runs both on every sample and compares the first output.

    Raises:
        EngineError: one of them cannot run.
    """
    name = reference.outputs[0].name
    results = []
    for sample in samples:
        feeds = sample.feeds()
        results.append(difference(sample.name, reference.run(feeds)[name], engine.run(feeds)[name]))
    return results


def worst(inputs: str, rows: Sequence[Parity]) -> Parity:
    """Several frames, at least one, as one row: `Parity` says how."""
    return Parity(
        inputs,
        max(row.max_error for row in rows),
        statistics.fmean(row.mean_error for row in rows),
        min(row.psnr_db for row in rows),
        sum(row.frames for row in rows),
    )


def difference(inputs: str, expected: Array, given: Array) -> Parity:
    """Of two pictures of one shape, float, 0..1. A value that is no number counts as an infinite error."""
    error = np.abs(given.astype(np.float64) - expected.astype(np.float64))
    error[~np.isfinite(error)] = math.inf
    return Parity(inputs, float(error.max()), float(error.mean()), psnr_db(float(np.mean(error**2))))
