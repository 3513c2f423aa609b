"""The person's mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_data import PICTURE, REFERENCE, needs_models

from livecam.errors import UserError
from livecam.face.segmenter import person_mask


@needs_models
def test_the_face_is_person_and_the_corners_are_not():
    mask = person_mask(PICTURE)
    assert mask.shape == PICTURE.shape[:2]
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    x, y = REFERENCE[:468, :2].mean(0).astype(int)
    assert mask[y - 10 : y + 10, x - 10 : x + 10].min() > 0.9
    assert mask[:20, :20].max() < 0.2
    assert mask[:20, -20:].max() < 0.2


@needs_models
def test_it_has_the_pictures_size_also_where_that_is_not_square():
    assert person_mask(cv2.resize(PICTURE, (333, 211))).shape == (211, 333)


def test_without_a_model_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=r"missing.*livecam build"):
        person_mask(PICTURE)
