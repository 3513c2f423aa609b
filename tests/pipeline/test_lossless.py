"""From file to file, and from memory to memory: one motion and one picture for every frame."""

from __future__ import annotations

import numpy as np
from faces import with_lip_gap

from livecam.animator import Animator
from livecam.benchmarks.fidelity import metrics
from livecam.frames import DriverFrame
from livecam.motion.types import rest
from livecam.pipeline.lossless import animate_clip, frame_motions
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources.memory import MemorySource


def source_of(points):
    frames = [
        DriverFrame(k, k * 33_333_333, 512, 512, landmarks=None if p is None else p.astype(np.float32))
        for k, p in enumerate(points)
    ]
    return MemorySource(frames, 30)


def test_a_still_driver_leaves_the_portrait_at_rest(persona, face):
    with Animator(persona, refine=False, engine="cpu") as animator:
        pictures = [frame.pixels for frame in animate_clip(source_of([face] * 4), animator)]
    resting = CpuRenderer(persona).render(rest(persona.landmarks))
    assert len(pictures) == 4
    # 62 dB measured: the drawn lips, half a pixel apart, are brought together. Any motion costs 20 dB.
    assert metrics.psnr(pictures[3], resting) > 50
    assert animator.finder.neutral is not None


def test_every_frame_has_its_motion_and_nothing_is_opened_to_draw(persona, face, monkeypatch):
    monkeypatch.delattr("livecam.render.choose.make_renderer")
    points = [with_lip_gap(face, 0.4 * (k % 2)) for k in range(6)]
    moved = list(frame_motions(source_of(points), Animator(persona)))
    assert [step.frame.index for step in moved] == list(range(6))
    assert np.abs(moved[5].motion.landmarks - moved[4].motion.landmarks).max() > 0.01


def test_the_limit_ends_the_run(persona, face):
    assert len(list(frame_motions(source_of([face] * 9), Animator(persona), max_frames=4))) == 4


def test_without_a_face_there_is_no_neutral(persona):
    animator = Animator(persona)
    assert [step.motion for step in frame_motions(source_of([None, None]), animator)]
    assert animator.finder.neutral is None
