"""Does a face tracker see the rendered people as people? `python -m training.heads.detection --count 1000`.

Random pictures, as training has them (looks and lens included), are shown to MediaPipe one by one. It counts
the faces that were found, and measures how far the 478 points are from the truth, by region and split into
what stays with a person and what changes from picture to picture. `training.landmark_noise` is fitted to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from livecam.benchmarks import command_line, machine
from livecam.benchmarks.output import rounded, shown, write_json
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks
from livecam.outputs import check_outputs
from livecam.report import check_writable
from training import landmark_noise

REGIONS: Final[dict[str, Sequence[int]]] = {
    "brows": (*lm.BROWS[0], *lm.BROWS[1]),
    "lids": (*lm.LEFT_EYE, *lm.RIGHT_EYE),
    "irises": landmark_noise.IRISES,
    "nose": landmark_noise.NOSE,
    "inner lips": lm.MOUTH,
    "outer lips": lm.OUTER_LIPS,
    "outline": lm.FACE_OVAL,
    "all": range(lm.COUNT),
}
NEAR: Final = 0.5
"""A face was found where the tip of the nose lies this near the true one, in outer-eye distances."""
TURNS: Final = (0.0, 5.0, 15.0, 25.0, 45.0)
"""Degrees of yaw between which the error is given."""


@dataclass
class Findings:
    """One entry a picture: who it shows, degrees of yaw, and (478, 2) errors in outer-eye distances.

    `missed`: person, picture and pose (yaw, pitch, roll in degrees) of the pictures without a face.
    """

    people: list[int] = field(default_factory=list)
    yaws: list[float] = field(default_factory=list)
    errors: list[NDArray[np.float32]] = field(default_factory=list)
    missed: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        pictures = len(self.errors) + len(self.missed)
        result: dict[str, Any] = {
            "pictures": pictures,
            "people": len({*self.people, *(one["person"] for one in self.missed)}),
            "found": rounded(len(self.errors) / max(pictures, 1)),
            "missed": self.missed,
        }
        if self.errors:
            errors, people = np.stack(self.errors), np.array(self.people)
            result["regions"] = {
                name: region_errors(errors[:, list(points)], people) for name, points in REGIONS.items()
            }
            result["by_yaw"] = self._by_yaw(errors)
        return result

    def _by_yaw(self, errors: NDArray[np.float32]) -> list[dict[str, Any]]:
        means, yaws = np.linalg.norm(errors, axis=2).mean(1), np.abs(self.yaws)
        rows = []
        for low, high in pairwise(TURNS):
            inside = (yaws >= low) & (yaws < high)
            mean = rounded(float(means[inside].mean())) if inside.any() else None
            rows.append({"from": low, "to": high, "pictures": int(inside.sum()), "mean": mean})
        return rows


def region_errors(errors: NDArray[np.floating], people: NDArray[np.integer]) -> dict[str, Any]:
    """errors (N, points, 2), people (N,) -> mean, 95th percentile, bias, and the split of the variance.

    `person` and `frame` are the deviations, over both directions, of what stays with a person and of what
    changes from picture to picture: a one-way analysis of variance by point. None where nobody is seen twice.
    """
    means = np.linalg.norm(errors, axis=2).mean(1)
    names, who, counts = np.unique(people, return_inverse=True, return_counts=True)
    own = np.stack([errors[who == k].mean(0) for k in range(len(names))])
    person = frame = None
    if len(names) > 1 and len(errors) > len(names):
        within = ((errors - own[who]) ** 2).sum(0) / (len(errors) - len(names))
        between = ((own - own.mean(0)) ** 2).sum(0) / (len(names) - 1) - within * (1 / counts).mean()
        frame = rounded(float(np.sqrt(within.sum(1).mean())))
        person = rounded(float(np.sqrt(max(between.sum(1).mean(), 0.0))))
    return {
        "mean": rounded(float(means.mean())),
        "p95": rounded(float(np.percentile(means, 95))),
        "bias": [rounded(float(value)) for value in errors.mean((0, 1))],
        "person": person,
        "frame": frame,
    }


def nearest_face(faces: Sequence[Landmarks], truth: Landmarks, eyes: float) -> Landmarks | None:
    """The face at the true place, or None. truth: (478, 3) pixels; eyes: pixels between the eyes' corners."""
    distances = [float(np.linalg.norm((face - truth)[lm.NOSE_TIP, :2])) for face in faces]
    if not distances or min(distances) > NEAR * eyes:
        return None
    return faces[int(np.argmin(distances))]


def measure(people: Iterator[tuple[int, dict[str, NDArray[Any]]]], find: Any) -> Findings:
    """people: seeds with the arrays of `Studio.pictures`; find: RGB picture -> landmarks of all its faces.

    The first picture of a person, at rest, only gives the unit.
    """
    findings = Findings()
    for seed, arrays in people:
        rest = arrays["landmarks"][0]
        eyes = float(np.linalg.norm((rest[lm.OUTER_EYE_CORNERS[0]] - rest[lm.OUTER_EYE_CORNERS[1]])[:2]))
        for k in range(1, len(arrays["images"])):
            picture: RGB = np.ascontiguousarray(arrays["images"][k])
            truth, pose = arrays["landmarks"][k], arrays["pose"][k]
            face = nearest_face(find(picture), truth, eyes)
            if face is None:
                place = [round(float(angle)) for angle in pose]
                findings.missed.append({"person": seed, "picture": k, "pose": place})
                continue
            findings.people.append(seed)
            findings.yaws.append(float(pose[0]))
            findings.errors.append(((face - truth)[:, :2] / eyes).astype(np.float32))
    return findings


def table(summary: dict[str, Any]) -> Table:
    """One row a region."""
    found = f"{summary['found']:.1%} of {summary['pictures']} faces"
    title = f"MediaPipe found {found}; errors in outer-eye distances"
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, collapse_padding=True)
    made.add_column("region")
    for name in ("mean", "95 %", "bias x", "bias y", "person", "frame"):
        made.add_column(name, justify="right")
    for name, row in summary.get("regions", {}).items():
        values = (row["mean"], row["p95"], *row["bias"], row["person"], row["frame"])
        made.add_row(name, *(shown(value, 3) for value in values))
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    return command_line.run("detection", _parse(arguments), _run)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.heads.detection", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--count", type=int, default=1000, help="pictures")
    parser.add_argument("--per-person", type=int, default=2, help="pictures of each person")
    parser.add_argument("--first", type=int, default=1000, help="seed of the first person")
    parser.add_argument("--size", type=int, default=256, help="pixels of a picture's side")
    parser.add_argument("--head-data", type=Path, help="folder with the head data")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> None:
    if options.count < 1 or options.per_person < 1:
        raise UserError("--count and --per-person", "must be at least 1", "Give larger numbers.")
    check_outputs([options.json], {"the head data": options.head_data})
    if options.json is not None:
        check_writable(options.json)
    from livecam.face import _mediapipe
    from livecam.face.bundle import face_landmarker_path
    from training.heads import data, dataset
    from training.heads.shape import HeadShape

    plan = dataset.Plan(size=options.size, frames=options.per_person + 1)
    studio = dataset.Studio(HeadShape(data.load(options.head_data)), plan)
    seeds = range(options.first, options.first + -(-options.count // options.per_person))
    people = ((seed, studio.pictures(seed)) for seed in track(seeds, "people"))
    landmarker = _mediapipe.create_face_landmarker(face_landmarker_path(), video=False, faces=3)
    try:
        findings = measure(people, lambda picture: _mediapipe.detect_faces(landmarker, picture))
    finally:
        landmarker.close()
    summary = findings.summary()
    console = Console(highlight=False)
    console.print(table(summary))
    for one in summary["missed"]:
        console.print(f"missed: person {one['person']}, picture {one['picture']}, pose {one['pose']}")
    if options.json is not None:
        described = {"kind": "detection", "machine": machine.describe(), "size": options.size, **summary}
        write_json(described, options.json)


if __name__ == "__main__":
    sys.exit(main())
