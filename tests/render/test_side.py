"""The hidden side of a turned portrait: nothing of it at rest, the other half mirrored once it turns back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, turned

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.motion.types import Motion, rest
from livecam.persona.enroll import build_persona
from livecam.persona.types import PersonaData
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.geometry import FrameGeometry
from livecam.render.matte import CutOut
from livecam.render.side import LEAST, HiddenSide, mix

NEAR, FAR = 352, 123
"""Landmarks on the right and the left cheek; turned to the picture's left, the left one is far."""
RED = np.array([230, 20, 20])


def at(picture: np.ndarray, points: np.ndarray, number: int) -> np.ndarray:
    x, y = np.clip((points[number, :2] * picture.shape[0]).astype(int), 0, picture.shape[0] - 1)
    return picture[y - 1 : y + 2, x - 1 : x + 2, :3].reshape(-1, 3).mean(0)


def turn(persona: PersonaData, yaw: float) -> Motion:
    points = persona.landmarks.astype(np.float64)
    linear, centre = geo.from_euler(np.radians([yaw, 0, 0])), points[list(lm.STABLE)].mean(0)
    head = geo.affine_about(linear, centre, centre).astype(np.float32)
    moved = (points @ head[:, :3].T + head[:, 3]).astype(np.float32)
    return Motion(moved, head, np.zeros((2, 2), np.float32), np.ones(2, np.float32))


@pytest.fixture(scope="module")
def portrait(face: np.ndarray) -> PersonaData:
    """Turned by 28 degrees, with a red spot on the cheek that is near; the far half in the shade."""
    points = turned(face, 28)
    picture = draw_face(points)
    nose = round(float(points[lm.NOSE_TIP, 0]))
    picture[:, :nose] = (picture[:, :nose] * 0.6).astype(np.uint8)
    cv2.circle(picture, tuple(int(v) for v in points[NEAR, :2]), 24, RED.tolist(), -1)
    return build_persona(picture, points, "turned", 256, {}, ellipse_mask(picture))


def test_a_frontal_portrait_has_no_hidden_side(persona: PersonaData) -> None:
    geometry = FrameGeometry(persona)
    geometry(turn(persona, 40))
    assert geometry.side(turn(persona, 40)) is None


def test_nothing_of_it_shows_at_rest_nor_turned_further_away(portrait: PersonaData) -> None:
    geometry = FrameGeometry(portrait)
    for motion in (rest(portrait.landmarks), turn(portrait, 15)):
        plain = FrameGeometry(portrait, hidden_side=False)(motion).flow.copy()
        np.testing.assert_array_equal(geometry(motion).flow, plain)
        assert geometry.side(motion) is None


def test_turned_back_the_far_cheek_is_the_near_one_mirrored(portrait: PersonaData) -> None:
    """In the portrait the spot is on the near cheek alone. What shade does to it keeps it red."""
    renderer = CpuRenderer(portrait)
    before, back = rest(portrait.landmarks), turn(portrait, -28)
    shown, turned_back = renderer.render(before), renderer.render(back)
    red = [at(picture, motion.landmarks, FAR) for picture, motion in ((shown, before), (turned_back, back))]
    assert red[0][0] < red[0][1] * 2
    assert red[1][0] > red[1][1] * 3


def test_the_mirrored_half_has_the_far_half_s_light(portrait: PersonaData) -> None:
    """Drawn at .6 of the near half's: skin of the forehead, where there is no spot."""
    side = HiddenSide(portrait)
    near = 332
    own, lit = (at(picture, portrait.landmarks, near) for picture in (portrait.foreground, side.texture))
    assert lit.mean() / own.mean() == pytest.approx(0.6, abs=0.15)


def test_it_comes_in_smoothly(portrait: PersonaData) -> None:
    """No vertex gains more than a fifth of it in a degree, none loses any on the way back."""
    side = HiddenSide(portrait)
    shares = np.array([side.shares(turn(portrait, -yaw).head) for yaw in range(40)])
    steps = np.diff(shares, axis=0)
    assert shares[0].max() < LEAST
    assert shares[-1].max() > 0.9
    assert steps.min() > -1e-6
    assert steps.max() < 0.2


def test_the_matte_is_that_of_the_picture(portrait: PersonaData) -> None:
    """Where the turned picture shows no background the cut-out is opaque: on the completed cheek."""
    back = turn(portrait, -28)
    assert at(CutOut(portrait).alpha(back)[..., None].repeat(3, 2), back.landmarks, FAR).mean() > 250


def test_graphs_complete_it_as_cpus_do(portrait: PersonaData) -> None:
    pytest.importorskip("torch")
    from livecam.render.choose import EngineRenderer

    graph, cpu = EngineRenderer(portrait, "torch"), CpuRenderer(portrait)
    for motion in (turn(portrait, -28), rest(portrait.landmarks), turn(portrait, -15)):
        off = graph.render(motion).astype(int) - cpu.render(motion)
        assert np.abs(off).mean() < 0.5  # of 255 levels; 70 dB is .08, and moved edges round twice


def test_mixed_in_equal_parts_both_outlines_stay() -> None:
    own, other = np.zeros((2, 1, 4), np.uint8), np.zeros((2, 1, 4), np.uint8)
    own[0], other[1] = (200, 100, 0, 255), (0, 100, 200, 255)
    out = np.empty_like(own)
    mix(own, other, np.full((2, 1), 0.5, np.float32), out)
    np.testing.assert_array_equal(out, own + other)
    mix(own, other, np.zeros((2, 1), np.float32), out)
    np.testing.assert_array_equal(out[0], own[0])
    assert out[1, 0, 3] == 0
