"""Folds of the skin come with a smile, on its side, beside the mouth, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from faces import smiling, turned, with_lip_gap

from livecam.face import landmarks as lm
from livecam.generator.inputs import FLOW_GRID
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.persona.types import PersonaData
from livecam.render.cpu.creases import crease
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.creases import Creases
from livecam.render.geometry import FrameGeometry

STILL = np.zeros((1, 2, FLOW_GRID, FLOW_GRID), np.float32)


def smile(persona: PersonaData, left: float, right: float) -> Motion:
    """Each corner of the mouth by its share of a wide smile."""
    return replace(rest(persona.landmarks), landmarks=smiling(persona.landmarks, left, right))


def beside(persona: PersonaData, numbers: tuple[int, ...]) -> tuple[int, int]:
    """Row and column of the cell in the middle of some landmarks."""
    x, y = persona.landmarks[list(numbers), :2].mean(0) * FLOW_GRID
    return int(y), int(x)


LEFT_FOLD, RIGHT_FOLD = (203, 206), (423, 426)


def test_a_smile_darkens_the_fold_of_its_own_side(persona) -> None:
    creases = Creases(persona)
    left = creases(smile(persona, 1, 0), STILL)[0, 0].copy()
    both = creases(smile(persona, 1, 1), STILL)[0, 0]
    # A wide smile takes some tenth of the skin's light; what shows at all is a hundredth.
    assert left[beside(persona, LEFT_FOLD)] < -0.03
    assert abs(left[beside(persona, RIGHT_FOLD)]) < 0.01
    assert both[beside(persona, RIGHT_FOLD)] < -0.03


def test_lips_and_forehead_keep_their_light(persona) -> None:
    change = Creases(persona)(smile(persona, 1, 1), STILL)[0, 0]
    for numbers in ((13,), (14,), (lm.FOREHEAD,), lm.LEFT_EYE, lm.RIGHT_EYE, (lm.CHIN,)):
        assert abs(change[beside(persona, numbers)]) < 0.01
    outside = np.ones((FLOW_GRID, FLOW_GRID), bool)
    (left, top), (right, bottom) = (
        edge(persona.landmarks[:, :2], 0) * FLOW_GRID for edge in (np.min, np.max)
    )
    outside[int(top) - 1 : int(bottom) + 2, int(left) - 1 : int(right) + 2] = False
    assert not change[outside].any()


def test_without_a_smile_there_is_none(persona, face) -> None:
    transfer = MotionTransfer(persona.landmarks, face)
    creases = Creases(persona)
    for motion in (
        rest(persona.landmarks),
        smile(persona, -1, -1),
        transfer(turned(face, yaw=15, pitch=5, roll=-8).astype(np.float32)),
        transfer(with_lip_gap(face, 0.3).astype(np.float32)),
    ):
        assert not creases.smiles(motion).any()
        assert not creases(motion, STILL).any()


def test_a_smile_is_as_wide_however_the_head_lies(persona) -> None:
    """Turned in the picture by 20 degrees and enlarged by a tenth."""
    motion = smile(persona, 1, 0.6)
    angle = np.deg2rad(20)
    matrix = 1.1 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    head = np.eye(3, 4, dtype=np.float32)
    head[:2, :2], head[:2, 3] = matrix, (0.2, -0.1)
    points = motion.landmarks.copy()
    points[:, :2] = points[:, :2] @ matrix.T + (0.2, -0.1)
    moved = replace(motion, landmarks=points.astype(np.float32), head=head)
    creases = Creases(persona)
    assert creases.smiles(moved) == pytest.approx(creases.smiles(motion), abs=1e-3)
    assert creases.smiles(motion).min() > 0


def test_folds_go_where_the_skin_goes(persona) -> None:
    """A flow that takes every place from ten cells to the left moves them as far to the right."""
    creases, motion = Creases(persona), smile(persona, 1, 1)
    still = creases(motion, STILL).copy()
    flow = STILL.copy()
    flow[0, 0] -= 10 / FLOW_GRID
    assert creases(motion, flow)[..., 10:] == pytest.approx(still[..., :-10], abs=1e-4)


def test_the_picture_shows_them_and_at_rest_none(persona) -> None:
    renderer, motion = CpuRenderer(persona), smile(persona, 1, 1)
    inputs = FrameGeometry(persona)(motion)
    row, column = np.unravel_index(inputs.creases[0, 0].argmin(), (FLOW_GRID, FLOW_GRID))
    scale = persona.size // FLOW_GRID
    box = np.s_[row * scale : (row + 1) * scale, column * scale : (column + 1) * scale]
    drawn = renderer.render(motion)[box].astype(float)
    renderer._geometry._creases._maps[:] = 0
    plain = renderer.render(motion)[box].astype(float)
    depth = 1 - drawn.mean((0, 1)) / plain.mean((0, 1))
    assert depth[1] == pytest.approx(-inputs.creases.min(), abs=0.03)  # the green, of a cell's middle
    assert depth[0] < depth[2]  # the red fades less than the blue


def test_nothing_is_touched_where_nothing_changes() -> None:
    person = np.random.default_rng(0).integers(0, 256, (96, 96, 4), dtype=np.uint8)
    change = np.zeros((1, 1, FLOW_GRID, FLOW_GRID), np.float32)
    changed = person.copy()
    crease(changed, change)
    assert np.array_equal(changed, person)
    change[0, 0, 60:68, 60:68] = -0.5
    crease(changed, change)
    assert np.array_equal(changed[..., 3], person[..., 3])
    assert np.array_equal(changed[:44], person[:44])
    assert (changed[46:50, 46:50, 1].astype(float) < 0.6 * person[46:50, 46:50, 1] + 1).all()
