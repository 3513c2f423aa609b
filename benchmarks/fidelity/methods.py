"""The pictures that stand side by side: static, warper, controls, refined with T pictures, the paper's form.

The product's own renderer warps every frame once, and the controls make their pictures of that. Refined
pictures are the product's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from livecam.animator import Animator, Tracker
from livecam.arrays import F32
from livecam.benchmarks.fidelity import mouth_and_eyes
from livecam.frames import RGB, Landmarks, evenly_spread
from livecam.generator import weights as weights_files
from livecam.generator.weights import PAINTER, Weights
from livecam.motion.types import Motion
from livecam.persona import enroll, person_shots
from livecam.persona.crop import cut_crop
from livecam.persona.types import PersonaData, Style
from livecam.pipeline.lossless import frame_motions
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.refiner_setup import cpu_refiner
from livecam.render.style import with_style
from livecam.settings import MotionSettings
from livecam.sources.base import Source

if TYPE_CHECKING:
    from livecam.finetune.tuning import TuningResult

Method = Callable[[RGB, Motion], RGB]
"""The warper's picture S x S x 3 and the motion it shows -> S x S x 3."""
Shot = tuple[RGB, F32]
"""A picture of the person and its landmarks, as `livecam.persona.person_shots.aligned_shot` makes them."""
STATIC, WARPER, REFINED, BLURRED, FLAT, PAPER = "static", "warper", "refined", "blurred", "flat", "paper"
BOUND = "bound"
"""The truth itself wherever a refiner may change anything: nearer to the whole truth no refiner can come."""
TUNED_SHOTS = 8
"""Pictures that a person is fine-tuned on."""
APART = 2
"""Pictures given to the embedder lie at least so many frames from any that is compared."""


def drive(
    source: Source,
    persona: PersonaData,
    tracker: Tracker | None,
    limit: int | None = None,
    follow: str = "head",
) -> tuple[list[tuple[int, Motion]], Landmarks | None]:
    """Every frame's number and motion, as a run from file to file with --no-idle has them, and the driver's
    neutral face. follow: as `MotionSettings` has it."""
    with Animator(persona, tracker=tracker, motion=MotionSettings(idle=False, follow=follow)) as animator:
        moved = [(step.frame.index, step.motion) for step in frame_motions(source, animator, limit)]
        return moved, animator.finder.neutral


def load(folder: Path) -> Weights:
    """What `python -m training.ship` wrote.

    Raises:
        UserError: there is no manifest, or it is damaged.
    """
    found = weights_files.find_weights({weights_files.VARIABLE: str(folder)})
    assert found is not None  # only where no folder is named
    return found


def refiner(persona: PersonaData, weights: Weights, shots: Sequence[Shot] = ()) -> Method:
    """The product's, for a person enrolled with the portrait and `shots` more pictures.

    Raises:
        UserError: a file of the weights is missing, damaged or cannot be run.
    """
    return _drawn_anew(_enrolled(persona, shots), weights)


def tuned(
    persona: PersonaData, weights: Weights, others: Sequence[Shot], steps: int
) -> tuple[Method, TuningResult]:
    """`refiner` with these pictures, fine-tuned on them as `livecam enroll PICTURE... --steps N` does.

    others: enrolled squares, S x S x 3, and landmarks (478, 3) in 0..1 of them.

    Raises:
        UserError: as `refiner`.
    """
    from livecam.finetune import tuning

    known = with_style(_enrolled(persona, [person_shots.aligned_shot(*other) for other in others]), weights)
    found = tuning.fine_tune(known, others, weights.file(PAINTER), steps)
    known = replace(known, style=Style(found.style, weights.name, steps))
    return _drawn_anew(known, weights), found


def _enrolled(persona: PersonaData, shots: Sequence[Shot]) -> PersonaData:
    own = person_shots.portrait_shots(persona)
    pictures = person_shots.stack_shots([(own.pictures[0], own.landmarks[0]), *shots])
    known = replace(persona, shots=pictures, style=None)
    return enroll.resize(known, persona.size) if shots else known


def _drawn_anew(persona: PersonaData, weights: Weights) -> Method:
    """As the product draws it: its refiner is told where teeth are, and more pictures may show some."""
    renderer = CpuRenderer(persona, cpu_refiner(persona, weights))
    return lambda warped, motion: renderer.render(motion)


def portrait(persona: PersonaData) -> RGB:
    """The portrait's crop, S x S x 3."""
    return cut_crop(persona.picture, persona.crop, persona.size)


def name_of(shots: int, tuned: bool = False) -> str:
    """Of the refined row with so many pictures, or of that fine-tuned on them."""
    return f"{REFINED} T={shots} tuned" if tuned else REFINED if shots == 1 else f"{REFINED} T={shots}"


def untrained(persona: PersonaData) -> dict[str, Method]:
    """Static portrait, warper, and the controls that know nothing."""
    picture = portrait(persona)
    return {
        STATIC: lambda warped, motion: picture,
        WARPER: lambda warped, motion: warped,
        BLURRED: lambda warped, motion: _controls(warped, motion)[BLURRED],
        FLAT: lambda warped, motion: _controls(warped, motion)[FLAT],
    }


def _controls(warped: RGB, motion: Motion) -> dict[str, RGB]:
    masks, crop = mouth_and_eyes.picture_regions(motion.landmarks, warped.shape[0])
    return mouth_and_eyes.controls(warped, masks, crop)


def shot_numbers(frames: int, compared: Sequence[int], shots: int) -> list[int]:
    """Numbers of `shots` - 1 frames beside the portrait, which is frame 0: evenly spread, and `APART` from
    every frame that is compared. Fewer where the clip has no more."""
    taken = {index + step for index in compared for step in range(1 - APART, APART)}
    free = [index for index in range(1, frames) if index not in taken]
    return [free[k] for k in evenly_spread(len(free), shots - 1)] if shots > 1 else []
