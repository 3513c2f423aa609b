"""A head goes as far as its picture has room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livecam.face import landmarks as lm
from livecam.persona.crop import MATTE_SIDE
from livecam.persona.room import (
    COLLAR,
    EDGE,
    FREE,
    HELD,
    HELD_SMALLER,
    LEAST,
    NECK,
    head_limits,
    touched_edges,
)
from livecam.persona.types import Crop


def framed(persona, left=1.0, top=1.0, right=1.0, bottom=1.0):
    """The portrait in a picture that ends so many crop sides from the crop."""
    side = persona.crop.side
    width, height = round((1 + left + right) * side), round((1 + top + bottom) * side)
    return replace(
        persona,
        picture=np.zeros((height, width, 3), np.uint8),
        crop=Crop(round(left * side), round(top * side), side),
    )


def test_with_room_on_all_sides_the_head_is_free(persona):
    limits = head_limits(framed(persona))
    assert (limits.left, limits.right, limits.up, limits.down) == (FREE,) * 4


def test_hair_that_an_edge_cuts_holds_the_head_back_from_it(persona):
    """Of the drawn head, whose hair is .26 of the crop from its sides and .12 from its top."""
    limits = head_limits(framed(persona, left=-0.3, top=-0.2))
    assert (limits.right, limits.down, limits.smaller) == (HELD, HELD, HELD_SMALLER)
    assert (limits.left, limits.up) == (FREE, FREE)


def test_hair_near_an_edge_is_free(persona):
    """It uncovers nothing but wall."""
    limits = head_limits(framed(persona, left=-0.15, top=-0.05))
    assert (limits.right, limits.down) == (FREE, FREE)


def test_a_picture_that_ends_at_the_collar_keeps_the_neck(persona):
    """At the limit the collar stays behind by a part of the neck, or the limit is the least of any head."""
    for bottom in (-0.1, -0.05, 0.0):
        shown = framed(persona, bottom=bottom)
        chin = persona.landmarks[lm.CHIN, 1]
        length = COLLAR * np.ptp(persona.landmarks[list(lm.FACE_OVAL), 1])
        t = np.clip((1 + bottom - chin - length) / EDGE, 0, 1)
        held = 1 - t * t * (3 - 2 * t)
        up = head_limits(shown).up
        assert up == pytest.approx(min(max(NECK * length / max(held, 1e-9), LEAST), FREE), rel=0.02)


def test_only_where_the_person_is_cut_an_edge_is_touched(persona):
    """The drawn trunk is .69 of the crop wide at its lower end, and the only part that reaches an edge."""
    touched = touched_edges(framed(persona, bottom=0.0))
    assert touched.at("bottom", np.array([0.3, 0.5, 0.7])) == pytest.approx(1)
    assert touched.at("bottom", np.array([-0.4, 1.4])) == pytest.approx(0)
    for edge in ("left", "right", "top"):
        assert touched.at(edge, np.linspace(-1, 2, 50)).max() == 0


def test_a_matte_that_shows_nobody_holds_nobody_back(persona):
    empty = replace(framed(persona, left=0.0), matte=np.zeros((MATTE_SIDE, MATTE_SIDE), np.uint8))
    assert head_limits(empty).right == FREE
