"""Pictures and their truth agree, and a seed names a picture."""

from __future__ import annotations

import numpy as np
import pytest
from head_data import studio

from livecam.face import landmarks as points


@pytest.fixture(scope="module")
def people():
    """Seeds that show a face without a hat."""
    made = studio()
    return {seed: made.pictures(seed) for seed in (1, 3)}


def test_the_same_seed_gives_the_same_picture(people):
    again = studio().pictures(1)
    for name, value in people[1].items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    assert (people[1]["images"] != people[3]["images"]).any()


def test_renderers_do_not_disturb_each_other(people):
    """Each has a context of its own, and OpenGL draws in whichever is current: here another, then none."""
    from training.heads.gpu import create_context

    first = studio()
    first.pictures(3)
    other = create_context()
    np.testing.assert_array_equal(first.pictures(1)["images"], people[1]["images"])
    other.release()
    np.testing.assert_array_equal(first.pictures(1)["images"], people[1]["images"])


def test_shapes_and_types(people):
    found = people[1]
    assert found["images"].shape == (3, 128, 128, 3)
    assert found["images"].dtype == found["material"].dtype == found["alpha"].dtype == np.uint8
    assert found["landmarks"].shape == (3, 478, 3)
    assert all(np.isfinite(found[name]).all() for name in ("landmarks", "pose", "gaze", "expression"))


def test_the_oval_of_landmarks_lies_on_the_face(people):
    from training.heads.truth import mask

    for found in people.values():
        # Frame 0 is frontal: the cheeks and the bridge of the nose are hidden by nothing.
        x, y = found["landmarks"][0, [50, 280, 6, 197, 195], :2].round().astype(int).T
        assert mask(found["material"][0], "face")[y, x].all()


def test_irises_lie_on_eyes(people):
    from training.heads.truth import mask

    for found in people.values():
        for iris in (points.LEFT_IRIS[0], points.RIGHT_IRIS[0]):
            x, y = found["landmarks"][0, iris, :2].round().astype(int)
            # A lash or a rim of glasses may cross the centre itself, not all pixels around it.
            assert mask(found["material"][0, y - 1 : y + 2, x - 1 : x + 2], "eyes").any()


def test_material_and_alpha_agree(people):
    found = people[3]
    background = found["material"] == 0
    # Pixels mixed at the outline are in neither comparison.
    assert (found["alpha"][background] < 255).all()
    assert (found["alpha"][~background] > 0).all()
    assert 0.05 < background.mean() < 0.9


def test_an_open_mouth_shows_teeth_and_a_shut_one_none():
    from training.heads.performance import expression
    from training.heads.renderer import Moment
    from training.heads.truth import mask, truth

    made = studio()
    person, data = made.person(1), made.shape.data
    shut, opened = (
        made.renderer.draw(person, Moment(expression(data, **levels)), 256)
        for levels in ({}, {"jawOpen": 0.45, "mouthUpperUp": 0.4})
    )
    assert mask(opened.material, "teeth").sum() > 20
    assert mask(opened.material, "mouth").sum() > 10 * mask(shut.material, "mouth").sum()
    gaps = []
    for layers in (shut, opened):
        found = truth(made.shape, person.look.camera, Moment(expression(data)), layers, 256).landmarks
        gaps.append(np.linalg.norm(found[13, :2] - found[14, :2]))
    # Lips that touch are thick: their landmarks lie a little apart.
    assert gaps[0] < 4
    assert gaps[1] > 2 * gaps[0] + 4


def test_every_kind_of_person_renders():
    """Bald, hats, glasses, beards: a run of seeds holds them all, and none draws nothing."""
    made = studio()
    for seed in range(20, 26):
        person = made.person(seed)
        layers = made.renderer.draw(person, made.moments(seed)[1], 64)
        assert np.isfinite(layers.light).all()
        assert (layers.material > 0).mean() > 0.1
