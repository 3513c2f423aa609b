"""Ghosts and steps along the crop's edge: planted ones are found, and none where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livecam.benchmarks.field.edges import CropEdge
from livecam.benchmarks.field.ghosts import LEAST, GhostFinder
from livecam.benchmarks.field.head import face_height
from livecam.benchmarks.field.maps import centres, shown_places
from livecam.face import landmarks as lm
from livecam.generator.inputs import FLOW_GRID
from livecam.motion.types import rest
from livecam.render.canvas import make_canvas
from livecam.render.cpu.compositor import blend_alpha
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.cpu.warper import CpuWarper
from livecam.render.geometry import FrameGeometry
from livecam.render.matte import CutOut


@pytest.fixture(scope="module")
def person(persona):
    """Before a plain wall: the drawn persona's own background goes on showing shoulders, which stand."""
    return replace(persona, background=np.full_like(persona.background, 120))


@pytest.fixture(scope="module")
def resting(person):
    return CpuRenderer(person).render(rest(person.landmarks))


@pytest.fixture(scope="module")
def finder(person, resting):
    return GhostFinder(person, resting)


def warped(person, shown):
    """(picture, matte) of a map: what a renderer draws without mouth and eyes."""
    flow = (shown - centres(len(shown))).transpose(2, 0, 1)[None].astype(np.float32)
    foreground = CpuWarper(person.size)(person.foreground, flow)
    picture = np.empty((*foreground.shape[:2], 3), np.uint8)
    blend_alpha(foreground, person.background, picture)
    return picture, foreground[..., 3]


def aside(person, share=0.3):
    """The map of a person that goes to the right as a whole, by this share of the face."""
    return centres(FLOW_GRID) - [share * face_height(person.landmarks), 0]


def test_a_person_that_moves_as_a_whole_leaves_no_ghost(person, finder):
    shown = aside(person)
    picture, matte = warped(person, shown)
    assert finder(finder.copies(picture, matte, shown)) == []


def test_a_portrait_at_rest_and_one_that_moves_a_little_have_no_ghost(person, resting, finder):
    """There the resting person is where it should be."""
    still = rest(person.landmarks)
    matte, shown = CutOut(person).alpha(still), shown_places(FrameGeometry(person)(still).flow)
    assert finder(finder.copies(resting, matte, shown)) == []
    shown = aside(person, 0.02)
    assert finder(finder.copies(*warped(person, shown), shown)) == []


def test_a_mouth_that_stays_behind_is_a_ghost_of_its_size(person, resting, finder):
    shown = aside(person)
    picture, matte = warped(person, shown)
    lips = person.landmarks[list(lm.LIPS), :2] * person.size
    (x0, y0), (x1, y1) = lips.min(0).astype(int) - 3, lips.max(0).astype(int) + 4
    picture[y0:y1, x0:x1] = resting[y0:y1, x0:x1]
    [ghost] = finder(finder.copies(picture, matte, shown))
    face = np.prod(np.ptp(person.landmarks[list(lm.FACE_OVAL), :2], axis=0)) * person.size**2
    whole = (y1 - y0) * (x1 - x0) / face
    assert 0.2 * whole < ghost < 1.5 * whole  # plain skin around the lips does not count; ovals are smaller


def test_a_sliver_that_the_map_leaves_where_it_was_is_a_ghost(person, resting, finder):
    """Hair at the head's left edge: as wide as two cells, too thin to have any texture."""
    shown = aside(person)
    row = int(person.landmarks[lm.FOREHEAD, 1] * FLOW_GRID)
    line = resting[int((row + 0.5) / FLOW_GRID * len(resting))].astype(int)
    left = int(np.argmax(np.abs(line - 120).mean(-1) > 40) * FLOW_GRID / len(resting)) + 1
    shown[row - 6 : row + 6, left : left + 3] = centres(FLOW_GRID)[row - 6 : row + 6, left : left + 3]
    picture, moved = warped(person, shown)
    found = finder(finder.copies(picture, moved, shown))
    assert len(found) == 1
    assert LEAST < found[0] < 0.05


def test_what_the_fill_left_of_the_person_is_a_ghost(person, resting, finder):
    """The matte says background, the map nothing, as at the crop's border, and there the old mouth is."""
    shown = np.full((FLOW_GRID, FLOW_GRID, 2), -1.0)
    empty = np.zeros((person.size, person.size), np.uint8)
    picture = person.background.copy()
    assert finder(finder.copies(picture, empty, shown)) == []
    below = person.landmarks[lm.FOREHEAD, 1]
    picture[int(below * len(picture)) :] = resting[int(below * len(picture)) :]
    assert finder(finder.copies(picture, empty, shown)) != []


@pytest.fixture(scope="module")
def inside(persona):
    """The persona with a crop that has all four edges inside the picture."""
    picture = np.random.default_rng(0).integers(100, 110, (500, 600, 3), dtype=np.uint8)
    return replace(persona, picture=picture, crop=replace(persona.crop, x=150, y=120, side=300))


def test_a_cut_at_the_crops_edge_is_as_high_as_it_is(inside):
    edge, canvas = CropEdge(inside, inside.picture), make_canvas(inside, "source")
    assert edge(inside.picture) == pytest.approx(0, abs=1e-6)
    crop = np.full((inside.size, inside.size, 3), 105, np.uint8)
    assert abs(edge(canvas.place(crop))) < 5  # the noise of the picture
    crop[80:180, -60:] = 165  # hair that the crop's right edge cuts
    assert edge(canvas.place(crop)) == pytest.approx(60, abs=5)


def test_a_step_that_the_portrait_has_anyway_is_none(inside):
    """A door frame along the edge."""
    picture = inside.picture.copy()
    picture[:, 450:] = 200
    framed = replace(inside, picture=picture)
    edge = CropEdge(framed, picture)
    assert edge(picture) == pytest.approx(0, abs=1e-6)


def test_a_crop_as_large_as_its_picture_has_no_edge(persona):
    picture = np.zeros((300, 300, 3), np.uint8)
    whole = replace(persona, picture=picture, crop=replace(persona.crop, x=0, y=-10, side=320))
    assert CropEdge(whole, picture)(picture) is None


def test_an_outline_that_crosses_the_edge_is_no_cut(inside):
    """A shoulder, aslant over the crop's lower edge, goes on beyond it: a few levels, of noise."""
    y, x = np.mgrid[0:500, 0:600]
    picture = np.where((x + 2 * (y - 420) > 300)[..., None], 200, inside.picture).astype(np.uint8)
    assert CropEdge(inside, inside.picture)(picture) < 8
