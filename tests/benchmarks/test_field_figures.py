"""Heads, steps and necks: read off landmarks and maps whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from faces import turned, with_lip_gap

from livecam.benchmarks.field.head import away, face_height, largest_steps
from livecam.benchmarks.field.maps import Neck, centres, place_of, shown_elsewhere, shown_places
from livecam.face import landmarks as lm
from livecam.motion.types import rest

CELLS = 64


def moved(scale=1.0, shift=(0.0, 0.0), cells=CELLS):
    """The map of a picture that is drawn `scale` as large about its corner and shifted."""
    return (centres(cells) - np.array(shift)) / scale


def test_a_head_shifted_and_smaller_is_told_so(face):
    height = face_height(face)
    there = 0.8 * (face - face.mean(0)) + face.mean(0)
    there[:, :2] += (there[list(lm.STABLE)].mean(0) - face[list(lm.STABLE)].mean(0))[:2] * -1
    there[:, 0] += 0.3 * height
    assert away(there, face) == pytest.approx((0.3, 0.8), abs=1e-3)


def test_a_head_that_speaks_and_turns_is_as_large_as_it_was(face):
    offset, size = away(turned(with_lip_gap(face, 0.4), yaw=20), face)
    assert size == pytest.approx(1, abs=1e-3)
    assert offset < 0.01  # it turns about the middle of those very points


def test_steps_are_in_face_heights_and_lips_without_the_head(face):
    """A head that goes a tenth of its height and one that opens its mouth; nobody between them."""
    height = face_height(face)
    aside = face + np.array([0.1 * height, 0, 0], np.float32)
    spoken = with_lip_gap(face, 0.4)
    assert largest_steps([face, aside]) == pytest.approx((0.1, 0), abs=1e-5)
    whole, lips = largest_steps([face, spoken])
    expected = np.linalg.norm((spoken - face)[list(lm.LIPS), :2], axis=1).mean() / height
    assert lips == pytest.approx(expected, rel=1e-3)
    assert whole < lips / 2
    assert largest_steps([face, aside], unit=2 * height)[0] == pytest.approx(0.05, abs=1e-5)
    assert np.isnan(largest_steps([face, None, aside])).all()


def test_a_map_says_what_each_cell_shows():
    flow = np.zeros((1, 2, CELLS, CELLS), np.float32)
    flow[0, 0] = 0.25  # what is shown lies to the right
    np.testing.assert_allclose(shown_places(flow), centres(CELLS) + np.array([0.25, 0]), atol=1e-6)


def test_places_are_found_between_cells():
    point = np.array([0.513, 0.377])
    found = place_of(moved(0.8, (0.1, 0.05)), point)
    np.testing.assert_allclose(found, 0.8 * point + [0.1, 0.05], atol=1e-6)


def test_a_place_that_is_not_shown_is_nowhere():
    shown = moved()
    hidden = np.linalg.norm(shown - [0.5, 0.5], axis=-1) < 0.1
    shown[hidden] = [0.1, 0.1]
    assert place_of(shown, np.array([0.5, 0.5])) is None
    assert place_of(shown, np.array([0.7, 0.5])) is not None


def test_a_neck_keeps_its_length_where_all_moves_and_grows_where_the_head_alone_does(persona):
    still, neck = rest(persona.landmarks), Neck(persona.landmarks)
    assert neck(still, moved()) == pytest.approx(1, abs=1e-4)
    # Seven tenths as large, all of it, and aside: the neck is seven tenths as long.
    smaller = np.array([[0.7, 0, 0, 0.2], [0, 0.7, 0, 0.1], [0, 0, 0.7, 0]], np.float32)
    assert neck(replace(still, head=smaller), moved(0.7, (0.2, 0.1))) == pytest.approx(0.7, abs=1e-4)
    # The head goes up by a fifth of the face and the collar stays.
    up = np.eye(3, 4, dtype=np.float32)
    up[1, 3] = -0.2 * face_height(persona.landmarks)
    assert neck(replace(still, head=up), moved()) == pytest.approx(1 + 0.2 / 0.45, abs=0.03)


def test_a_mouth_that_opens_shortens_no_neck(persona):
    still = rest(persona.landmarks)
    opened = still.landmarks.copy()
    opened[lm.CHIN, 1] += 0.05
    assert Neck(persona.landmarks)(replace(still, landmarks=opened), moved()) == pytest.approx(1, abs=1e-4)


def test_a_hidden_collar_has_no_neck(persona):
    nothing = np.zeros((CELLS, CELLS, 2))
    assert Neck(persona.landmarks)(rest(persona.landmarks), nothing) is None


def test_what_is_shown_twice_is_known():
    """All stands but for a square that shows what lies a quarter to its left as well."""
    assert shown_elsewhere(moved()).max() < 1e-6
    shown = moved()
    shown[20:30, 40:50, 0] -= 0.25
    elsewhere = shown_elsewhere(shown)
    np.testing.assert_allclose(elsewhere[20:30, 24:34], 0.25, atol=1e-6)
    assert elsewhere[:, 40:].max() < 1e-6
