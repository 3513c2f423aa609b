"""Which faces an episode shows: what portraits look like, and what they are asked to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.heads import sample
from training.heads.data import HeadData
from training.heads.performance import expression
from training.heads.renderer import Moment
from training.heads.shape import Gaze, Pose

Rng = np.random.Generator
NEAR = 0.12
"""Share of targets that hardly differ from the source: the refiner must leave what is right."""

WIDE = 0.12
"""Share of targets whose mouths stand wide open, as when one sings, laughs or yawns: speech has few."""

ASIDE = 0.2
"""Share of targets whose eyes look far aside. Of the frames of two lively clips a fifth and a sixth do."""
FAR = (18.0, 40.0)
"""Degrees between eyes and head then."""

MOST_YAW, MOST_PITCH = 34.0, 24.0
"""Degrees. Further round the far eye and half the mouth are hidden: nothing is to be learned there."""


def portrait_moment(data: HeadData, rng: Rng) -> Moment:
    """A portrait: looks about ahead, eyes open, lips mostly shut, perhaps a smile."""
    levels = {"mouthSmile": max(0.0, rng.normal(0.05, 0.15)), "mouthPress": max(0.0, rng.normal(0.0, 0.15))}
    if rng.random() < 0.15:
        levels |= {"jawOpen": rng.uniform(0.05, 0.3), "mouthUpperUp": rng.uniform(0, 0.4)}
    if rng.random() < 0.2:
        levels["browInnerUp"] = rng.uniform(0, 0.5)
    if rng.random() < 0.3:
        levels["eyeSquint"] = rng.uniform(0, 0.4)
    pose = Pose(
        float(np.clip(rng.normal(0, 9), -25, 25)),
        float(np.clip(rng.normal(0, 5), -12, 12)),
        float(rng.normal(0, 4)),
    )
    gaze = Gaze(
        float(-0.5 * pose.yaw + rng.normal(0, 4)),
        float(0.5 * pose.pitch + rng.normal(0, 3)),
        rng.uniform(0, 3),
    )
    return Moment(expression(data, **levels), gaze, pose)


def similar_moment(moment: Moment, rng: Rng) -> Moment:
    """The same face a moment later."""
    noise = rng.normal(0, 0.02, len(moment.expression)) * (rng.random(len(moment.expression)) < 0.3)
    pose, gaze = moment.pose, moment.gaze
    return Moment(
        np.clip(moment.expression + noise, 0, 1).astype(np.float32),
        Gaze(gaze.yaw + rng.normal(0, 1), gaze.pitch + rng.normal(0, 1), gaze.vergence),
        Pose(
            pose.yaw + rng.normal(0, 1),
            pose.pitch + rng.normal(0, 1),
            pose.roll + rng.normal(0, 1),
            pose.body,
        ),
    )


def speaking_moment(data: HeadData, portrait: Moment, rng: Rng) -> Moment:
    """A target with an open mouth and the head turned little: the picture that shows a person's teeth."""
    made = target_moment(data, portrait, rng)
    coefficients = made.expression.copy()
    for name, least, most in (
        ("jawOpen", 0.15, 0.6),
        ("mouthUpperUp_L", 0.2, 0.7),
        ("mouthUpperUp_R", 0.2, 0.7),
    ):
        k = data.expression_index(name)
        coefficients[k] = max(coefficients[k], rng.uniform(least, most))
    pose = Pose(
        portrait.pose.yaw + float(np.clip(rng.normal(0, 6), -15, 15)),
        portrait.pose.pitch + float(np.clip(rng.normal(0, 4), -10, 10)),
        portrait.pose.roll + float(rng.normal(0, 3)),
        portrait.pose.body,
    )
    return Moment(coefficients, made.gaze, pose)


def target_moment(data: HeadData, portrait: Moment, rng: Rng) -> Moment:
    """Speech, feeling, blinks and looks to the side; the head turned by up to 24 degrees from the
    portrait's."""
    made = sample.moment(data, rng)
    coefficients = made.expression.copy()

    def at_least(name: str, value: float) -> None:
        for side in "LR":
            k = data.expression_index(f"{name}_{side}")
            coefficients[k] = max(coefficients[k], value * rng.uniform(0.85, 1.15))

    jaw = data.expression_index("jawOpen")
    if rng.random() < 0.25:
        coefficients[jaw] = max(coefficients[jaw], rng.uniform(0.05, 0.6))
    if coefficients[jaw] > 0.04 and rng.random() < 0.8:  # with the jaw alone the upper teeth stay hidden
        at_least("mouthUpperUp", rng.uniform(0.1, 0.6))
        if rng.random() < 0.4:
            at_least("mouthSmile", rng.uniform(0.1, 0.9))
    if rng.random() < WIDE:
        coefficients[jaw] = max(coefficients[jaw], rng.uniform(0.6, 1.0))
        at_least("mouthUpperUp", rng.uniform(0.2, 0.8))
        at_least("mouthLowerDown", rng.uniform(0.0, 0.8))
    if rng.random() < 0.15:
        at_least("eyeBlink", rng.uniform(0.3, 1.0))
    pose = Pose(
        float(np.clip(portrait.pose.yaw + np.clip(rng.normal(0, 9), -24, 24), -MOST_YAW, MOST_YAW)),
        float(np.clip(portrait.pose.pitch + np.clip(rng.normal(0, 6), -16, 16), -MOST_PITCH, MOST_PITCH)),
        portrait.pose.roll + float(rng.normal(0, 4)),
        portrait.pose.body,
    )
    gaze = Gaze(
        float(np.clip(rng.normal(-0.35 * pose.yaw, 10), -28, 28)),
        float(np.clip(rng.normal(0.4 * pose.pitch, 6), -18, 18)),
        made.gaze.vergence,
    )
    if rng.random() < ASIDE:
        gaze = replace(gaze, yaw=float(rng.choice([-1, 1]) * rng.uniform(*FAR)))
    return Moment(np.clip(coefficients, 0, 1).astype(np.float32), gaze, pose)
