"""What stands behind the person: exactly what was asked for where nobody is, and the person as before."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from livecam.errors import UserError
from livecam.frames import RGB
from livecam.motion.types import rest
from livecam.persona.types import PersonaData
from livecam.render.backdrop import GREEN, KINDS, Framing, covering, over_green
from livecam.render.canvas import PictureCanvas
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.matte import CutOut

SIZE = (640, 360)
PURPLE = (120, 40, 160)


def shown(persona: PersonaData, framing: Framing, turned: float = 0.0) -> np.ndarray:
    canvas = PictureCanvas(persona, SIZE, framing)
    motion = rest(canvas.persona.landmarks)
    if turned:
        head = motion.head.copy()
        head[0, 3] += turned
        moved = motion.landmarks + np.array([turned, 0, 0], np.float32)
        motion = replace(motion, head=head, landmarks=moved)
    rendered = CpuRenderer(canvas.persona).render(motion)
    if framing.transparent:
        rendered = CutOut(canvas.persona)(rendered, motion)
    return canvas.place(rendered, motion)


def nobody(persona: PersonaData) -> np.ndarray:
    """Where surely nobody is, a margin away from the person."""
    alpha = shown(persona, Framing(background="transparent"))[..., 3]
    return cv2.dilate((alpha > 0).astype(np.uint8), np.ones((31, 31), np.uint8)) == 0


def inside(persona: PersonaData) -> np.ndarray:
    """Where surely the person is."""
    alpha = shown(persona, Framing(background="transparent"))[..., 3]
    return cv2.erode((alpha == 255).astype(np.uint8), np.ones((15, 15), np.uint8)) == 1


def pictured() -> RGB:
    y, x = np.mgrid[0:200, 0:300]
    return np.dstack([x * 255 // 299, y * 255 // 199, np.full_like(x, 90)]).astype(np.uint8)


@pytest.mark.parametrize(
    ("background", "colour"), [("colour", PURPLE), ("green", GREEN), ("transparent", GREEN)]
)
@pytest.mark.parametrize("turned", [0.0, 0.05])
def test_where_nobody_is_there_is_the_colour(persona, background, colour, turned):
    out = shown(persona, Framing(background=background, colour=PURPLE), turned)
    if background == "transparent":
        out = over_green(out)
    free = nobody(persona)
    free &= np.roll(free, round(turned * 400), 1)
    assert free.mean() > 0.1
    assert (out[free] == colour).all()


@pytest.mark.parametrize("background", KINDS)
def test_the_person_is_as_before(persona, background):
    before = shown(persona, Framing())
    out = shown(persona, Framing(background=background, colour=PURPLE, picture=pictured()))[..., :3]
    there = inside(persona)
    assert there.mean() > 0.05
    # Colours under full alpha are the picture's own, but for a resize's rounding.
    assert np.abs(out[there].astype(int) - before[there]).max() <= 2


def test_a_picture_covers_the_canvas(persona):
    out = shown(persona, Framing(background="picture", picture=pictured()))
    free = nobody(persona)
    # One is resampled once more, for the crop's square, and back.
    assert np.abs(out[free].astype(int) - covering(pictured(), *SIZE)[free]).max() <= 4


def test_a_blurred_background_has_the_same_light_and_no_edges(persona):
    before, out = shown(persona, Framing()), shown(persona, Framing(background="blurred"))
    free = nobody(persona)
    assert np.abs(out[free].mean(0) - before[free].mean(0)).max() < 12
    steps = np.abs(np.diff(out.astype(int), axis=1)).max(-1)[free[:, 1:] & free[:, :-1]]
    assert steps.max() <= 4


@pytest.mark.parametrize("shape", [(10, 1000), (1000, 10), (1, 1), (360, 640)])
def test_any_picture_covers(shape):
    out = covering(np.full((*shape, 3), 7, np.uint8), *SIZE)
    assert out.shape == (SIZE[1], SIZE[0], 3)
    assert (out == 7).all()


def test_what_there_is_not():
    with pytest.raises(UserError):
        Framing(background="sea")
    with pytest.raises(UserError):
        Framing(background="picture")
