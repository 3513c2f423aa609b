"""The reactions that come with livecam are those that the head data make: nothing was recorded of anybody."""

from __future__ import annotations

import numpy as np
import pytest
from head_data import head_shape

from livecam.sources.recording import PerformanceSource
from livecam.studio.reactions import BUNDLED, found


@pytest.fixture(scope="module")
def shape():
    return head_shape()


def test_each_is_made_again_from_the_head_data(shape):
    from training.heads import reactions

    bundled = {one.name: one.path for one in found()}
    assert [act.name for act in reactions.ACTS] == list(BUNDLED)
    for act in reactions.ACTS:
        made = reactions.landmarks(shape, act)
        with PerformanceSource(bundled[act.name]) as source:
            kept = list(iter(source.read, None))
        assert not source.info.mirror
        assert [frame.capture_ns for frame in kept] == [round(time * 1e9) for time in act.times]
        points = np.stack([frame.landmarks for frame in kept])
        np.testing.assert_allclose(points, made, atol=0.02)  # pixels; half a step of the file is .005


def test_what_nods_or_shakes_moves_as_one_but_for_the_irises(shape):
    """Mouth and eyes stay the driver's then."""
    from livecam.face import landmarks as lm
    from livecam.geometry import similarity
    from training.heads import reactions

    for act in reactions.ACTS[:2]:
        points = reactions.landmarks(shape, act)[:, : lm.MESH_COUNT].astype(np.float64)
        for one in points:
            scale, rotation, shift = similarity(points[0], one)
            np.testing.assert_allclose(scale * points[0] @ rotation.T + shift, one, atol=0.5)
