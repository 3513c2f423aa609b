"""Drawn teeth: they have edges, gaps, gums, an order; a person keeps their own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from faces import draw_face

from livecam.persona.dentition import INCISORS, dentition
from livecam.persona.mouth_paint import MouthPlace, paint_mouth
from livecam.persona.skin import cheek_pixels

SIZE = 1024  # a mouth 127 pixels wide: a tooth has about 20


@pytest.fixture(scope="module")
def portrait(face):
    return draw_face(face).repeat(2, 0).repeat(2, 1), (face / np.float32(512)).astype(np.float32)


def rows_of(portrait, seed=None, size=SIZE):
    image, points = portrait
    image = image[:: SIZE // size, :: SIZE // size]
    return paint_mouth(image, image, points, cheek_pixels(image, points), None, seed)[1]


@pytest.fixture(scope="module")
def rows(portrait):
    return rows_of(portrait)


def at(portrait, u, v, size=SIZE):
    """The pixel at a place of the mouth."""
    x, y = MouthPlace.of(portrait[1]).points(np.array([[u, v]]))[0] * size
    return int(y), int(x)


def test_an_edge_is_a_pixel_wide(portrait, rows):
    """Of the middle of a central incisor, against the dark below it."""
    y, x = at(portrait, 0.08, INCISORS)
    column = rows[y - 12 : y + 12, x, 3].astype(int)
    assert column[0] == 255
    assert column[-1] == 0
    assert ((column > 0) & (column < 255)).sum() <= 2


def test_between_teeth_there_is_a_thin_dark_gap_and_gum_above_it(portrait, rows):
    y, x = at(portrait, 0.0, INCISORS - 0.06)
    line = rows[y, x - 16 : x + 16, :3].astype(int).sum(-1)
    dark = line < 0.85 * np.median(line)
    assert abs(int(np.argmin(line)) - 16) <= 1
    assert 1 <= dark.sum() <= 4
    tooth = rows[at(portrait, 0.08, INCISORS - 0.06)][:3].astype(int)
    gum = rows[at(portrait, 0.0, INCISORS - 0.28)][:3].astype(int)
    assert gum[1] / gum[0] < 0.9 * tooth[1] / tooth[0]  # redder
    assert rows[at(portrait, 0.0, INCISORS - 0.28)][3] == 255


def test_teeth_get_darker_to_the_sides_and_the_row_ends(portrait, rows):
    light = [int(rows[at(portrait, u, INCISORS - 0.07)][:3].sum()) for u in (0.08, 0.33, 0.48)]
    assert light[0] > 1.1 * light[1] > 1.1 * light[2]
    assert rows[at(portrait, 0.62, INCISORS - 0.07)][3] == 0
    assert rows[at(portrait, -0.62, INCISORS - 0.07)][3] == 0


def test_the_lower_row_begins_behind_the_upper_and_is_darker(portrait, rows):
    u = 0.05
    edge = at(portrait, u, INCISORS)[0]
    column = rows[:, at(portrait, u, 0)[1]]
    top = int(np.flatnonzero(column[:, 7] > 127)[0])
    assert 0.02 < (edge - top) / SIZE / MouthPlace.of(portrait[1]).width < 0.08
    lower = rows[at(portrait, u, INCISORS + 0.05)][4:7].astype(int)
    upper = rows[at(portrait, 0.08, INCISORS - 0.05)][:3].astype(int)
    assert lower.sum() < upper.sum()


def test_everybody_has_their_own_teeth_and_keeps_them_at_every_size(portrait):
    one, again, other = (rows_of(portrait, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one.astype(int) - other)[..., 3].max() == 255
    small, reduced = rows_of(portrait, 1, 512).astype(int), one.reshape(512, 2, 512, 2, 8).mean((1, 3))
    apart = np.abs(small - reduced)[..., 3]
    assert np.quantile(apart[reduced[..., 3] > 0], 0.95) <= 16  # of 255: a 16th, one of the places drawn


@pytest.mark.parametrize("seed", [None, *range(20)])
def test_no_mouth_is_outlandish(seed):
    """Every tooth beside the next; of the front ones central incisors are the widest above, canines below."""
    for row, widest in zip(dentition(seed), (0, 2), strict=True):
        right = sorted((tooth for tooth in row if tooth.middle > 0), key=lambda tooth: tooth.number)
        middles = [tooth.middle for tooth in right]
        assert middles == sorted(middles)
        widths = [tooth.width for tooth in right]
        assert np.argmax(widths[:3]) == widest or abs(widths[widest] - max(widths)) < 0.01
        for first, second in pairwise(right):
            apart = second.outline[:, 0].min() - first.outline[:, 0].max()
            assert -0.04 < apart < 0.02
