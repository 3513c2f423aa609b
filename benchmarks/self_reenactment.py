"""Self-reenactment: a clip's first frame is the portrait, the clip itself the driver.

The true picture of every frame is known, so the output can be compared pixel by pixel and point by point.
The static portrait stands beside every figure: what one gets for doing nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import metrics
from benchmarks.output import rounded
from benchmarks.product import animate, read_frames, spread
from livecam.animator import Tracker
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks
from livecam.persona import enroll
from livecam.persona.persona import Crop, Persona
from livecam.sources import open_source

MEASURES = ("face_psnr", "psnr", "ssim", "landmarks", "lips", "eyes", "sharpness")
FIRST = 3
"""The first frame compared; those before are nearly the portrait itself."""
NONE = float("nan")

Judging = Callable[[RGB], "Landmarks | None"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One compared frame: the truth and the output, size x size x 3 RGB, and the landmark error."""

    index: int
    truth: RGB
    output: RGB
    error: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One clip. per_frame: for "livecam" and "static", one list a measure, NaN where no face was found.

    lost: frames in whose output no face was found. pairs: for looking at, in the clip's order.
    """

    name: str
    frames: list[int]
    per_frame: dict[str, dict[str, list[float]]]
    lost: int
    pairs: list[Pair]

    def means(self, which: str) -> dict[str, float]:
        """Mean of every measure over the frames where it is known; `which` is "livecam" or "static"."""
        return {name: _mean(values) for name, values in self.per_frame[which].items()}

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: means, and the series of each frame."""
        return {
            "livecam": _rounded(self.means("livecam")),
            "static": _rounded(self.means("static")),
            "lost": self.lost,
            "frames": self.frames,
            "per_frame": {
                which: {name: [rounded(v) for v in values] for name, values in series.items()}
                for which, series in self.per_frame.items()
            },
        }


def compare_clip(clip: Path, size: int, frames: int, limit: int, judge: Judging) -> Comparison:
    """Enrol the clip's first frame, drive it with the clip's first `limit` frames, compare `frames` of them.

    Raises:
        UserError: the clip cannot be read, or its first frame shows no usable face.
    """
    from livecam.face.tracker import FaceTracker

    persona = enroll_first_frame(clip, size)
    with FaceTracker() as tracker:
        return compare(clip, persona, tracker, frames, limit, judge)


def enroll_first_frame(clip: Path, size: int) -> Persona:
    """A persona of the clip's whole first frame, as `livecam enroll` makes one of a picture."""
    first = next(read_frames(clip, 1))
    if first.pixels is None:
        raise UserError(clip.name, "holds landmarks, not pictures", "Give a video file.")
    points = enroll.find_face(first.pixels, f"first frame of {clip.name}", enroll.Choice())
    return enroll.build(first.pixels, points, clip.stem, size, {})


def compare(
    clip: Path, persona: Persona, tracker: Tracker, frames: int, limit: int, judge: Judging
) -> Comparison:
    """As `compare_clip`, with a persona of the clip's first frame and a tracker already made."""
    with open_source(str(clip)) as source:
        rendered = animate(source, persona, tracker, limit=limit).pictures
    chosen = spread(len(rendered), frames, FIRST)
    if not chosen:
        raise UserError(clip.name, f"has only {len(rendered)} frames", f"Give more than {FIRST}.")
    portrait = enroll.cut(persona.picture, persona.crop, persona.size)
    series: dict[str, dict[str, list[float]]] = {
        which: {name: [] for name in MEASURES} for which in ("livecam", "static")
    }
    static_points = judge(portrait)
    shown = shown_part(persona.crop, persona.picture, persona.size)
    pairs, lost = [], 0
    for index, truth in true_crops(clip, persona.crop, persona.size, chosen):
        output = rendered.pop(index)
        true_points, output_points = judge(truth), judge(output)
        lost += output_points is None
        for which, picture, points in (
            ("livecam", output, output_points),
            ("static", portrait, static_points),
        ):
            for name, value in rate(picture, truth, points, true_points, shown).items():
                series[which][name].append(value)
        pairs.append(Pair(index, truth, output, series["livecam"]["landmarks"][-1]))
    return Comparison(clip.stem, [pair.index for pair in pairs], series, lost, pairs)


def true_crops(clip: Path, crop: Crop, size: int, chosen: Sequence[int]) -> list[tuple[int, RGB]]:
    """(frame number, picture) of the clip's own frames, cut as the portrait was."""
    wanted = set(chosen)
    return [
        (frame.index, enroll.cut(frame.pixels, crop, size))
        for frame in read_frames(clip, max(wanted) + 1)
        if frame.index in wanted and frame.pixels is not None
    ]


def shown_part(crop: Crop, picture: RGB, size: int) -> tuple[slice, slice]:
    """Rows and columns of the crop that lie inside the picture; beyond it there is no truth."""
    height, width = picture.shape[:2]
    scale = size / crop.side
    left, top = max(-crop.x * scale, 0), max(-crop.y * scale, 0)
    right, bottom = min((width - crop.x) * scale, size), min((height - crop.y) * scale, size)
    return slice(ceil(top), floor(bottom)), slice(ceil(left), floor(right))


def rate(
    picture: RGB,
    truth: RGB,
    points: Landmarks | None,
    true_points: Landmarks | None,
    shown: tuple[slice, slice] = (slice(None), slice(None)),
) -> dict[str, float]:
    """Every measure of one frame. points: what the judge found in `picture` and in `truth`.

    `shown`: the part to which PSNR and SSIM of the whole are kept.
    """
    out = dict.fromkeys(MEASURES, NONE)
    out["psnr"] = metrics.psnr(picture[shown], truth[shown])
    out["ssim"] = metrics.ssim(picture[shown], truth[shown])
    if true_points is None:
        return out
    oval = metrics.oval_mask(true_points, truth.shape[0])
    if oval.any():
        out["face_psnr"] = metrics.psnr(picture, truth, oval)
        out["sharpness"] = metrics.sharpness(picture, truth, oval)
    if points is not None:
        out["landmarks"] = metrics.landmark_error(points, true_points)
        out["lips"] = metrics.landmark_error(points, true_points, lm.LIPS)
        out["eyes"] = metrics.landmark_error(points, true_points, metrics.EYES)
    return out


def overall(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Mean over the clips, each clip counting once."""
    means = {
        which: _rounded(
            {name: _mean([c.means(which)[name] for c in comparisons]) for name in MEASURES},
        )
        for which in ("livecam", "static")
    }
    return means | {"lost": sum(c.lost for c in comparisons)}


def _mean(values: Sequence[float]) -> float:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if known.size else NONE


def _rounded(values: dict[str, float]) -> dict[str, float | None]:
    return {name: rounded(value) for name, value in values.items()}
