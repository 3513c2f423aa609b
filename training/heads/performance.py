"""Motion over time: speech, blinks, brows, gaze and head, as one `Moment` a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from training.heads.data import HeadData
from training.heads.renderer import Moment
from training.heads.shape import Gaze, Pose
from training.heads.shape import expression as expression

# Mouth shapes of speech. With jawOpen alone the upper teeth stay hidden, so the upper lip rises too.
VISEMES: Final[dict[str, dict[str, float]]] = {
    "A": {"jawOpen": 0.42, "mouthUpperUp": 0.32, "mouthLowerDown": 0.25},
    "E": {
        "jawOpen": 0.20,
        "mouthStretch": 0.30,
        "mouthSmile": 0.28,
        "mouthUpperUp": 0.30,
        "mouthLowerDown": 0.2,
    },
    "O": {"jawOpen": 0.30, "mouthFunnel": 0.50, "mouthPucker": 0.10},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.70, "mouthFunnel": 0.10},
    "M": {"mouthPress": 0.35, "mouthRollLower": 0.15, "mouthRollUpper": 0.15},
    "F": {"jawOpen": 0.08, "mouthRollLower": 0.45, "mouthUpperUp": 0.28},
    "S": {"jawOpen": 0.07, "mouthStretch": 0.25, "mouthUpperUp": 0.30, "mouthLowerDown": 0.35},
    "-": {},
}


@dataclass(frozen=True, slots=True)
class Track:
    """Values at times in seconds, joined smoothly and without overshoot."""

    times: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        curve: NDArray[np.float64] = PchipInterpolator(self.times, self.values)(
            np.clip(t, self.times[0], self.times[-1])
        )
        return curve


@dataclass(frozen=True, slots=True)
class Script:
    """A performance. Speech is (start, end) phrases; blinks and flashes are times; all in seconds."""

    seconds: float
    phrases: tuple[tuple[float, float], ...]
    blinks: tuple[float, ...]
    brow_flashes: tuple[float, ...]
    frowns: tuple[float, ...]
    smiles: tuple[tuple[float, float], ...]
    yaw: Track
    pitch: Track
    roll: Track
    gaze_yaw: Track
    gaze_pitch: Track
    laughs: tuple[tuple[float, float], ...] = ()


def demonstration() -> Script:
    """What the bundled clip shows: rest, talk, look to both sides, turn to both sides, nod, rest."""
    return Script(
        seconds=9.6,
        phrases=((0.8, 2.5), (3.0, 4.9), (5.5, 7.2)),
        blinks=(1.30, 2.72, 4.55, 5.25, 6.55, 8.15),
        brow_flashes=(2.05, 5.75, 8.55),
        frowns=(4.0,),
        smiles=((7.45, 9.0),),
        yaw=Track(
            (0, 0.7, 1.3, 2.3, 3.2, 3.9, 5.0, 5.8, 6.5, 7.3, 9.2, 9.6),
            (0, 0, 4, -3, -20, -19, 8, 20, 18, 1, 0, 0),
        ),
        pitch=Track(
            (0, 0.7, 1.5, 2.6, 3.6, 4.6, 6.2, 7.2, 7.55, 7.85, 8.15, 8.45, 8.8, 9.3, 9.6),
            (0, 0, 3, -3, 2, -4, 2, 0, 9, -4, 8, -2, 3, 0, 0),
        ),
        roll=Track((0, 0.7, 2.0, 3.4, 4.6, 5.9, 7.1, 9.2, 9.6), (0, 0, 3, -5, 3, 5, -3, 0, 0)),
        gaze_yaw=Track(
            (0, 1.55, 1.63, 2.15, 2.23, 2.9, 2.98, 4.3, 4.38, 4.9, 4.98, 6.6, 6.68, 8.9, 8.98, 9.6),
            (0, 0, -22, -22, 0, 0, 10, 10, 24, 24, -8, -8, 0, 0, 0, 0),
        ),
        gaze_pitch=Track(
            (0, 2.15, 2.23, 2.6, 2.7, 3.4, 3.5, 4.0, 4.1, 7.4, 7.6, 7.9, 8.2, 8.5, 9.6),
            (0, 0, 10, 10, 0, 0, -12, -12, 0, 0, 4, -3, 4, 0, 0),
        ),
    )


def perform(script: Script, data: HeadData, frames_per_second: int, seed: int) -> list[Moment]:
    """One `Moment` a frame."""
    count = round(script.seconds * frames_per_second)
    t = np.arange(count) / frames_per_second
    rng = np.random.default_rng(seed)
    level: dict[str, NDArray[np.float64]] = {}

    def add(name: str, values: NDArray[np.float64]) -> None:
        level[name] = level.get(name, np.zeros(count)) + values

    for start, end in script.phrases:
        when = start
        while when < end:
            shape = VISEMES[str(rng.choice(list(VISEMES), p=[0.2, 0.18, 0.14, 0.12, 0.13, 0.08, 0.11, 0.04]))]
            loudness = rng.uniform(0.75, 1.15)
            for name, value in shape.items():
                add(name, loudness * value * _bump(t, when, 0.062))
            when += rng.uniform(0.11, 0.17)
    for start, end in script.smiles:
        rise = np.clip((t - start) / 0.4, 0, 1) * np.clip((end - t) / 0.5, 0, 1)
        add("mouthSmile", 0.65 * _ease(rise))
        add("cheekSquint", 0.45 * _ease(rise))
    for start, end in script.laughs:
        strength = _ease(np.clip((t - start) / 0.25, 0, 1) * np.clip((end - t) / 0.4, 0, 1))
        # Bursts of breath, some five a second (Bachorowski et al. 2001).
        burst = 0.5 + 0.5 * np.cos(2 * np.pi * 4.8 * (t - start))
        add("mouthSmile", 0.9 * strength)
        add("cheekSquint", 0.7 * strength)
        add("eyeSquint", 0.6 * strength)
        add("mouthUpperUp", 0.3 * strength)
        add("jawOpen", strength * (0.16 + 0.14 * burst))
    for when in script.brow_flashes:
        rise = _ease(np.clip((t - when) / 0.16, 0, 1)) * _ease(np.clip((when + 0.55 - t) / 0.25, 0, 1))
        add("browInnerUp", 0.85 * rise)
        add("browOuterUp", 0.75 * rise)
    for when in script.frowns:
        add("browDown", 0.8 * _bump(t, when, 0.16))
    blink = np.zeros(count)
    for when in script.blinks:
        # Shut within 80 ms, shut for 60 ms, open again within 160 ms.
        shut = np.minimum(np.clip((t - when + 0.11) / 0.08, 0, 1), np.clip((when + 0.19 - t) / 0.16, 0, 1))
        blink = np.maximum(blink, _ease(shut))
    add("eyeBlink", blink)
    gaze_yaw = script.gaze_yaw.at(t) - 0.25 * script.yaw.at(t)
    gaze_pitch = script.gaze_pitch.at(t) + 0.3 * script.pitch.at(t)
    sway = [
        _drift(t, rng)
        * _ease(np.clip((t - 0.5) / 0.8, 0, 1))
        * _ease(np.clip((script.seconds - t) / 0.6, 0, 1))
        for _ in range(3)
    ]
    moments = []
    for k in range(count):
        coefficients = expression(data, **{name: float(values[k]) for name, values in level.items()})
        # A shut lid must not be opened again by a gaze upwards.
        open_share = 1 - blink[k]
        moments.append(
            Moment(
                expression=coefficients,
                gaze=Gaze(float(gaze_yaw[k]), float(gaze_pitch[k]) * open_share),
                pose=Pose(
                    float(script.yaw.at(t[k : k + 1])[0] + sway[0][k]),
                    float(script.pitch.at(t[k : k + 1])[0] + sway[1][k]),
                    float(script.roll.at(t[k : k + 1])[0] + sway[2][k] * 0.6),
                ),
            )
        )
    return moments


def _bump(t: NDArray[np.float64], centre: float, sigma: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * ((t - centre) / sigma) ** 2))


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(x * x * (3 - 2 * x))


def _drift(t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Slow smooth wandering of about a degree."""
    total = np.zeros_like(t)
    for frequency in (0.31, 0.67, 1.1):
        total += 0.6 * np.sin(2 * np.pi * (frequency * t + rng.random()))
    return total
