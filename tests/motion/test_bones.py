"""Bones go where the head goes; only what moves by itself has an expression."""

from __future__ import annotations

import numpy as np
import pytest
from faces import with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.motion.bones import acting_share
from livecam.motion.transfer import MotionTransfer

FOREHEAD, TEMPLE, BRIDGE = 10, 127, 6
BROW, LID, CHIN, LIP = 105, 159, 152, 13


@pytest.fixture
def somebody(face):
    """A portrait of another person than the driver: a narrower face."""
    out = face / 512
    out[:, 0] = (out[:, 0] - 0.5) * 0.85 + 0.5
    return out.astype(np.float32)


def bent(face):
    """The face as a tracker sees it in another pose: the forehead's middle elsewhere, though it is bone."""
    out = face.copy()
    out[FOREHEAD, 1] -= 6
    return out


def rigid(motion, portrait):
    return portrait @ motion.head[:, :3].T + motion.head[:, 3]


def test_what_acts_and_what_is_bone(face):
    share = acting_share(face / measures.between_eyes(face))[:, 0]
    assert share.shape == (lm.COUNT,)
    assert (share[[BROW, LID, CHIN, LIP]] > 0.9).all()
    assert (share[[FOREHEAD, TEMPLE, BRIDGE]] < 0.1).all()


def test_another_head_is_not_bent_by_what_is_seen_of_bones(somebody, face):
    motion = MotionTransfer(somebody, face)(bent(face))
    off = np.linalg.norm(motion.landmarks - rigid(motion, somebody), axis=1) * 512
    assert off[[FOREHEAD, TEMPLE, BRIDGE]].max() < 0.1


def test_of_the_drivers_own_face_everything_is_passed_on(face):
    portrait = (face / 512).astype(np.float32)
    motion = MotionTransfer(portrait, face)(bent(face))
    off = (motion.landmarks - rigid(motion, portrait))[FOREHEAD, 1] * 512
    assert off == pytest.approx(-6, abs=1)  # a sixth of it is taken for the head's own turn


def test_lips_and_lids_are_as_free_as_before(somebody, face):
    motion = MotionTransfer(somebody, face)(with_lids(with_lip_gap(face, 0.4), 0.5))
    assert measures.lip_gap(motion.landmarks) > 0.3
    assert motion.lids.max() < 0.7
