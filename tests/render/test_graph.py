from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from livecam.engines import Standby
from livecam.engines.base import Array, EngineError, FeedError, TensorSpec
from livecam.export import samples
from livecam.generator.inputs import frame_specs, input_specs, output_specs, planes
from livecam.render.graph import GraphRenderer, to_picture

SIZE = 16


class Recorder:
    """An engine whose picture is the background, and which remembers what it was given."""

    name = "recorder"

    def __init__(self, size: int = SIZE) -> None:
        self.inputs: tuple[TensorSpec, ...] = input_specs(size)
        self.outputs = output_specs(size)
        self.given: list[set[str]] = []
        self.values: dict[str, Array] = {}
        self.broken = False
        self.closed = False

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        if self.broken:
            raise EngineError("broken")
        self.given.append(set(feeds))
        self.values |= feeds
        return {"image": self.values["background"]}

    def close(self) -> None:
        self.closed = True


def layers(seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    return {
        name: random.integers(0, 256, (SIZE, SIZE, channels), dtype=np.uint8)
        for name, channels in (("foreground", 4), ("background", 3), ("interior", 12), ("teeth", 8))
    }


FRAME = samples.resting_sample(SIZE, 0).frame
PERSONA = {"foreground", "background", "interior", "teeth"}
CHANGING = {"flow", "creases", "landmarks", "inner_inverse", "inner_centre", "jaw_inverse", "lids"}


def test_the_persona_is_sent_once_and_the_picture_comes_back_as_it_was() -> None:
    engine = Recorder()
    given = layers()
    renderer = GraphRenderer(engine, **given)
    for _ in range(2):
        picture = renderer.draw(FRAME)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous
        np.testing.assert_array_equal(picture, given["background"])
    assert engine.given == [PERSONA | CHANGING, CHANGING]


def test_the_next_persona_on_the_same_engine_takes_over() -> None:
    engine = Recorder()
    GraphRenderer(engine, **layers(0)).draw(FRAME)
    second = layers(1)
    np.testing.assert_array_equal(GraphRenderer(engine, **second).draw(FRAME), second["background"])


def test_a_persona_that_was_not_taken_is_sent_again() -> None:
    engine = Recorder()
    renderer = GraphRenderer(engine, **layers())
    engine.broken = True
    with pytest.raises(EngineError):
        renderer.draw(FRAME)
    engine.broken = False
    renderer.draw(FRAME)
    assert engine.given == [PERSONA | CHANGING]


def test_a_graph_of_another_size_is_refused_at_once() -> None:
    with pytest.raises(EngineError, match=r"not a generator for 16 pixels .*--size 16"):
        GraphRenderer(Recorder(32), **layers())


class Served(Recorder):
    """A server's model that holds its portrait, and answers in bytes."""

    def __init__(self, size: int = SIZE) -> None:
        super().__init__(size)
        self.inputs = frame_specs()
        self.outputs = (TensorSpec("frame", (1, size, size, 3), np.dtype(np.uint8)),)
        self.picture = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        self.given.append(set(feeds))
        return {"frame": self.picture}


def test_a_graph_that_holds_its_portrait_is_told_the_frames_alone() -> None:
    engine = Served()
    renderer = GraphRenderer(engine, **layers(), refiner={"mouth_style": np.zeros((1, 8), np.float32)})
    np.testing.assert_array_equal(renderer.draw(FRAME), engine.picture[0])
    assert engine.given == [CHANGING]
    with pytest.raises(EngineError, match="not a generator for 16 pixels"):
        GraphRenderer(Served(32), **layers())


def test_name_and_close() -> None:
    engine = Recorder()
    renderer = GraphRenderer(engine, **layers())
    assert renderer.name == "recorder"
    renderer.close()
    assert engine.closed


@pytest.mark.parametrize("name", sorted(CHANGING))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_frame_that_is_not_all_numbers_is_refused(name: str, value: float) -> None:
    """onnxruntime draws black from it, and says nothing."""
    renderer = GraphRenderer(Recorder(), **layers())
    values = getattr(FRAME, name).copy()
    values.flat[-1] = value
    with pytest.raises(EngineError, match=f"{name} of this frame is not all numbers"):
        renderer.draw(dataclasses.replace(FRAME, **{name: values}))
    renderer.draw(FRAME)


@pytest.mark.parametrize("name", sorted(CHANGING))
@pytest.mark.parametrize(
    "values", [None, "words", [0.5, 0.5], np.array([None, 1.0]), np.array(["words"]), np.array([1j])], ids=str
)
def test_a_frame_that_is_no_array_of_numbers_is_refused(name: str, values: Any) -> None:
    engine = Recorder()
    renderer = GraphRenderer(engine, **layers())
    with pytest.raises(FeedError, match=f"recorder: {name} of this frame is no array of numbers") as caught:
        renderer.draw(dataclasses.replace(FRAME, **{name: values}))
    assert "\n" not in str(caught.value)
    assert engine.given == []


def test_a_frame_that_nobody_can_draw_does_not_cost_the_gpu() -> None:
    """As docs/engines.md says: another engine would say the same."""
    renderer = GraphRenderer(Recorder(), **layers())
    standby = Standby(renderer, lambda: renderer, settling=0)
    with pytest.raises(FeedError):
        standby.call(lambda main: main.draw(dataclasses.replace(FRAME, flow=FRAME.flow * np.nan)))
    assert not standby.lost
    standby.close(lambda one: one.close())


def test_pictures_survive_the_way_in_and_out() -> None:
    every_value = np.arange(256 * 3, dtype=np.uint16).reshape(16, 16, 3).astype(np.uint8)
    np.testing.assert_array_equal(to_picture(planes(every_value)), every_value)


def test_pictures_clamp_what_lies_outside() -> None:
    image = np.array([-0.5, 1.5, 0.499], np.float32).reshape(1, 3, 1, 1)
    assert to_picture(image).tolist() == [[[0, 255, 127]]]
