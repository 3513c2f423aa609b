"""One portrait moved by one clip, file to file as the product does it, and what a viewer would mind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from livecam.animator import Animator
from livecam.benchmarks.field.drivers import Driver
from livecam.benchmarks.field.edges import CropEdge
from livecam.benchmarks.field.ghosts import GhostFinder
from livecam.benchmarks.field.head import away, face_height, largest_steps
from livecam.benchmarks.field.maps import Neck, shown_places
from livecam.benchmarks.output import rounded
from livecam.errors import UserError
from livecam.frames import RGB, Landmarks
from livecam.motion.types import Motion, rest
from livecam.persona.types import PersonaData
from livecam.pipeline.lossless import frame_motions
from livecam.render.base import Renderer
from livecam.render.canvas import make_canvas
from livecam.render.geometry import FrameGeometry
from livecam.render.matte import CutOut
from livecam.settings import MotionSettings
from livecam.sources.memory import MemorySource

CALL: Final = "1280x720"
"""The canvas of calls: in it the judge looks, and sheets show it."""

Judging = Callable[[RGB], "Landmarks | None"]


@dataclass(slots=True)
class Pair:
    """Figures of one portrait and one clip; what they mean is in docs/benchmarks.md.

    pictures: what a call would see of the frames that a sheet shows, by position; worst: of the frame with
    the largest ghost, or else the largest step across the crop's edge, and its position.
    """

    portrait: str
    driver: str
    offset: float
    size: float
    neck: tuple[float, float]
    neck_hidden: int
    step: float
    lips_step: float
    uncovered: int
    ghost_frames: int
    ghost: float
    edge: float
    lost: int
    judged: int
    pictures: dict[int, RGB]
    worst: tuple[int, RGB]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; None where a figure is not known."""
        return {
            "offset": rounded(self.offset),
            "size": rounded(self.size),
            "neck_least": rounded(self.neck[0]),
            "neck_most": rounded(self.neck[1]),
            "neck_hidden": self.neck_hidden,
            "step": rounded(self.step, 3),
            "lips_step": rounded(self.lips_step, 3),
            "uncovered": self.uncovered,
            "ghost_frames": self.ghost_frames,
            "ghost": rounded(self.ghost),
            "edge": rounded(self.edge, 1),
            "lost": self.lost,
            "judged": self.judged,
        }


class _Once:
    """Draws a motion once, however many pictures are made of it in a row."""

    def __init__(self, renderer: Renderer) -> None:
        self.name, self._renderer = renderer.name, renderer
        self._drawn: tuple[Motion, RGB] | None = None

    def render(self, motion: Motion) -> RGB:
        if self._drawn is None or self._drawn[0] is not motion:
            self._drawn = motion, self._renderer.render(motion)
        return self._drawn[1]

    def close(self) -> None:
        self._renderer.close()


class Bench:
    """What is computed once of a portrait: its resting pictures, and what looks for faults in others."""

    def __init__(
        self,
        persona: PersonaData,
        renderer: Renderer,
        judge: Judging,
        motion: MotionSettings | None = None,
    ) -> None:
        """motion: how the driver's is passed on; None: as it is unless told.

        Raises:
            UserError: the judge finds no face in the portrait at rest.
        """
        self.persona, self.renderer, self.judge = persona, _Once(renderer), judge
        self._motion = motion
        still = rest(persona.landmarks)
        self.whole = make_canvas(persona, "source")
        self.edge = CropEdge(persona, self.whole.place(self.renderer.render(still)))
        with self.animator() as animator:
            found = judge(animator.paint(still))
        if found is None:
            todo = "Leave this portrait away."
            raise UserError(persona.name, "the judge finds no face in the resting portrait", todo)
        self.resting = found
        self.ghosts = GhostFinder(persona, renderer.render(still))
        self.neck = Neck(persona.landmarks)
        self.geometry, self.matte = FrameGeometry(persona), CutOut(persona)

    def animator(self) -> Animator:
        """The product's, as it would run from file to file for a call; a fresh one for every clip."""
        return Animator(self.persona, canvas=CALL, motion=self._motion, renderer=self.renderer)


def measure(bench: Bench, driver: Driver, every: int) -> Pair:
    """Move the portrait with the tracked clip. Maps are read of all frames, pictures of every `every`-th and
    of the last second's."""
    with bench.animator() as animator:
        source = MemorySource(driver.frames, driver.fps)
        motions = [moved.motion for moved in frame_motions(source, animator)]
        looks = [_look(bench, animator, motions[k], k) for k in driver.judged(every)]
    necks, uncovered = _maps(bench, motions)
    known = [length for length in necks if length is not None] or [np.nan]
    points = {look.position: look.points for look in looks}
    end = [away(seen, bench.resting) for k, seen in points.items() if seen is not None and k in driver.last]
    offset, size = np.median(end, axis=0) if end else (np.nan, np.nan)
    ours = largest_steps([motion.landmarks for motion in motions], face_height(bench.persona.landmarks))
    step, lips_step = np.divide(ours, np.maximum(driver.steps(), 1e-9))
    worst = max(looks, key=lambda look: (look.ghost, look.edge))
    return Pair(
        portrait=bench.persona.name,
        driver=driver.name,
        offset=float(offset),
        size=float(size),
        neck=(min(known), max(known)),
        neck_hidden=necks.count(None),
        step=float(step),
        lips_step=float(lips_step),
        uncovered=uncovered,
        ghost_frames=sum(look.ghost > 0 for look in looks),
        ghost=max(look.ghost for look in looks),
        edge=max(look.edge for look in looks),
        lost=sum(seen is None and driver.frames[k].landmarks is not None for k, seen in points.items()),
        judged=len(looks),
        pictures={look.position: look.picture for look in looks if look.position in driver.pictures},
        worst=(worst.position, worst.picture),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What pictures show of one frame. ghost: share of the face, 0 for none; edge: levels."""

    position: int
    picture: RGB
    points: Landmarks | None
    ghost: float
    edge: float


def _look(bench: Bench, animator: Animator, motion: Motion, position: int) -> _Look:
    picture, rendered = animator.paint(motion), bench.renderer.render(motion)
    shown = shown_places(bench.geometry(motion).flow)
    copies = bench.ghosts.copies(rendered, bench.matte.alpha(motion), shown)
    edge = bench.edge(bench.whole.place(rendered, motion))
    return _Look(
        position,
        picture,
        bench.judge(picture),
        max(bench.ghosts(copies), default=0.0),
        -np.inf if edge is None else edge,
    )


def _maps(bench: Bench, motions: Sequence[Motion]) -> tuple[list[float | None], int]:
    """The neck's length in every frame, and the most cells that no triangle covers in any."""
    necks, uncovered = [], 0
    for motion in motions:
        shown = shown_places(bench.geometry(motion).flow)
        uncovered = max(uncovered, bench.geometry.uncovered)
        necks.append(bench.neck(motion, shown))
    return necks, uncovered
