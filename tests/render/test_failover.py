"""The CPU draws on when the GPU is lost; the fastest is chosen and its line says why."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.engines import EngineError
from livecam.errors import UserError
from livecam.render.failover import FailoverRenderer, choose_fastest

MOTION = object()


class Plain:
    """Draws its number; fails from the given frame on."""

    def __init__(self, name, number, fails_at=None):
        self.name, self.number, self.fails_at = name, number, fails_at
        self.frames, self.closed = 0, False

    def render(self, motion):
        assert motion is MOTION
        self.frames += 1
        if self.fails_at is not None and self.frames >= self.fails_at:
            raise EngineError("CUDA: cudaStreamSynchronize failed (device lost). See dmesg")
        return np.full((2, 2, 3), self.number, np.uint8)

    def close(self):
        self.closed = True


def test_the_frame_that_failed_is_drawn_all_the_same():
    told = []
    main, spare = Plain("cuda", 1, fails_at=3), Plain("cpu", 2)
    renderer = FailoverRenderer(main, lambda: spare, told.append)
    assert [int(renderer.render(MOTION)[0, 0, 0]) for _ in range(2)] == [1, 1]
    assert renderer.name == "cuda"
    assert renderer.render(MOTION)[0, 0, 0] == 2
    assert renderer.name == "cpu"
    assert len(told) == 1
    assert "GPU is lost" in told[0]
    renderer.close()
    assert spare.closed


def opener(refusing):
    def open_named(name):
        if name in refusing:
            raise UserError(f"engine {name}", refusing[name], "See `livecam doctor`.")
        return Plain(name, 0)

    return open_named


def test_the_fastest_is_chosen_with_the_cpu_behind_it():
    told = []
    renderer = choose_fastest(opener({"tensorrt": "tensorrt is not installed. Install it"}), told.append)
    assert isinstance(renderer, FailoverRenderer)
    assert renderer.name == "cuda"
    assert told == ["engine cuda; not tensorrt: tensorrt is not installed"]
    renderer.close()


def test_the_cpu_needs_no_spare():
    told = []
    refusing = {"tensorrt": "tensorrt is not installed", "cuda": "there is no graph at /a/b.onnx"}
    renderer = choose_fastest(opener(refusing), told.append)
    assert isinstance(renderer, Plain)
    assert told == [
        "engine cpu; not tensorrt: tensorrt is not installed; not cuda: there is no graph at /a/b.onnx"
    ]


def test_nothing_opens():
    with pytest.raises(EngineError, match="no engine can run here"):
        choose_fastest(opener(dict.fromkeys(("tensorrt", "cuda", "cpu"), "broken")))
