from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from faces import draw_face, turned

from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.persona import enroll
from livecam.persona.crop import choose_crop, cut_crop
from livecam.persona.enroll import Choice
from livecam.persona.matte import guided_filter
from livecam.persona.types import Crop


@dataclass
class Found:
    landmarks: np.ndarray
    plausible: bool = True


@pytest.fixture
def faces_are(monkeypatch):
    """Pretend that the detector finds these."""

    def pretend(*faces):
        monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: list(faces))

    return pretend


def at(face, x, scale=1.0):
    out = face * np.float32(scale)
    out[:, 0] += x
    return out.astype(np.float32)


PICTURE = np.zeros((512, 1024, 3), np.uint8)


def test_the_largest_of_unequal_faces_is_taken(face, faces_are):
    faces_are(Found(at(face, 600, 0.4)), Found(at(face, 0)))
    np.testing.assert_allclose(enroll.find_face(PICTURE, "x", Choice()), face)


@pytest.mark.parametrize(
    ("make", "choice", "words"),
    [
        (lambda f: [], Choice(), "no face was found"),
        (lambda f: [Found(at(f, 0)), Found(at(f, 500))], Choice(), "2 faces"),
        (lambda f: [Found(at(f, 0))], Choice(face_index=3), "no face 3"),
        (lambda f: [Found(at(f, 0, 0.1))], Choice(), "only 23 pixels"),
        (lambda f: [Found(at(f, 0), plausible=False)], Choice(), "hidden"),
        (lambda f: [Found(at(f, 0))], Choice(region=(2000, 0, 100, 100)), "not inside"),
        (lambda f: [Found(at(f, 0))], Choice(region=(-1, 0, 100, 100)), "not inside"),
        (lambda f: [Found(at(f, 0))], Choice(region=(0, 0, 10**30, 100)), "not inside"),
        (lambda f: [Found(at(f, 0))], Choice(region=(0, 0, 100, -100)), "not inside"),
    ],
)
def test_unusable_faces_get_one_clear_line(face, faces_are, make, choice, words):
    faces_are(*make(face))
    with pytest.raises(UserError, match=words):
        enroll.find_face(PICTURE, "group.jpg", choice)


def test_faces_count_from_the_left(face, faces_are):
    faces_are(Found(at(face, 500)), Found(at(face, 0)))
    got = enroll.find_face(PICTURE, "x", Choice(face_index=1))
    np.testing.assert_allclose(got, at(face, 500))


def test_a_region_gives_points_of_the_whole_picture(face, faces_are):
    faces_are(Found(at(face, -100)))
    got = enroll.find_face(PICTURE, "x", Choice(region=(100, 0, 500, 500)))
    np.testing.assert_allclose(got, face, atol=1e-3)


def test_the_crop_holds_the_face_with_room_around(face):
    crop = choose_crop(face)
    own = (face[:, :2] - [crop.x, crop.y]) / crop.side
    assert own.min() > 0.2
    assert own.max() < 0.8


@pytest.mark.parametrize("size", [256, 768])
def test_cut_puts_every_pixel_where_the_landmarks_say(size):
    """A white dot of the picture lands at its 0..1 place of the crop, shrunk or enlarged, to half a pixel."""
    picture = np.zeros((600, 600, 3), np.uint8)
    picture[300:304, 200:204] = 255  # centre at (202, 302)
    crop = Crop(50.0, 100.0, 420.0)
    out = cut_crop(picture, crop, size)[..., 0].astype(float)
    y, x = np.mgrid[0:size, 0:size] + 0.5
    centre = np.array([(out * x).sum(), (out * y).sum()]) / out.sum() / size
    np.testing.assert_allclose(centre, [(202 - 50) / 420, (302 - 100) / 420], atol=0.5 / size)


def test_cut_shrinks_without_aliasing():
    """One-pixel stripes at an eighth of the size must come out grey."""
    picture = np.zeros((2048, 2048, 3), np.uint8)
    picture[:, ::2] = 255
    out = cut_crop(picture, Crop(0, 0, 2048), 256)
    assert out[8:-8, 8:-8].std() < 8


def test_layers_put_together_give_the_portrait_back(persona):
    """foreground * alpha + background * (1 - alpha), away from eyes and mouth, is the crop itself."""
    image = cut_crop(persona.picture, persona.crop, persona.size).astype(float)
    alpha = persona.foreground[..., 3:] / 255.0
    again = persona.foreground[..., :3] * alpha + persona.background * (1 - alpha)
    eyes_and_mouth = np.concatenate([persona.landmarks[list(i), :2] for i in (lm.LEFT_EYE, lm.RIGHT_EYE)])
    low, high = (eyes_and_mouth.min(0) * 256 - 4).astype(int), (eyes_and_mouth.max(0) * 256 + 4).astype(int)
    error = np.abs(again - image)
    error[low[1] : high[1], low[0] : high[0]] = 0
    # Where the matte is faint (alpha < .2) colour is bled on purpose, and the filled background has grain of
    # 2 levels: both only in a thin rim.
    assert np.percentile(error, 95) < 2
    assert error.mean() < 0.5


def test_a_turned_portrait_gets_a_whole_lattice(face):
    """Every triangle of the lattice has an area; none lies inside the face."""
    import cv2

    from livecam.persona.lattice import build_lattice

    points = (turned(face, yaw=25, roll=10) / 512).astype(np.float32)
    lattice, triangles = build_lattice(points)
    vertices = np.concatenate([points[:468, :2], lattice.points])
    outer = triangles[(triangles >= 468).any(1)]
    a, b, c = (vertices[outer[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    area = np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]) / 2
    assert len(outer) > 1500
    assert area.min() > 1e-9
    oval = points[list(lm.FACE_OVAL), :2]
    assert all(cv2.pointPolygonTest(oval, tuple(map(float, p)), False) < 0 for p in (a + b + c) / 3)
    # They cover the whole crop with its margin, less the face: no gaps, no overlaps.
    span = (lattice.points.max(0) - lattice.points.min(0)).prod()
    assert area.sum() == pytest.approx(span - cv2.contourArea(oval), rel=0.01)


def test_the_guided_filter_follows_an_edge():
    """A blurred mask snaps to the guide's edge: the step is steeper after than before."""
    guide = np.zeros((64, 64, 3), np.uint8)
    guide[:, 32:] = 200
    mask = np.clip((np.arange(64) - 22) / 20, 0, 1).astype(np.float32)[None].repeat(64, 0)
    out = guided_filter(guide, mask, radius=8, eps=1e-4)
    assert out[32, 33] - out[32, 30] > 3 * (mask[32, 33] - mask[32, 30])


def test_resize_keeps_crop_and_landmarks(persona, monkeypatch):
    from faces import ellipse_mask

    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    larger = enroll.resize(persona, 512)
    assert larger.foreground.shape == (512, 512, 4)
    assert larger.crop.side == pytest.approx(persona.crop.side, rel=1e-5)
    np.testing.assert_allclose(larger.landmarks, persona.landmarks, atol=1e-5)


def test_the_drawing_has_the_size_asked_for(face):
    assert draw_face(face, 640, 480).shape == (480, 640, 3)
