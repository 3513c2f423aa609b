"""The quick renderer that training uses shows the same people as the studio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from head_data import studio

SIZE = 192


@pytest.fixture(scope="module")
def bare():
    """A quick studio without lens and painter."""
    made = studio()
    from training.heads.dataset import Studio

    copy = object.__new__(Studio)
    copy.shape, copy.renderer, copy.plan = made.shape, made.renderer, replace(made.plan, lens=False)
    return copy


def test_extreme_moments_stay_finite(bare):
    from training.heads.compose import compose
    from training.heads.renderer import Moment
    from training.heads.shape import Gaze, Pose

    person = bare.person(3)
    everything = np.ones(len(bare.shape.data.expression_names), np.float32)
    for moment in (
        Moment(everything, Gaze(60, 40), Pose(70, 40, 30)),
        Moment(-everything, Gaze(-60, -40), Pose(-70, -40, -30)),
    ):
        layers = bare.renderer.draw(person, moment, SIZE)
        for layer in (layers.light, layers.albedo, layers.shine, layers.spread, layers.vertices):
            assert np.isfinite(layer).all()
        assert compose(layers, person.look, SIZE // 2, 3).rgb.std() > 5


def test_a_nose_throws_its_shadow_to_the_side_away_from_the_lamp(bare):
    from training.heads.lights import Lamp, Lighting
    from training.heads.person import Person
    from training.heads.renderer import Moment

    rest = Moment(np.zeros(len(bare.shape.data.expression_names), np.float32))
    light = {}
    for side in (-1, 1):
        lamp = Lamp(side * 60, 20, (2.0, 2.0, 2.0), 8)
        person = bare.person(3)
        look = replace(person.look, lighting=Lighting((lamp,)), glasses=None, hat=None)
        person = Person(bare.shape, bare.renderer.wardrobe, person.identity, look, 3)
        layers = bare.renderer.draw(person, rest, SIZE)
        points = look.camera.project(bare.shape.landmarks(layers.vertices), SIZE)
        # Beside the wings of the nose, on the subject's right (left in the picture) and left.
        x, y = points[[203, 423], :2].round().astype(int).T
        light[side] = layers.light[y, x].mean(-1)
    assert light[-1][0] > 1.5 * light[-1][1]
    assert light[1][1] > 1.5 * light[1][0]


def test_the_sky_does_not_reach_under_the_chin(bare):
    from training.heads.lights import Lamp, Lighting
    from training.heads.person import Person
    from training.heads.renderer import Moment

    base = bare.person(3)
    # No lamp to speak of, and as much light from below as from above: what differs is how open a place is.
    lighting = Lighting((Lamp(0, 0, (1e-4, 1e-4, 1e-4)),), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    look = replace(base.look, lighting=lighting, glasses=None, hat=None)
    person = Person(bare.shape, bare.renderer.wardrobe, base.identity, look, 3)
    layers = bare.renderer.draw(
        person, Moment(np.zeros(len(bare.shape.data.expression_names), np.float32)), SIZE
    )
    points = look.camera.project(bare.shape.landmarks(layers.vertices), SIZE)
    x, y = points[[9, 152], :2].round().astype(int).T  # between the brows, and the chin
    below = y[1] + round(1.5 * look.camera.pixels_per_cm(SIZE))
    # A chin hides a fifth to a third of the sky, by the length of the neck; unhidden, both would be alike.
    assert layers.light[y[0], x[0]].mean() > 1.15 * layers.light[below, x[1]].mean()


def test_a_dark_face_has_no_glowing_tongue():
    """With a fair face's tongue it was 2.6 times as bright as its skin; a network that learned so gave such
    tongues to dim paintings."""
    from training.heads.materials import Material
    from training.heads.performance import expression
    from training.heads.person import Person
    from training.heads.renderer import Moment, Renderer

    base, shape = studio().person(3), studio().shape
    renderer = Renderer(shape, tile=128, casting=3_000, quick=True)
    speaking = Moment(expression(shape.data, jawOpen=0.4))
    against_skin = []
    for color in ((0.86, 0.68, 0.58), (0.33, 0.22, 0.16)):
        look = replace(base.look, skin=replace(base.look.skin, color=color))
        person = Person(shape, renderer.wardrobe, base.identity, look, 3)
        layers = renderer.draw(person, speaking, SIZE)
        sent = layers.light * layers.albedo + layers.shine
        tongue, skin = (sent[layers.material == kind].mean() for kind in (Material.TONGUE, Material.FACE))
        against_skin.append(tongue / skin)
    fair, dark = against_skin
    # In linear light a tongue on films has a fifth to two thirds of the skin's.
    assert 0.05 < fair < 1
    assert dark < 1


def test_the_sky_reaches_clothes(bare):
    """Their triangles may be wound either way: what counts is the side that is seen."""
    from training.heads.lights import Lamp, Lighting
    from training.heads.materials import Material
    from training.heads.person import Person
    from training.heads.renderer import Moment

    rest = Moment(np.zeros(len(bare.shape.data.expression_names), np.float32))
    base = bare.person(3)
    light = []
    for lamp, sky in ((1e-4, 1.0), (1.0, 1e-4)):
        lighting = Lighting((Lamp(0, 20, (lamp, lamp, lamp)),), (sky,) * 3, (sky,) * 3)
        person = Person(
            bare.shape, bare.renderer.wardrobe, base.identity, replace(base.look, lighting=lighting), 3
        )
        layers = bare.renderer.draw(person, rest, SIZE)
        light.append(layers.light[layers.material == Material.CLOTH].mean())
    # Shoulders see some three quarters of the sky. A lamp that is in front falls on them at 20 to 90 degrees.
    assert light[0] > 0.5
    assert light[1] > 0.3


def test_earrings_hang_from_both_lobes(bare):
    from training.heads.jewellery import Earrings, earrings

    neutral = bare.person(3).neutral
    mesh = earrings(Earrings("hoop", 1.0), bare.shape.data, neutral)
    left, right = mesh.vertices[mesh.vertices[:, 0] < 0], mesh.vertices[mesh.vertices[:, 0] > 0]
    assert len(left) == len(right) > 0
    # A hoop of 1 cm stays within 2.5 cm of where it hangs, beside the head and below the ear's middle.
    for ring in (left, right):
        assert np.ptp(ring, axis=0).max() < 2.5
        assert np.abs(ring[:, 0]).min() > 6
    skin = neutral[bare.shape.data.part_vertices("face", "head_neck")]
    nearest = np.linalg.norm(skin[:, None] - left[None, ::8], axis=2).min()
    assert nearest < 0.3


def test_coarse_triangles_span_the_same_body():
    from training.heads.surfaces import coarse, grid_triangles

    y, x = np.mgrid[0:40, 0:40] * 0.1
    vertices = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3).astype(np.float32)
    triangles = grid_triangles(40, 40, closed=False)
    fewer = coarse(vertices, triangles, 0.5)
    assert 0 < len(fewer) < len(triangles) / 10
    # Corners move by less than a cell.
    assert np.abs(np.ptp(vertices[fewer.ravel()], axis=0) - np.ptp(vertices, axis=0)).max() < 0.5
