from __future__ import annotations

import numpy as np
import pytest
from faces import turned

from livecam.motion.presence import HOLD_SECONDS, REST_SECONDS, RETURN_SECONDS, Presence
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest


@pytest.fixture
def moving(face):
    return MotionTransfer((face / 512).astype(np.float32), face)(turned(face, yaw=15))


@pytest.fixture
def still(face):
    return rest((face / 512).astype(np.float32))


def distance(a, b):
    return float(np.abs(a.landmarks - b.landmarks).max())


def test_follows_at_once_at_the_start(still, moving):
    assert Presence(still).update(moving, 0.0) is moving


def test_a_short_loss_leaves_no_trace(still, moving):
    presence = Presence(still)
    presence.update(moving, 1.0)
    held = presence.update(None, 1.0 + HOLD_SECONDS / 2)
    assert distance(held, moving) == 0
    assert presence.update(moving, 1.0 + HOLD_SECONDS * 0.9) is moving


def test_a_long_loss_eases_to_rest_without_a_jump(still, moving):
    presence = Presence(still)
    last = presence.update(moving, 1.0)
    step = 0.02
    largest = 0.0
    for time in np.arange(1.0, 1.2 + HOLD_SECONDS + REST_SECONDS, step):
        now = presence.update(None, float(time))
        largest, last = max(largest, distance(now, last)), now
    assert distance(last, still) == 0
    # Smoothstep's steepest slope is 1.5 per unit of time.
    assert largest <= 1.6 * step / REST_SECONDS * distance(moving, still)


def test_a_return_is_eased_too(still, moving):
    presence = Presence(still)
    presence.update(moving, 1.0)
    for time in np.arange(1.0, 4.0, 0.05):
        presence.update(None, float(time))
    assert not presence.present
    first = presence.update(moving, 4.0)
    assert presence.present
    assert distance(first, still) < 1e-6
    assert presence.update(moving, 4.0 + RETURN_SECONDS + 0.01) is moving


def test_nobody_there_shows_the_portrait_at_rest(still):
    presence = Presence(still)
    assert distance(presence.update(None, 0.0), still) == 0
    assert distance(presence.update(None, 60.0), still) == 0
