"""Several pictures of a person, or a clip: which is the portrait, what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, turned, with_lids, with_lip_gap

from livecam.errors import UserError
from livecam.face.neutrality import unrest_of_picture
from livecam.persona import person_shots, pictures
from livecam.persona.enroll import Choice


@dataclass
class Found:
    landmarks: np.ndarray
    plausible: bool = True


@pytest.fixture
def faces_in(monkeypatch):
    """Pretend that the detector knows which face a picture shows, by its upper left pixel's red value."""
    known: dict[int, list] = {}

    def look(image):
        return [Found(points.copy()) for points in known.get(int(image[0, 0, 0]), [])]

    monkeypatch.setattr("livecam.face.detector.find_faces", look)
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    return known


@pytest.fixture
def write(tmp_path, faces_in):
    """write(name, faces...) -> the path of a picture that shows them."""

    def picture(name: str, *faces: np.ndarray) -> Path:
        mark = 10 * (len(faces_in) + 1)
        faces_in[mark] = list(faces)
        image = draw_face(faces[0]) if faces else np.zeros((300, 300, 3), np.uint8)
        image[:4, :4] = mark
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), image[..., ::-1])
        return path

    return picture


def test_the_first_picture_is_the_portrait(face, write):
    paths = [write("open", with_lip_gap(face, 0.4)), write("shut", face)]
    seen = pictures.read_person_pictures(paths)
    assert [Path(one.name).stem for one in seen] == ["open", "shut"]
    persona = pictures.enroll_all(seen, "ada", 256)
    np.testing.assert_allclose(persona.picture_landmarks(), seen[0].points, atol=1e-2)
    assert persona.shots is not None
    assert len(persona.shots) == 2
    assert persona.meta["pictures"] == 2
    assert persona.meta["source"] == "open.png"


def test_the_portrait_is_cut_for_the_refiner_as_it_is_enrolled(face, write):
    seen = pictures.read_person_pictures([write("one", face)])
    persona = pictures.enroll_all(seen, "ada", 256)
    assert persona.shots is not None
    np.testing.assert_array_equal(persona.shots.pictures, person_shots.portrait_shots(persona).pictures)


def test_other_pictures_without_a_face_are_left_out_with_a_word(face, write, caplog):
    paths = [write("one", face), write("nobody"), write("two", face, face + 200)]
    seen = pictures.read_person_pictures(paths)
    assert len(seen) == 1
    assert "nobody.png" in caplog.text
    assert "2 faces" in caplog.text


@pytest.mark.parametrize("which", ["missing.png", "missing.mp4", "folder", "words.png"])
def test_what_cannot_be_read_is_an_error_wherever_it_stands(face, write, tmp_path, monkeypatch, which):
    (tmp_path / "folder").mkdir()
    (tmp_path / "words.png").write_text("no picture")
    first = write("one", face)
    looked: list[str] = []
    real = pictures.enroll.find_face

    def look(picture, name, choice):
        looked.append(name)
        return real(picture, name, choice)

    monkeypatch.setattr(pictures.enroll, "find_face", look)
    with pytest.raises(UserError, match=which):
        pictures.read_person_pictures([first, tmp_path / which])
    if which != "words.png":
        assert not looked, "said before any work"


@pytest.mark.parametrize("which", ["nobody", "missing"])
def test_the_first_picture_has_to_be_good(face, write, tmp_path, which):
    first = write("nobody") if which == "nobody" else tmp_path / "missing.png"
    with pytest.raises(UserError, match=which):
        pictures.read_person_pictures([first, write("one", face)])


def test_the_choice_is_of_the_first_picture(face, write):
    small = (face * np.float32(0.4)).astype(np.float32)
    seen = pictures.read_person_pictures(
        [write("two", face, small), write("one", face)], Choice(face_index=0)
    )
    assert len(seen) == 2
    np.testing.assert_allclose(seen[0].points, small)


def test_too_many_pictures(face, write):
    path = write("one", face)
    with pytest.raises(UserError, match="33 pictures: 32 are the most"):
        pictures.read_person_pictures([path] * 33)


def test_a_calm_face_makes_the_better_portrait(face):
    calm = unrest_of_picture(face)
    others = (turned(face, yaw=20), turned(face, roll=15), with_lip_gap(face, 0.3), with_lids(face, 0.2))
    assert all(unrest_of_picture(other) > calm + 0.05 for other in others)


@pytest.fixture
def clip(tmp_path):
    """Eight frames; the red of the corner tells which."""
    import av

    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for _ in range(8):
            picture = np.full((512, 512, 3), 90, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return path


def test_a_clip_gives_its_frames_the_calmest_first(face, clip, monkeypatch):
    frames = iter([with_lip_gap(face, 0.5), with_lids(face, 0.1), face, turned(face, yaw=25)] * 8)
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(next(frames).copy())])
    seen = pictures.read_person_pictures([clip])
    assert len(seen) == 8
    assert seen[0].name.endswith("frame 2")
    np.testing.assert_allclose(seen[0].points, face)


def test_the_choice_is_of_each_frame_of_a_clip(face, clip, monkeypatch):
    """Two people side by side; the one that is named by number, or by place."""
    left = (face * np.float32([0.4, 0.4, 0.4])).astype(np.float32)
    right = left + np.float32([256, 0, 0])

    def look(image):
        shown = [left, right] if image.shape[1] == 512 else [left]  # in the region the right one is alone
        return [Found(points.copy()) for points in shown]

    monkeypatch.setattr("livecam.face.detector.find_faces", look)
    with pytest.raises(UserError, match=r"clip\.mp4: .*2 faces were found.*--face-index 0 to 1"):
        pictures.read_person_pictures([clip])
    for choice in (Choice(face_index=1), Choice(region=(256, 0, 256, 512))):
        seen = pictures.read_person_pictures([clip], choice)
        assert len(seen) == 8
        np.testing.assert_allclose(seen[0].points, right)


@pytest.mark.parametrize(
    ("choice", "why"),
    [(Choice(face_index=7), "no face 7"), (Choice(region=(9000, 0, 10, 10)), "9000,0,10,10")],
)
def test_a_choice_that_no_frame_has_is_named(face, clip, monkeypatch, choice, why):
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(face.copy())])
    with pytest.raises(UserError, match=why):
        pictures.read_person_pictures([clip], choice)


def test_the_choice_is_of_what_comes_first_only(face, clip, write, monkeypatch):
    """A clip behind a picture is looked at without it, and a picture behind a clip."""
    asked = []
    monkeypatch.setattr(
        "livecam.persona.enroll.find_face", lambda picture, what, choice: asked.append(choice) or face.copy()
    )
    first, rest = Choice(face_index=1), Choice()
    pictures.read_person_pictures([write("one", face), clip], first)
    assert asked == [first] + 8 * [rest]
    asked.clear()
    pictures.read_person_pictures([clip, write("two", face)], first)
    assert asked == 8 * [first] + [rest]


def test_a_clip_without_a_face(clip, monkeypatch):
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [])
    with pytest.raises(UserError, match="no frame shows one usable face"):
        pictures.read_person_pictures([clip])
