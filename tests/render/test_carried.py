"""The trunk goes along under the head, and nothing is pulled in from beyond the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from faces import posed

from livecam.face import landmarks as lm
from livecam.motion.types import rest
from livecam.persona.lattice import attach, neck_joint
from livecam.persona.types import Crop
from livecam.render.carried import CHEST, LIFT, Carrier


@pytest.fixture(scope="module")
def roomy(persona):
    """The same portrait in the middle of a picture three times as wide."""
    crop = persona.crop
    return replace(
        persona,
        picture=np.zeros((3 * crop.side, 3 * crop.side, 3), np.uint8),
        crop=Crop(crop.side, crop.side, crop.side),
    )


def places_of(persona, *places):
    return attach(persona.landmarks, np.array(places, np.float32))


def collar(persona):
    """Half a face's height below the chin."""
    height = np.ptp(persona.landmarks[list(lm.FACE_OVAL), 1])
    return persona.landmarks[lm.CHIN, :2] + [0, 0.5 * height]


@pytest.mark.parametrize("shift", [(0.09, 0), (-0.09, 0), (0, 0.09), (0, -0.09), (0.06, -0.06)])
def test_a_neck_keeps_its_length(roomy, shift):
    """Within a tenth, as far as a head may go (`livecam.persona.room.FREE`)."""
    moved, _ = Carrier(roomy, places_of(roomy, collar(roomy)))(posed(roomy, shift))
    chin = roomy.landmarks[lm.CHIN, :2]
    resting = np.linalg.norm(collar(roomy) - chin)
    assert np.linalg.norm(moved[0] - (chin + shift)) == pytest.approx(resting, rel=0.1)


@pytest.mark.parametrize("size", [0.92, 1.08])
def test_shoulders_grow_with_the_head(roomy, size):
    """Whoever leans towards the camera is larger as a whole: the neck grows by as much, within a tenth."""
    motion = posed(roomy, size=size)
    moved, _ = Carrier(roomy, places_of(roomy, collar(roomy)))(motion)
    chin = roomy.landmarks[lm.CHIN, :2]
    resting = np.linalg.norm(collar(roomy) - chin)
    assert np.linalg.norm(moved[0] - motion.landmarks[lm.CHIN, :2]) == pytest.approx(size * resting, rel=0.1)


@pytest.mark.parametrize("angles", [(0, 0, 0.3), (0, 0.3, 0), (0.4, 0, 0)])
def test_a_head_that_turns_on_its_neck_leaves_the_trunk(roomy, angles):
    """Turned about the joint, a head takes hardly anything of the trunk along: at the collar, a sixth of a
    face's height from the joint, under a fifth of what it would as one piece with the head."""
    joint = neck_joint(roomy.landmarks)
    places = places_of(roomy, collar(roomy) + np.array([0, 0.05]))
    motion = posed(roomy, angles=angles, about=joint)
    moved, _ = Carrier(roomy, places)(motion)
    point = np.append(places.points[0], places.depth[0])
    rigid = motion.head[:2, :3] @ point + motion.head[:2, 3]
    assert np.linalg.norm(moved[0] - places.points[0]) < 0.2 * np.linalg.norm(rigid - places.points[0])


def test_the_trunk_moves_ever_less_downwards(roomy):
    x, y = collar(roomy)
    places = places_of(roomy, *[(x, y + d) for d in (0, 0.3, 0.6, 0.9, 1.3)])
    moved, _ = Carrier(roomy, places)(posed(roomy, (0.08, 0)))
    way = moved[:, 0] - places.points[:, 0]
    assert (np.diff(way) < 0).all()
    assert way[0] > 0.8 * 0.08
    assert way[-1] == pytest.approx(0, abs=1e-6)


def test_what_an_edge_cuts_is_not_pulled_in(persona):
    """The drawn trunk, which its picture's lower edge cuts, may leave it and go along it, but not inwards;
    walls at the other edges show nobody, and are free."""
    low = -np.array([persona.crop.x, persona.crop.y]) / persona.crop.side
    high = low + np.array(persona.picture.shape[1::-1]) / persona.crop.side
    places = places_of(persona, (0.5, high[1]), (0.5, high[1] + 0.1), (low[0], 0.3), (0.5, low[1]))
    for shift in [(0.06, -0.08), (-0.06, -0.08), (0.06, 0.08)]:
        moved, _ = Carrier(persona, places)(posed(persona, shift))
        way = moved - places.points
        assert (way[:2, 1] >= -1e-6).all()
        assert np.abs(way[:2, 0]).min() > 0.03
        assert np.sign(way[2:]).tolist() == [list(np.sign(shift))] * 2


def test_a_small_shift_is_the_necks(roomy):
    """People sit still while they talk: of a hundredth of the crop a tenth, the neck has the rest."""
    places = places_of(roomy, collar(roomy))
    moved, _ = Carrier(roomy, places)(posed(roomy, (0.01, 0)))
    assert abs(moved[0, 0] - places.points[0, 0]) < 0.0011


def test_a_breath_lifts_the_shoulders(roomy):
    joint = neck_joint(roomy.landmarks)[:2]
    places = places_of(roomy, joint + np.array([0.3, 0.1]))
    carry = Carrier(roomy, places)
    out = replace(rest(roomy.landmarks), breath=-1.0)
    breathed_in, _ = carry(replace(out, breath=1.0))
    breathed_out, _ = carry(out)
    assert breathed_in[0, 0] - breathed_out[0, 0] == pytest.approx(2 * CHEST * 0.3, rel=0.3)
    assert breathed_out[0, 1] - breathed_in[0, 1] == pytest.approx(2 * (LIFT - 0.1 * CHEST), rel=0.3)
