"""The tables of points that belong together are the same on both sides of the face."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.face import landmarks as lm

MIRROR = lm.mirror_index()


@pytest.mark.parametrize(
    ("first", "second"),
    [(lm.ALONG_LIPS, lm.LIPS_ALONG), (lm.LASHES, lm.CREASES), (lm.LOWER_LIDS, lm.LOWER_FOLDS)],
    ids=["beside the lips", "upper lids", "lower lids"],
)
def test_pairs_of_points_mirror_as_pairs(first, second):
    pairs = set(zip(first, second, strict=True))
    assert {(MIRROR[a], MIRROR[b]) for a, b in pairs} == pairs


@pytest.mark.parametrize(("left", "right"), [lm.AT_CORNERS, lm.NEAR_CORNERS, lm.MOUTH_CORNERS])
def test_what_is_round_one_corner_is_round_the_other(left, right):
    assert np.array_equal(MIRROR[np.array(left)], right)


def test_no_skin_beside_the_lips_is_on_them_or_named_twice():
    skin = [*lm.ALONG_LIPS, *(i for group in (*lm.AT_CORNERS, *lm.NEAR_CORNERS) for i in group)]
    assert len(set(skin)) == len(skin)
    assert not set(skin) & set(lm.LIPS)
    assert set(lm.LIPS_ALONG) <= set(lm.OUTER_LIPS)
