"""Self-reenactment: a clip's first frame is the portrait, the clip itself the driver.

The true picture of every frame is known, so the output can be compared pixel by pixel and point by point.
The static portrait stands beside every figure, what one gets for doing nothing, and so do pictures that
know nothing of mouths: blurred and flat ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np

from livecam.animator import Tracker
from livecam.arrays import Mask
from livecam.benchmarks.fidelity import metrics, mouth_and_eyes, tracks
from livecam.benchmarks.fidelity.methods import (
    BOUND,
    REFINED,
    STATIC,
    TUNED_SHOTS,
    WARPER,
    Method,
    Shot,
    drive,
    name_of,
    portrait,
    refiner,
    shot_numbers,
    tuned,
    untrained,
)
from livecam.benchmarks.output import rounded
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks, evenly_spread
from livecam.generator.weights import Weights
from livecam.persona import enroll, person_shots
from livecam.persona.crop import cut_crop
from livecam.persona.types import Crop, PersonaData
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources import open_source, read_frames

MEASURES = ("face_psnr", "psnr", "ssim", "landmarks", "lips", "eyes", "sharpness")
"""Of the whole face; `livecam.benchmarks.fidelity.mouth_and_eyes` adds those of mouth and eyes."""
FIRST = 3
"""The first frame compared; those before are nearly the portrait itself."""
SECOND = 30
"""Frames; of those nearer to each other only the worst is named."""
SERIES = (STATIC, WARPER, REFINED)
"""Whose values are written frame by frame."""
NONE = float("nan")

Judging = Callable[[RGB], "Landmarks | None"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared: `frames` of the first `limit` of a clip; `weights` by name, with so many `shots`.

    The weights called "refined" are measured with every number of shots, others with one, and if `tuned`
    with `TUNED_SHOTS` after so many steps of fine-tuning on them.
    """

    frames: int
    limit: int
    weights: Mapping[str, Weights] = field(default_factory=dict)
    shots: Sequence[int] = (1,)
    tuned: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """One compared frame: the truth and the output of every method, size x size x 3 RGB; what the judge
    found in the truth, and the landmark error of the last of `SERIES` there is."""

    index: int
    truth: RGB
    outputs: dict[str, RGB]
    points: Landmarks | None
    error: float

    @property
    def output(self) -> RGB:
        """The product's best: refined if there is a refiner."""
        return self.outputs.get(REFINED, self.outputs[WARPER])


@dataclass(frozen=True, slots=True)
class Comparison:
    """One clip. rows: for every method and compared frame every measure, NaN where it is unknown.

    lost: by method, frames in whose output no face was found. pairs: for looking at, in the clip's order.
    tuned: what fine-tuning says of itself.
    """

    name: str
    frames: list[int]
    rows: dict[str, list[dict[str, float]]]
    lost: dict[str, int]
    pairs: list[Pair]
    tuned: dict[str, Any] = field(default_factory=dict)

    def means(self, which: str) -> dict[str, float]:
        """Mean of every measure over the frames where it is known."""
        return mouth_and_eyes.summary(self.rows[which])

    def series(self, which: str, measure: str) -> list[float]:
        """One measure frame by frame."""
        return [row[measure] for row in self.rows[which]]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: means, and the series of some methods."""
        return {
            "means": {which: _rounded(self.means(which)) | {"lost": self.lost[which]} for which in self.rows},
            "frames": self.frames,
            "per_frame": {
                which: {name: [rounded(v) for v in self.series(which, name)] for name in self.rows[which][0]}
                for which in SERIES
                if which in self.rows
            },
        } | ({"tuned": self.tuned} if self.tuned else {})


def compare_clip(clip: Path, size: int, plan: Plan, judge: Judging, kept: Path | None = None) -> Comparison:
    """Enrol the clip's first frame, drive it with the clip and compare as `plan` says. kept: folder of
    tracked landmarks.

    Raises:
        UserError: the clip cannot be read, or its first frame shows no usable face.
    """
    persona = enroll_first_frame(clip, size)
    with tracks.tracker(kept, [clip], f"the first {plan.limit}") as tracker:
        return compare(clip, persona, tracker, plan, judge)


def enroll_first_frame(clip: Path, size: int) -> PersonaData:
    """A persona of the clip's whole first frame, as `livecam enroll` makes one of a picture."""
    first = next(read_frames(clip, 1))
    if first.pixels is None:
        raise UserError(clip.name, "holds landmarks, not pictures", "Give a video file.")
    points = enroll.find_face(first.pixels, f"first frame of {clip.name}", enroll.Choice())
    return enroll.build_persona(first.pixels, points, clip.stem, size, {})


def compare(clip: Path, persona: PersonaData, tracker: Tracker, plan: Plan, judge: Judging) -> Comparison:
    """As `compare_clip`, with a persona of the clip's first frame and a tracker already made."""
    with open_source(str(clip)) as source:
        motions = dict(drive(source, persona, tracker, plan.limit, "all")[0])
    warper = CpuRenderer(persona)
    warped = {index: warper.render(motion) for index, motion in motions.items()}
    chosen = evenly_spread(len(warped), plan.frames, FIRST)
    if not chosen:
        raise UserError(clip.name, f"has only {len(warped)} frames", f"Give more than {FIRST}.")
    truths = dict(true_crops(clip, persona.crop, persona.size, [*chosen, *(k - 1 for k in chosen)]))
    refiners, about = _refiners(clip, persona, len(warped), chosen, plan, judge)
    methods = untrained(persona) | refiners
    shown = shown_part(persona.crop, persona.picture, persona.size)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in (*methods, BOUND)}
    lost = dict.fromkeys(rows, 0)
    known: dict[str, Landmarks | None] = {STATIC: judge(portrait(persona))}
    pairs = []
    for index in chosen:
        truth, before = truths[index], truths[index - 1]
        true_points = judge(truth)
        masks, crop = _masks(true_points, persona.size)
        moved, _ = mouth_and_eyes.picture_regions(motions[index].landmarks, persona.size)
        true_changes = mouth_and_eyes.changes(before, truth, masks, crop, "true_") if masks else {}
        outputs = {}
        for name, method in methods.items():
            output = outputs[name] = method(warped[index], motions[index])
            points = known[STATIC] if name == STATIC else judge(output)
            lost[name] += points is None
            row = rate(output, truth, points, true_points, shown)
            if masks:
                earlier = method(warped[index - 1], motions[index - 1])
                row |= mouth_and_eyes.rate(output, truth, masks, crop) | true_changes
                row |= mouth_and_eyes.changes(earlier, output, masks, crop)
            if name not in (STATIC, WARPER):
                most, mean = mouth_and_eyes.outside(output, warped[index], moved)
                row |= {"outside_max": most, "outside_mean": mean}
            rows[name].append(row)
        perfect = np.where(moved["gate"][..., None], truth, warped[index])
        points = judge(perfect)
        lost[BOUND] += points is None
        rows[BOUND].append(rate(perfect, truth, points, true_points, shown))
        best = rows.get(REFINED, rows[WARPER])[-1]["landmarks"]
        pairs.append(Pair(index, truth, outputs, true_points, best))
    for name, known_rows in rows.items():
        rows[name] = _filled(known_rows)
    return Comparison(clip.stem, chosen, rows, lost, pairs, about)


def _refiners(
    clip: Path, persona: PersonaData, frames: int, chosen: Sequence[int], plan: Plan, judge: Judging
) -> tuple[dict[str, Method], dict[str, Any]]:
    """The plan's weights, each with as many pictures as asked for; and what fine-tuning says of itself."""
    counts = {*plan.shots, *([TUNED_SHOTS] if plan.tuned else [])} if plan.weights else set()
    numbers = {count: shot_numbers(frames, chosen, count) for count in counts}
    wanted = sorted({number for several in numbers.values() for number in several})
    seen: dict[int, Shot] = {}
    for number, picture in true_crops(clip, persona.crop, person_shots.SIDE, wanted) if wanted else []:
        points = judge(picture)
        if points is not None:
            seen[number] = (picture, points / np.float32(person_shots.SIDE))
    found: dict[str, Method] = {}
    about: dict[str, Any] = {}
    for name, weights in plan.weights.items():
        for count in plan.shots if name == REFINED else (1,):
            given = [
                person_shots.aligned_shot(*seen[number])
                for number in numbers.get(count, ())
                if number in seen
            ]
            found[name_of(count) if name == REFINED else name] = refiner(persona, weights, given)
        if name == REFINED and plan.tuned:
            others = [seen[number] for number in numbers[TUNED_SHOTS] if number in seen]
            found[name_of(TUNED_SHOTS, tuned=True)], result = tuned(persona, weights, others, plan.tuned)
            about = {"steps": plan.tuned, "kept": result.kept, "seconds": round(result.seconds, 1)}
            about |= {"error_before": rounded(result.before, 5), "error_after": rounded(result.after, 5)}
    return found, about


def _masks(points: Landmarks | None, size: int) -> tuple[dict[str, Mask], float]:
    """Regions of the truth and the side of its face crop in pixels; none where the judge finds no face."""
    if points is None:
        return {}, 0.0
    masks, crop = mouth_and_eyes.picture_regions(points / np.float32(size), size)
    return masks | {"face": metrics.oval_mask(points, size)}, crop


def _filled(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    """Every row with every measure, NaN where it was not taken."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name, NONE) for name in names} for row in rows]


def true_crops(clip: Path, crop: Crop, size: int, chosen: Sequence[int]) -> list[tuple[int, RGB]]:
    """(frame number, picture) of the clip's own frames, cut as the portrait was."""
    wanted = set(chosen)
    return [
        (frame.index, cut_crop(frame.pixels, crop, size))
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


def overall(comparisons: Sequence[Comparison]) -> dict[str, dict[str, float | None]]:
    """By method, the mean over the clips that know the value, each clip counting once; lost frames summed.

    `worst_face_psnr`: the least gain of the face's PSNR over the warper's on any clip.
    """
    means = {}
    for which in comparisons[0].rows:
        clips = [comparison.means(which) for comparison in comparisons]
        names = list(dict.fromkeys(name for clip in clips for name in clip))
        found = {name: _mean([clip.get(name, NONE) for clip in clips]) for name in names}
        gains = [c.means(which)["face_psnr"] - c.means(WARPER)["face_psnr"] for c in comparisons]
        found["worst_face_psnr"] = min(gains)
        means[which] = _rounded(found) | {"lost": sum(c.lost[which] for c in comparisons)}
    return means


def worst(comparisons: Sequence[Comparison], count: int = 10) -> list[dict[str, Any]]:
    """The frames with the largest landmark error of the product's best, those without a face before all, as
    plain values; of a clip's second one at most."""
    found: list[tuple[float, dict[str, Any]]] = []
    for one in comparisons:
        best = REFINED if REFINED in one.rows else WARPER
        errors, plain = (np.array(one.series(which, "landmarks")) for which in (best, WARPER))
        taken: list[int] = []
        for k in np.argsort(-np.nan_to_num(errors, nan=np.inf), kind="stable"):
            if all(abs(one.frames[k] - frame) >= SECOND for frame in taken):
                taken.append(one.frames[k])
                row = {"clip": one.name, "frame": one.frames[k], "points": rounded(errors[k])}
                found.append((errors[k], row | {"warper": rounded(plain[k])}))
    found.sort(key=lambda pair: -np.nan_to_num(pair[0], nan=np.inf))
    return [row for _, row in found[:count]]


def _mean(values: Sequence[float]) -> float:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if known.size else NONE


def _rounded(values: dict[str, float]) -> dict[str, float | None]:
    return {name: rounded(value) for name, value in values.items()}
