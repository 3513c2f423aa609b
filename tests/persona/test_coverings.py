"""Portraits with a mask or dark glasses: what seems so, what is said of it, and that it stays still."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, looking_aside, turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.transfer import MotionTransfer
from livecam.persona import coverings, enroll, pictures, store
from livecam.persona.crop import cut_crop
from livecam.persona.enroll import Choice
from livecam.persona.opening import open_persona
from livecam.render.cpu.renderer import CpuRenderer

SIZE = 256


@dataclass
class Found:
    landmarks: np.ndarray
    plausible: bool = True


def drawn(face: np.ndarray) -> np.ndarray:
    """With a dark line between the lips and skin that is not flat."""
    picture = draw_face(face)
    line = np.round((face[list(lm.INNER_LIP_UPPER), :2] + face[list(lm.INNER_LIP_LOWER), :2]) / 2)
    cv2.polylines(picture, [line.astype(np.int32)], False, (70, 30, 30), 2)
    return picture


def masked(face: np.ndarray, colour=(130, 175, 205)) -> np.ndarray:
    picture = drawn(face)
    lower = [lm.FACE_OVAL[k] for k in range(8, 29)]  # from cheek to cheek by the chin
    outline = np.concatenate([face[lower, :2], face[[195], :2]])
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], colour)
    return picture


def in_dark_glasses(face: np.ndarray) -> np.ndarray:
    picture = drawn(face)
    for eye in (lm.LEFT_EYE, lm.RIGHT_EYE):
        middle = tuple(np.round(face[list(eye), :2].mean(0)).astype(int).tolist())
        cv2.circle(picture, middle, round(0.28 * float(np.ptp(face[[33, 263], 0]))), (15, 15, 18), -1)
    return picture


PICTURES = {"nothing": drawn, "mouth": masked, "eyes": in_dark_glasses}


def seem(picture, face):
    return set(enroll.covered_parts(picture, face, Choice())["covered"])


@pytest.mark.parametrize("colour", [(130, 175, 205), (235, 235, 230), (30, 30, 32), (214, 170, 140)])
def test_a_mask_of_any_colour_covers_the_mouth(face, colour):
    assert seem(masked(face, colour), face) == {"mouth"}


def test_dark_glasses_cover_the_eyes(face):
    assert seem(in_dark_glasses(face), face) == {"eyes"}


@pytest.mark.parametrize("light", [0.35, 1.0])
@pytest.mark.parametrize("grey", [False, True])
def test_a_bare_face_is_not_covered(face, light, grey):
    picture = light * drawn(face)
    if grey:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    assert seem(picture.astype(np.uint8), face) == set()


def test_an_open_mouth_is_a_mouth(face):
    open_mouth = with_lip_gap(face, 0.4)
    picture = draw_face(open_mouth)
    cv2.fillPoly(picture, [np.round(open_mouth[list(lm.MOUTH), :2]).astype(np.int32)], (40, 20, 20))
    assert seem(picture, open_mouth) == set()


@pytest.fixture
def enrolled(face, tmp_path, monkeypatch):
    """enrolled(what is covered, choice) -> the persona of a picture's file."""
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(face.copy())])
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path / "cache"))

    def enrol(covered: str, choice: Choice | None = None):
        path = tmp_path / f"{covered}.png"
        cv2.imwrite(str(path), PICTURES[covered](face)[..., ::-1])
        return enroll.enroll_cached(path, SIZE, choice)

    return enrol


@pytest.mark.parametrize("covered", ["mouth", "eyes"])
def test_what_seems_covered_is_kept_and_said(enrolled, covered):
    for _ in range(2):  # the second comes from the cache
        persona = enrolled(covered)
        assert persona.covered == {covered}
        (line,) = coverings.covered_notices(persona)
        assert f"--{covered} visible" in line
    assert enroll.resize(persona, 512).covered == {covered}
    store.save(replace(persona, name="ada"))
    assert store.load("ada", SIZE).covered == {covered}
    assert open_persona("ada", SIZE).covered == {covered}


@pytest.mark.parametrize("covered", ["mouth", "eyes"])
def test_an_answer_is_taken_and_nothing_is_said(enrolled, covered):
    assert enrolled(covered, Choice(**{covered: "visible"})).covered == frozenset()
    asked = enrolled("nothing", Choice(**{covered: "covered"}))
    assert asked.covered == {covered}
    assert coverings.covered_notices(asked) == []


def test_an_answer_is_taken_for_a_stored_persona_too(enrolled):
    store.save(replace(enrolled("mouth"), name="ada"))
    assert open_persona("ada", SIZE, Choice(mouth="visible")).covered == frozenset()
    assert open_persona("ada", SIZE, Choice(eyes="covered")).covered == {"mouth", "eyes"}
    assert open_persona("ada", SIZE).covered == {"mouth"}, "what is stored stays"


def test_several_pictures_are_judged_by_the_first(face, enrolled):
    seen = [
        pictures.PersonPicture(masked(face), face, "one.png"),
        pictures.PersonPicture(drawn(face), face, "two.png"),
    ]
    assert pictures.enroll_all(seen, "ada", SIZE).covered == {"mouth"}
    assert pictures.enroll_all(seen, "ada", SIZE, Choice(mouth="visible")).covered == frozenset()


MOVES = {
    "mouth wide open": lambda f: with_lip_gap(f, 0.6),
    "eyes shut": lambda f: with_lids(f, 0.0),
    "looking aside": lambda f: looking_aside(f, 0.2),
}


@pytest.mark.parametrize("move", MOVES)
def test_covered_parts_go_with_the_head_and_do_nothing_else(face, move):
    portrait = (face / 512).astype(np.float32)
    transfer = MotionTransfer(PortraitFace(portrait, {"mouth", "eyes"}), face)
    pose = turned(face, yaw=10, roll=5)
    still, moved = transfer(pose), transfer(turned(MOVES[move](face).astype(np.float32), yaw=10, roll=5))
    kept = [*lm.LIPS, lm.CHIN, *lm.LEFT_EYE, *lm.RIGHT_EYE, *lm.LEFT_IRIS, *lm.RIGHT_IRIS]
    rigid = portrait @ moved.head[:, :3].T + moved.head[:, 3]
    np.testing.assert_allclose(moved.landmarks[kept], rigid[kept], atol=1e-5)
    np.testing.assert_allclose(moved.gaze, still.gaze, atol=1e-6)
    np.testing.assert_array_equal(moved.lids, 1)


@pytest.mark.parametrize(("covered", "free"), [("mouth", [159, 386]), ("eyes", [13, 14, 17])])
def test_what_is_not_covered_moves_as_ever(face, covered, free):
    portrait = (face / 512).astype(np.float32)
    driver = with_lids(with_lip_gap(face, 0.5), 0.2).astype(np.float32)
    bare, part = (
        MotionTransfer(portrait, face)(driver),
        MotionTransfer(PortraitFace(portrait, {covered}), face)(driver),
    )
    np.testing.assert_allclose(part.landmarks[free], bare.landmarks[free], atol=2e-3)


def test_nothing_opens_in_the_picture(face, enrolled):
    """Nor does it at rest: no mouth is painted on a mask whose landmarks have their lips apart."""
    persona = enrolled("mouth")
    picture = cut_crop(persona.picture, persona.crop, SIZE).astype(int)
    renderer = CpuRenderer(persona)
    shown = renderer.render(
        MotionTransfer(PortraitFace(persona.landmarks, persona.covered), face)(with_lip_gap(face, 0.6))
    )
    low, high = ((persona.landmarks[list(lm.OUTER_LIPS), :2] * SIZE)[:, k] for k in range(2))
    box = np.s_[int(high.min()) : int(high.max()), int(low.min()) : int(low.max())]
    assert np.abs(shown[box].astype(int) - picture[box]).max() <= 2  # resampled
    open_lips = with_lip_gap(face, 0.3)
    skin, inside, teeth = enroll.interior.split_layers(
        masked(face)[:256, :256], open_lips / 512, None, {"mouth", "eyes"}
    )
    np.testing.assert_array_equal(skin, inside[..., :3])
    assert not teeth.any()


def test_the_flags_of_the_command_line(face, livecam, tmp_path, monkeypatch):
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(face.copy())])
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), masked(face)[..., ::-1])
    words = ("enroll", path, "--name", "ada", "--size", SIZE)
    code, out, err = livecam(*words)
    assert code == 0, err
    assert out.count("--mouth visible") == 1
    assert store.load("ada", SIZE).covered == {"mouth"}
    code, out, err = livecam(*words, "--mouth", "visible", "--eyes", "covered")
    assert code == 0, err
    assert "visible" not in out
    assert store.load("ada", SIZE).covered == {"eyes"}
    code, _, err = livecam(*words, "--mouth", "perhaps")
    assert code == 2
    assert "--mouth perhaps" in err
