"""Samples for graphs with a refiner: what it is told of a portrait, made up from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.engines.base import TensorSpec
from livecam.export.samples import Sample


@dataclass(frozen=True, slots=True)
class RefinedSample(Sample):
    """A sample with values for the refiner's inputs."""

    refiner: dict[str, NDArray[Any]] = field(default_factory=dict)

    def feeds(self) -> dict[str, NDArray[Any]]:
        return {**self.persona.feeds(), **self.frame.feeds(), **self.refiner}


def with_refiner(sample: Sample, inputs: Sequence[TensorSpec]) -> Sample:
    """`inputs`: the refiner's own, none for a warper."""
    if not inputs:
        return sample
    random = np.random.default_rng(zlib.crc32(sample.name.encode()))
    return RefinedSample(sample.name, sample.persona, sample.frame, random_inputs(inputs, random))


def random_inputs(inputs: Sequence[TensorSpec], random: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Every input by name: noise for pictures (0..1) and rasters (-1..1), a style as trained ones are."""
    values: dict[str, NDArray[Any]] = {}
    for spec in inputs:
        if spec.name.endswith("style"):
            made = random.normal(0, 0.3, spec.shape)
        else:
            made = random.uniform(-1 if spec.name.endswith("rasters") else 0, 1, spec.shape)
        values[spec.name] = made.astype(spec.dtype)
    return values
