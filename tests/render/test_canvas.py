from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.persona.crop import cut_crop
from livecam.persona.types import Crop
from livecam.render.canvas import PictureCanvas
from livecam.settings import parse_size


@pytest.fixture(scope="module")
def large(make_persona):
    return make_persona(512)


def rendered(persona):
    """The crop as it is: what a perfect renderer gives at rest."""
    return cut_crop(persona.picture, persona.crop, persona.size)


def test_sizes():
    assert parse_size("source") is None
    assert parse_size("1280x720") == (1280, 720)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1281x720", "odd"),
        ("1280x721", "1280x722"),
        ("big", "WIDTHxHEIGHT"),
        ("0x0", "range"),
        ("9000x90", "range"),
    ],
)
def test_unusable_sizes(text, words):
    with pytest.raises(UserError, match=words):
        parse_size(text)


def test_source_gives_the_portrait_back(large):
    out = PictureCanvas(large, None).place(rendered(large))
    assert out.shape == large.picture.shape
    # The crop is 512 pixels for 506 of the picture: resampled twice, noise of 3 levels softened.
    assert np.abs(out.astype(int) - large.picture).mean() < 2.0


def test_source_leaves_the_rest_of_a_larger_picture_alone(persona):
    wide = np.full((900, 1400, 3), 77, np.uint8)
    wide[200:712, 400:912] = persona.picture
    crop = Crop(persona.crop.x + 400, persona.crop.y + 200, persona.crop.side)
    out = PictureCanvas(replace(persona, picture=wide, crop=crop), None).place(
        np.zeros((256, 256, 3), np.uint8)
    )
    np.testing.assert_array_equal(out[:150], wide[:150])
    np.testing.assert_array_equal(out[:, :380], wide[:, :380])
    assert out[450, 650].max() == 0  # and the crop is there


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (720, 1280), (320, 240)])
def test_the_face_is_framed_in_the_middle(large, size):
    canvas = PictureCanvas(large, size)
    marker = np.zeros((512, 512, 3), np.uint8)
    eyes = large.landmarks[list(lm.OUTER_EYE_CORNERS), :2].mean(0) * 512
    x, y = eyes.astype(int)
    marker[y - 6 : y + 6, x - 6 : x + 6] = 255
    out = canvas.place(marker)
    assert out.shape == (size[1], size[0], 3)
    found = np.argwhere(out.min(-1) > 200)
    assert len(found)
    row, column = found.mean(0)
    assert abs(column / size[0] - 0.5) < 0.12
    assert 0.25 < row / size[1] < 0.6


def test_no_canvas_is_black_anywhere(large):
    """Bars beside a narrow picture are filled with its own colours, dimmed."""
    out = PictureCanvas(large, (1280, 720)).place(rendered(large))
    bars = np.concatenate([out[:, :40], out[:, -40:]], 1)
    assert bars.mean() > 20


def test_place_returns_a_fresh_picture(persona):
    canvas = PictureCanvas(persona, (640, 480))
    first = canvas.place(np.zeros((256, 256, 3), np.uint8))
    copy = first.copy()
    canvas.place(np.full((256, 256, 3), 255, np.uint8))
    np.testing.assert_array_equal(first, copy)
