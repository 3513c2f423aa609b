"""Promise 1: no pixel of the driver reaches a sink, whatever fails."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from doubles import GREEN, Clip, Collected, Failing, make_animator

from livecam.frames import OutputFrame
from livecam.pipeline.live import LivePipeline
from livecam.render.cpu.renderer import CpuRenderer


@pytest.fixture
def animator(persona):
    return partial(make_animator, persona)


def has_green(frames):
    return any(((f.pixels == GREEN).all(-1)).any() for f in frames)


@pytest.mark.parametrize("trouble", ["none", "no face", "bad landmarks", "tracker breaks", "renderer breaks"])
def test_no_pixel_of_the_driver_reaches_a_sink(animator, persona, face, trouble):
    """Promise 1: whatever fails. The driver's pictures are pure green; no output may hold that colour."""
    renderer = Failing(CpuRenderer(persona))
    answers = {
        "none": [face],
        "no face": [face, None, None],
        "bad landmarks": [face, np.full((478, 3), 1e6, np.float32), np.full((478, 3), np.nan, np.float32)],
        "tracker breaks": [face, ValueError("x"), face],
        "renderer breaks": [face],
    }[trouble]
    way, report = animator(*answers, renderer=renderer)
    out = Collected(live=True)
    pipeline = LivePipeline(Clip(12, live=True, fps=30), way, [out], report, fps=60)
    if trouble == "renderer breaks":
        renderer.broken = True
    pipeline.run()
    renderer.broken = False
    assert out.frames
    assert not has_green(out.frames)
    assert not has_green([OutputFrame(way.resting(), 0, 0)])


def test_sinks_cannot_even_name_a_driver_frame():
    """The split is kept by construction: no module of sinks or the page knows the driver's type."""
    import ast
    from pathlib import Path

    import livecam

    root = Path(livecam.__file__).parent
    for path in [*root.glob("sinks/*.py"), *root.glob("web/*.py"), *root.glob("render/*.py")]:
        names = {n.id for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Name)}
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert "DriverFrame" not in names | imported, path
