"""A person's own teeth, from another picture: where they end up, in which light, and when not."""

from __future__ import annotations

import numpy as np
import pytest
from faces import draw_face, ellipse_mask, turned, with_lip_gap

from livecam.face import landmarks as lm
from livecam.persona import enroll, person_shots
from livecam.persona.fill import polygon_mask
from livecam.persona.interior import split_layers
from livecam.persona.mouth import own_mouth, toothiest
from livecam.persona.pictures import PersonPicture
from livecam.persona.teeth import OwnMouth

WHITE = np.array([205, 205, 200], np.uint8)


def white_mouth(points):
    """A drawn face whose mouth is full of teeth."""
    picture = draw_face(points)
    picture[polygon_mask(512, points[list(lm.MOUTH)] / 512) > 127] = WHITE
    return picture


def shots_of(*faces, light=1.0):
    seen = [PersonPicture((white_mouth(face) * light).astype(np.uint8), face, "") for face in faces]
    return person_shots.stack_shots([person_shots.aligned_shot(*one.crop()) for one in seen])


def behind_lips(image, points, own=None):
    """S x S x 3: what is behind the lips of a mouth whose jaw is as in the portrait."""
    _, interior, teeth = split_layers(image, points, own)
    out = interior[..., :3].astype(float)
    for row in (teeth[..., 4:], teeth[..., :4]):
        out += (row[..., :3] - out) * (row[..., 3:] / 255)
    return np.round(out).astype(np.uint8)


@pytest.fixture(scope="module")
def portrait(face):
    return draw_face(face), (face / np.float32(512)).astype(np.float32)


def test_teeth_lie_where_the_head_would_have_them(face, portrait):
    image, points = portrait
    moved = turned(with_lip_gap(face, 0.4), roll=20) * np.float32(0.7) + np.float32(40)
    found = own_mouth(image, points, shots_of(face, moved))
    assert found is not None
    expected = with_lip_gap(face, 0.4)[list(lm.MOUTH), :2] / 512
    width = np.linalg.norm(points[308, :2] - points[78, :2])
    # The outline is drawn in by .02 widths; the rest is the shot's own 160 pixels.
    assert np.abs(found.outline - expected).max() < 0.05 * width
    middle = np.round(expected.mean(0) * 512).astype(int)
    np.testing.assert_allclose(found.picture[middle[1], middle[0]], WHITE, atol=12)


def test_they_take_the_portraits_light(face, portrait):
    image, points = portrait
    dark = own_mouth(image, points, shots_of(face, with_lip_gap(face, 0.4), light=0.7))
    assert dark is not None
    x, y = np.round(dark.outline.mean(0) * 512).astype(int)
    np.testing.assert_allclose(dark.picture[y, x], WHITE, atol=12)


def test_the_one_with_most_teeth_is_taken_and_a_shut_or_averted_one_is_not(face, portrait):
    image, points = portrait
    few, many, none = with_lip_gap(face, 0.2), with_lip_gap(face, 0.4), with_lip_gap(face, 0.6)
    dark = draw_face(none)
    dark[polygon_mask(512, none[list(lm.MOUTH)] / 512) > 127] = [40, 15, 15]
    shots = person_shots.stack_shots(
        [person_shots.aligned_shot(*PersonPicture(picture, found, "").crop()) for picture, found in
         ((white_mouth(few), few), (white_mouth(many), many), (dark, none))]
    )  # fmt: skip
    assert toothiest(image, points, shots) == 1
    assert own_mouth(image, points, shots_of(face, with_lip_gap(face, 0.05))) is None
    assert own_mouth(image, points, shots_of(turned(with_lip_gap(face, 0.5), yaw=40))) is None


def test_a_portrait_that_shows_as_much_keeps_its_own(face):
    opened = with_lip_gap(face, 0.5)
    points = (opened / np.float32(512)).astype(np.float32)
    assert own_mouth(white_mouth(opened), points, shots_of(with_lip_gap(face, 0.4))) is None


def test_the_interior_shows_them_and_the_skin_does_not(face, portrait):
    image, points = portrait
    own = own_mouth(image, points, shots_of(with_lip_gap(face, 0.4)))
    skin, plain = (split_layers(image, points, mouth)[0] for mouth in (own, None))
    interior, painted = behind_lips(image, points, own), behind_lips(image, points)
    np.testing.assert_array_equal(skin, plain)
    assert own is not None
    x, y = np.round(own.outline.mean(0) * 512).astype(int)
    np.testing.assert_allclose(interior[y, x], WHITE, atol=12)
    lower = round(float(own.outline[:, 1].max() * 512)) - 3
    np.testing.assert_allclose(interior[lower, x], WHITE, atol=12)
    assert split_layers(image, points)[2][lower, x, 3] == 0  # painted ones are shorter
    assert (interior != painted).any()


def test_lips_that_reach_into_a_known_mouth_are_left_out(portrait, face):
    image, points = portrait
    opened = with_lip_gap(face, 0.3)
    picture = white_mouth(opened)
    too_large = ((opened[list(lm.MOUTH), :2] - opened[[13, 14], :2].mean(0)) * [1.0, 1.8]).astype(np.float32)
    outline = (too_large + opened[[13, 14], :2].mean(0)) / np.float32(512)
    interior = behind_lips(image, points, OwnMouth(picture, outline.astype(np.float32)))
    inside = polygon_mask(512, outline, -2) > 127
    lip = np.abs(picture.astype(int) - [170, 80, 80]).max(-1) < 12
    assert (inside & lip).sum() > 150
    drawn = np.abs(behind_lips(image, points).astype(int) - [170, 80, 80]).max(-1) < 40  # gum, much like lips
    left = (np.abs(interior.astype(int) - [170, 80, 80]).max(-1) < 25) & ~drawn
    assert (inside & left).sum() < 0.02 * (inside & lip).sum()


def test_an_open_mouth_of_the_portrait_is_kept_to_its_lips(face):
    opened = with_lip_gap(face, 0.3)
    picture, points = white_mouth(opened), (opened / np.float32(512)).astype(np.float32)
    picture[opened[13, 1].astype(int) :, 250:] = [90, 40, 40]  # a tongue, too, up to the lip
    interior = behind_lips(picture, points)
    inside = polygon_mask(512, points[list(lm.MOUTH)], -2) > 127
    np.testing.assert_array_equal(interior[inside], picture[inside])


def test_painted_teeth_have_the_colour_of_known_ones_beside_them(portrait, face):
    image, points = portrait
    opened = with_lip_gap(face, 0.3)
    picture = white_mouth(opened)
    left, right = opened[[78, 308], 0]
    picture[:, : round(0.5 * (left + right))] = [150, 60, 60]  # half of the mouth is not known
    outline = (opened[list(lm.MOUTH), :2] / 512).astype(np.float32)
    interior = behind_lips(image, points, OwnMouth(picture, outline))
    y = round(float(points[13, 1] * 512 + 3))
    known, painted = (interior[y, round(float(left + share * (right - left)))] for share in (0.7, 0.3))
    # Painted ones are shaded towards the corners, by 14 % at .2 widths from the middle, and have lines.
    np.testing.assert_allclose(painted / known, 0.85, atol=0.15)


def test_painted_incisors_end_a_tenth_of_the_mouths_width_below_the_lip(portrait):
    image, points = portrait
    cover = split_layers(image, points)[2][..., 3]
    middle = points[list(lm.INNER_LIP_UPPER[3:8]), :2].mean(0) * 512
    width = np.linalg.norm(points[308, :2] - points[78, :2]) * 512
    column = cover[:, round(float(middle[0] + 0.08 * width))]  # the middle of a central incisor
    edge = int(np.flatnonzero(column > 127)[-1]) + 1 - float(middle[1])
    assert abs(edge - 0.10 * width) <= 1.5  # pixels: rounding of the row, and the edge's own half


def test_a_persona_of_several_pictures_has_them_at_every_size(face, monkeypatch):
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    shots = shots_of(face, with_lip_gap(face, 0.4))
    persona = enroll.build_persona(draw_face(face), face, "ada", 256, {}, shots=shots)
    alone = enroll.build_persona(draw_face(face), face, "ada", 256, {})
    larger = enroll.resize(persona, 512)
    assert persona.shots is shots
    assert larger.shots is shots
    for made in (persona, larger):
        x, y = np.round(made.landmarks[[13, 14], :2].mean(0) * made.size + [0, 0.01 * made.size]).astype(int)
        assert made.teeth[y, x, :4].min() > 150
    assert (alone.teeth != persona.teeth).any()
