"""The warper, compositor and refiner as one graph on an engine: what GPUs run, and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines.base import Engine, EngineError, FeedError
from livecam.frames import RGB
from livecam.generator.inputs import FrameInputs, PersonaInputs, frame_specs, input_specs, planes


class GraphRenderer:
    """Draws one persona's frames with an engine. Not thread-safe; each call returns a fresh picture."""

    def __init__(
        self,
        engine: Engine,
        foreground: NDArray[np.uint8],
        background: NDArray[np.uint8],
        interior: NDArray[np.uint8],
        teeth: NDArray[np.uint8],
        refiner: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """The layers: RGBA S x S x 4, RGB S x S x 3, RGB twice, S x S x 6, and RGBA twice, S x S x 8, as
        `PersonaData.layers` has them. `refiner`: what its inputs take for this persona, for a graph that
        has one.

        The engine may have drawn another persona of the same size before: nothing of that one stays. A graph
        that holds its portrait (`python -m livecam.export triton --persona`) is told the frames alone.

        Raises:
            ValueError: a layer is not uint8 or not of that shape.
            EngineError: the engine's graph is not a generator for pictures of that size.
        """
        self.name = engine.name
        self._engine = engine
        layers = PersonaInputs.from_pictures(foreground, background, interior, teeth).feeds()
        told = dict(refiner or {})
        size = foreground.shape[0]
        expected = set(input_specs(size))
        if not layers.keys() & {spec.name for spec in engine.inputs}:
            layers, told, expected = {}, {}, set(frame_specs())
        self._unsent = layers | told
        self._foreground, self._replaced = layers.get("foreground"), False
        missing = expected - set(engine.inputs)
        if missing or not _draws(engine, size):
            names = ", ".join(sorted(spec.name for spec in missing)) or "an output"
            raise EngineError(
                f"{engine.name}: its graph is not a generator for {size} pixels ({names} differs). "
                f"Write one with: python -m livecam.export --out DIR --size {size}"
            )
        own = {(spec.name, spec.shape) for spec in set(engine.inputs) - expected}
        if own != {(name, values.shape) for name, values in told.items()}:
            has, option = ("no", "") if told and not own else ("another", "" if told else " --no-refine")
            raise EngineError(
                f"{engine.name}: its graph has {has} refiner. "
                f"Write one with: python -m livecam.export --out DIR --size {size}{option}"
            )

    @property
    def takes_foreground(self) -> bool:
        """Whether the person's layer is an input, so that `draw` can be given another one."""
        return self._foreground is not None

    def draw(self, frame: FrameInputs, foreground: NDArray[np.uint8] | None = None) -> RGB:
        """size x size x 3, uint8 RGB. `foreground`: in place of the persona's, in this frame alone.

        Raises:
            FeedError: an input of the wrong shape or dtype, or one that holds no numbers.
            EngineError: a failed run.
        """
        changed = frame.feeds()
        for name, values in changed.items():
            if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiub":
                raise FeedError(
                    f"{self.name}: {name} of this frame is no array of numbers. Leave the frame out"
                )
            if not np.isfinite(values).all():  # a graph would draw black without a word
                raise FeedError(f"{self.name}: {name} of this frame is not all numbers. Leave the frame out")
        if foreground is not None:
            changed["foreground"] = planes(foreground)
        elif self._replaced and self._foreground is not None:
            changed["foreground"] = self._foreground
        self._replaced = foreground is not None
        feeds: dict[str, NDArray[Any]] = self._unsent | changed
        result = self._engine.run(feeds)
        self._unsent = {}  # the engine keeps them
        drawn = result[self._engine.outputs[0].name]
        return drawn[0] if drawn.dtype == np.uint8 else to_picture(drawn)

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()


def _draws(engine: Engine, size: int) -> bool:
    """Whether the first output is a picture: `output_specs`'s planes, or bytes, as servers send them."""
    forms = {((1, 3, size, size), np.dtype(np.float32)), ((1, size, size, 3), np.dtype(np.uint8))}
    return any((spec.shape, spec.dtype) in forms for spec in engine.outputs[:1])


def to_picture(image: F32) -> RGB:
    """(1, 3, S, S), float32 in 0..1 -> S x S x 3, uint8, rounded. What lies outside 0..1 is clamped.

    Plane by plane with OpenCV: .5 ms at 512, where numpy takes 2 ms and more.
    """
    return np.asarray(cv2.merge([cv2.convertScaleAbs(plane, alpha=255) for plane in np.clip(image[0], 0, 1)]))
