"""Performances nobody wrote down: what a person in a call does, drawn at random."""

from __future__ import annotations

import numpy as np

from training.heads.performance import Script, Track

Rng = np.random.Generator
MOST_YAW = 40.0


def script(rng: Rng, seconds: float) -> Script:
    """Speech with pauses, blinks, saccades, brow flashes, frowns, smiles, laughs, turns, nods."""
    return Script(
        seconds=seconds,
        phrases=_spans(rng, seconds, pause=(0.3, 1.5), length=(0.8, 3.0)),
        # Between blinks lie 2 to 6 seconds; people in talk blink more often than those who read.
        blinks=_times(rng, seconds, 1.2, 5.0),
        brow_flashes=_times(rng, seconds, 1.5, 6.0),
        frowns=_times(rng, seconds, 3.0, 10.0),
        smiles=_spans(rng, seconds, pause=(2.0, 8.0), length=(1.0, 3.0)),
        laughs=_spans(rng, seconds, pause=(5.0, 20.0), length=(1.0, 2.5)),
        yaw=_turns(rng, seconds, spread=14.0, most=MOST_YAW, hold=(0.3, 1.5), speed=60.0),
        pitch=_turns(rng, seconds, spread=6.0, most=20.0, hold=(0.2, 1.2), speed=50.0),
        roll=_turns(rng, seconds, spread=4.0, most=15.0, hold=(0.3, 1.5), speed=30.0),
        gaze_yaw=_turns(rng, seconds, spread=10.0, most=25.0, hold=(0.3, 1.8), speed=400.0),
        gaze_pitch=_turns(rng, seconds, spread=6.0, most=14.0, hold=(0.3, 1.8), speed=400.0),
    )


def _spans(
    rng: Rng, seconds: float, pause: tuple[float, float], length: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    spans = []
    start = rng.uniform(0, pause[1])
    while start < seconds:
        end = start + rng.uniform(*length)
        spans.append((float(start), float(min(end, seconds))))
        start = end + rng.uniform(*pause)
    return tuple(spans)


def _times(rng: Rng, seconds: float, least: float, most: float) -> tuple[float, ...]:
    times = []
    when = rng.uniform(0, most)
    while when < seconds:
        times.append(float(when))
        when += rng.uniform(least, most)
    return tuple(times)


def _turns(
    rng: Rng, seconds: float, spread: float, most: float, hold: tuple[float, float], speed: float
) -> Track:
    """Goes from place to place at about `speed` degrees a second and rests between; from 0 back to 0."""
    times, values = [0.0], [0.0]
    while times[-1] < seconds:
        times.append(times[-1] + rng.uniform(*hold))
        values.append(values[-1])
        # People come back to the camera again and again.
        there = 0.0 if rng.random() < 0.3 else float(np.clip(rng.normal(0, spread), -most, most))
        times.append(times[-1] + 0.04 + abs(there - values[-1]) / speed)
        values.append(there)
    return Track((*times, times[-1] + 1.0), (*values, 0.0))
