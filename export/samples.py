"""Inputs to compare engines on, made up from a seed: noise, and portraits as plain as a scarecrow.

Noise finds errors in coordinates and borders (every pixel differs from its neighbours); the plausible
inputs say what an error means in a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face.landmarks import (
    COUNT,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
)
from livecam.generator.inputs import FLOW_GRID, OPENINGS, FrameInputs, PersonaInputs

# x and y of the middle, and width, in 0..1 of the crop: about where an enrolled portrait has them.
MOUTH: Final = (0.50, 0.62, 0.14)
LEFT_EYE: Final = (0.42, 0.43, 0.08)
RIGHT_EYE: Final = (0.58, 0.43, 0.08)


@dataclass(frozen=True, slots=True)
class Sample:
    """One set of inputs, with a name for tables."""

    name: str
    persona: PersonaInputs
    frame: FrameInputs

    def feeds(self) -> dict[str, NDArray[Any]]:
        """Every input by name."""
        return self.persona.feeds() | self.frame.feeds()


def noise_sample(size: int, seed: int) -> Sample:
    """White noise pictures, and a flow that jumps by up to .04 from cell to cell and leaves the picture.

    The jumps are those at the edge of a turned head (.04, and .12 for a nodding one). Wilder ones say nothing
    about an engine: libraries agree to about 1e-5 on the place within a cell of the flow, and white noise
    turns that share of the jump, in pixels, into an error of the picture.
    """
    random = np.random.default_rng(seed)

    def picture(channels: int) -> NDArray[np.uint8]:
        return random.integers(0, 256, (size, size, channels), dtype=np.uint8)

    jumps = random.uniform(-0.02, 0.02, (1, 2, FLOW_GRID, FLOW_GRID))
    shift = random.uniform(-0.15, 0.15, (1, 2, 1, 1))
    frame = FrameInputs(
        flow=(jumps + shift).astype(np.float32),
        creases=random.uniform(-0.3, 0.1, (1, 1, FLOW_GRID, FLOW_GRID)).astype(np.float32),
        landmarks=random.uniform(0, 1, (COUNT, 2)).astype(np.float32),
        inner_inverse=(np.eye(2, 3) + random.uniform(-0.02, 0.02, (OPENINGS, 2, 3))).astype(np.float32),
        inner_centre=random.uniform(0, 1, (OPENINGS, 2)).astype(np.float32),
        jaw_inverse=(np.eye(2, 3) + random.uniform(-0.02, 0.02, (2, 3))).astype(np.float32),
        lids=_lids(random),
    )
    persona = PersonaInputs.from_pictures(picture(4), picture(3), picture(12), picture(8))
    return Sample(f"noise {seed}", persona, frame)


def figure_sample(size: int, seed: int) -> Sample:
    """A soft-edged figure that turns, talks and blinks a little: what a call gives, in all but looks."""
    random = np.random.default_rng(seed)
    landmarks = gaping_landmarks(mouth_gap=random.uniform(0, 0.06), eye_gap=random.uniform(0, 0.03))
    turn = random.uniform(-0.3, 0.3)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * random.uniform(
        0.9, 1.1
    )
    move = random.uniform(-0.03, 0.03, 2)
    inverse = np.linalg.inv(matrix)

    def moved(points: NDArray[Any]) -> NDArray[Any]:
        return (points - 0.5) @ matrix.T + 0.5 + move

    openings = np.array([MOUTH[:2], LEFT_EYE[:2], RIGHT_EYE[:2]])
    gaze = np.concatenate([[[0.0, 0.0]], random.uniform(-0.01, 0.01, (2, 2))])
    centres = moved(openings) + gaze
    offsets = openings - centres @ inverse.T  # inverse @ centre + offset = where the portrait has it

    here = _cell_centres(FLOW_GRID)  # (G, G, 2)
    back = (here - 0.5 - move) @ inverse.T + 0.5
    near = np.exp(-((np.linalg.norm(here - 0.5, axis=-1) / 0.35) ** 4))[..., None]  # the edges stand still
    bumps = cv2.resize(
        random.normal(0, 0.006, (8, 8, 2)), (FLOW_GRID, FLOW_GRID), interpolation=cv2.INTER_CUBIC
    )
    flow = (back - here + bumps) * near

    frame = FrameInputs(
        flow=np.ascontiguousarray(flow.transpose(2, 0, 1)[None], np.float32),
        creases=(near[None, None, ..., 0] * random.uniform(-0.2, 0.0)).astype(np.float32),
        landmarks=moved(landmarks).astype(np.float32),
        inner_inverse=np.concatenate(
            [np.broadcast_to(inverse, (OPENINGS, 2, 2)), offsets[..., None]], -1
        ).astype(np.float32),
        inner_centre=centres.astype(np.float32),
        jaw_inverse=np.concatenate([inverse, (offsets[0] - (0, 0.02))[:, None]], -1).astype(np.float32),
        lids=_lids(random),
    )
    return Sample(f"plausible {seed}", _figure(size, random), frame)


def resting_sample(size: int, seed: int) -> Sample:
    """The same figure, standing still, lips and lids shut: the picture is the portrait itself."""
    centres = np.array([MOUTH[:2], LEFT_EYE[:2], RIGHT_EYE[:2]], np.float32)
    identity = np.broadcast_to(np.eye(2, 3, dtype=np.float32), (OPENINGS, 2, 3))
    frame = FrameInputs(
        flow=np.zeros((1, 2, FLOW_GRID, FLOW_GRID), np.float32),
        creases=np.zeros((1, 1, FLOW_GRID, FLOW_GRID), np.float32),
        landmarks=gaping_landmarks(mouth_gap=0, eye_gap=0),
        inner_inverse=np.ascontiguousarray(identity),
        inner_centre=centres,
        jaw_inverse=identity[0].copy(),
        lids=resting_lids(),
    )
    return Sample(f"at rest {seed}", _figure(size, np.random.default_rng(seed)), frame)


def resting_lids() -> NDArray[np.float32]:
    """(2, 12): lids as the portrait has them."""
    return np.concatenate([np.zeros((2, 6)), np.tile(np.eye(2, 3).ravel(), (2, 1))], 1).astype(np.float32)


def _lids(random: np.random.Generator) -> NDArray[np.float32]:
    """(2, 12): lids and their shares by chance, their skin a little moved."""
    lids = resting_lids() + random.uniform(-0.02, 0.02, (2, 12))
    lids[:, :6] = random.uniform(0, 1, (2, 6))
    return lids.astype(np.float32)


def gaping_landmarks(mouth_gap: float, eye_gap: float) -> NDArray[np.float32]:
    """(478, 2) landmarks: lips and lids that gape by so much, in 0..1; all other points in the middle."""
    points = np.full((COUNT, 2), 0.5)
    for upper, lower, (x, y, width), gap in (
        (INNER_LIP_UPPER, INNER_LIP_LOWER, MOUTH, mouth_gap),
        (LEFT_EYE_UPPER, LEFT_EYE_LOWER, LEFT_EYE, eye_gap),
        (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER, RIGHT_EYE, eye_gap),
    ):
        along = np.linspace(0, 1, len(upper))
        arch = np.sin(np.pi * along) * gap / 2
        arch[[0, -1]] = 0  # the corners are shared
        points[list(upper)] = np.stack([x + (along - 0.5) * width, y - arch], -1)
        points[list(lower)] = np.stack([x + (along - 0.5) * width, y + arch], -1)
    return points.astype(np.float32)


def _figure(size: int, random: np.random.Generator) -> PersonaInputs:
    """Head and shoulders as one ellipse on mottled ground, with something else inside."""

    def mottled() -> NDArray[np.float64]:
        coarse = cv2.resize(random.uniform(40, 215, (6, 6, 3)), (size, size), interpolation=cv2.INTER_CUBIC)
        fine = cv2.resize(random.normal(0, 15, (64, 64, 3)), (size, size), interpolation=cv2.INTER_CUBIC)
        return np.asarray(coarse + fine)

    here = _cell_centres(size)
    radius = np.linalg.norm((here - (0.5, 0.55)) / (0.3, 0.4), axis=-1, keepdims=True)
    matte = np.clip((1 - radius) * 20, 0, 1) * 255  # a hair edge of about .015
    foreground = np.concatenate([mottled(), matte], -1)
    background, interior, aside, shut = (_bytes(mottled()) for _ in range(4))
    return PersonaInputs.from_pictures(
        _bytes(foreground), background, np.dstack([interior, aside, shut, shut // 8]), _rows(size)
    )


def _rows(size: int) -> NDArray[np.uint8]:
    """S x S x 8: two rows of teeth, above and below the middle of the mouth, not in it."""
    here, width = _cell_centres(size) - MOUTH[:2], MOUTH[2]
    rows = []
    for side in (-1, 1):
        away = np.stack([here[..., 0] / (0.4 * width), (here[..., 1] - side * 0.15 * width) / (0.1 * width)])
        cover = np.clip((1 - np.abs(away).max(0)) * 20, 0, 1)[..., None] * 255
        rows += [np.full((size, size, 3), (230, 220, 200)), cover]
    return _bytes(np.concatenate(rows, -1))


def _bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.asarray(picture, np.float64).round(), 0, 255).astype(np.uint8)


def _cell_centres(cells: int) -> NDArray[np.float64]:
    """(cells, cells, 2): x and y."""
    centres = (np.arange(cells) + 0.5) / cells
    return np.stack(np.meshgrid(centres, centres), -1)
