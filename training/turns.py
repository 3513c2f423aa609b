"""How a portrait turns, against the truth: `python -m training.turns --head-data DIR`.

Rendered people are enrolled from the front and turned by 28 degrees, their portraits turned as a driver who
turned by a known angle would turn them, and compared with renders of the same person at that angle, in the
same light. People with even seeds are there to choose by, those with odd ones to report.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.benchmarks import command_line
from livecam.benchmarks.fidelity.metrics import psnr
from livecam.benchmarks.fidelity.mouth_and_eyes import SIMILARITY, gradient
from livecam.benchmarks.output import rounded, shown, write_json
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.outputs import check_outputs
from livecam.persona.crop import cut_crop
from livecam.persona.enroll import Choice, build_persona, find_face
from livecam.persona.types import PersonaData
from livecam.render.cpu.renderer import CpuRenderer
from training.heads.camera import rotation
from training.heads.turned import Turned

SIZE: Final = 256
"""Side of the crop in which portraits are turned."""
PORTRAITS: Final = {"front": 0.0, "three-quarter": 28.0}
"""Yaw in degrees of the portraits."""
YAWS: Final = (-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0)
PITCHES: Final = (-25.0, -15.0, 15.0, 25.0)
"""Degrees that they are turned to; pitch with the head to the front."""
POSES: Final = sorted({*((yaw, 0.0) for yaw in (*YAWS, *PORTRAITS.values())), *((0.0, p) for p in PITCHES)})
SHOWN: Final = [pose for pose in POSES if pose[0] not in (0.0, PORTRAITS["three-quarter"])] + [
    (0.0, p) for p in PITCHES
]
"""Columns of the sheet."""
TO_IMAGE: Final = np.diag([1.0, -1.0, -1.0])
"""From the studio's axes (y up, z to the camera) to the picture's (y down, z away)."""
_STABLE = list(lm.STABLE)
_MEASURES: Final = ("face_psnr", "face_gms", "head_psnr", "landmarks", "landmarks_of_truth", "yaw_off")


@dataclass(frozen=True, slots=True)
class Result:
    """portrait and truth: what was turned to what; figures by name; pictures of the portrait, the truth and
    the output, (S, S, 3) each."""

    seed: int
    portrait: str
    pose: tuple[float, float]
    figures: dict[str, float]
    pictures: tuple[RGB, RGB, RGB]


def turned_by(portrait: F32, before: Turned, after: Turned, points: F32) -> Motion:
    """The portrait turned as a whole by what lies between two poses, its place and size those of the truth.

    portrait: (478, 3) in 0..1 of the crop. points: (478, 3), the exact landmarks of `after` in the same unit.
    """
    turn = rotation(*after.pose, 0.0) @ rotation(*before.pose, 0.0).T
    turn = TO_IMAGE @ turn @ TO_IMAGE
    own, true = portrait[_STABLE].astype(np.float64), points[_STABLE].astype(np.float64)
    centre, goal = own.mean(0), true.mean(0)
    spread = ((own - centre) @ turn.T)[:, :2]
    scale = float((spread * (true - goal)[:, :2]).sum() / (spread**2).sum())
    linear = scale * turn
    head = geo.affine_about(linear, centre, goal)
    moved = portrait @ head[:, :3].T + head[:, 3]
    still = np.zeros((2, 2), np.float32)
    return Motion(moved.astype(np.float32), head.astype(np.float32), still, np.ones(2, np.float32))


def enrolled(shot: Turned, exact: bool) -> PersonaData:
    """The portrait, with its exact landmarks and outline or with what is found in it."""
    points = shot.landmarks if exact else find_face(shot.picture, "the render", Choice())
    person = shot.person.astype(np.float32) if exact else None
    return build_persona(shot.picture, points, "turned", SIZE, {}, person)


def in_crop(points: F32, persona: PersonaData) -> F32:
    """(N, 3) of the picture's pixels in 0..1 of the crop."""
    moved = points.astype(np.float32).copy()
    moved[:, :2] -= [persona.crop.x, persona.crop.y]
    return moved / np.float32(persona.crop.side)


def compare(output: RGB, truth: RGB, head: Any, points: F32, judge: Any) -> dict[str, float]:
    """points: (478, 3) exact, in pixels of both pictures; head: (S, S) bool. See `_MEASURES`: dB; likeness of
    gradients; mean distance of the landmarks that `judge` sees in the output, and in the truth, from the
    exact ones in distances of the outer eye corners; degrees by which the output is seen turned less."""
    face = np.zeros(head.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.round(points[: lm.MESH_COUNT, :2]).astype(np.int32)), 1)
    inside = head & (face > 0)
    own, true = gradient(output), gradient(truth)
    alike = (2 * own * true + SIMILARITY) / (own**2 + true**2 + SIMILARITY)
    found = {
        "face_psnr": psnr(output, truth, inside),
        "face_gms": float(alike[inside].mean()),
        "head_psnr": psnr(output, truth, head),
    }
    left, right = lm.OUTER_EYE_CORNERS
    eyes = float(np.linalg.norm(points[left] - points[right]))
    seen, seen_in_truth = judge(output), judge(truth)
    for name, landmarks in (("landmarks", seen), ("landmarks_of_truth", seen_in_truth)):
        away = np.nan
        if landmarks is not None:
            away = float(np.linalg.norm((landmarks - points)[: lm.MESH_COUNT, :2], axis=1).mean()) / eyes
        found[name] = away
    found["yaw_off"] = np.nan
    if seen is not None and seen_in_truth is not None:
        found["yaw_off"] = _yaw(seen, points) - _yaw(seen_in_truth, points)
    return found


def _yaw(seen: F32, points: F32) -> float:
    """Degrees from the exact points to those seen."""
    _, turn, _ = geo.similarity(points[_STABLE].astype(np.float64), seen[_STABLE].astype(np.float64))
    return float(np.degrees(geo.to_euler(turn)[0]))


def turn_all(seed: int, shots: Sequence[Turned], exact: bool, judge: Any) -> list[Result]:
    """Both portraits of one person turned to all other poses."""
    found = []
    for name, yaw in PORTRAITS.items():
        before = next(shot for shot in shots if shot.pose == (yaw, 0.0))
        persona = enrolled(before, exact)
        renderer = CpuRenderer(persona)
        own = cut_crop(before.picture, persona.crop, SIZE)
        for after in shots:
            if after is before or after.pose == (PORTRAITS["three-quarter"], 0.0):
                continue
            points = in_crop(after.landmarks, persona)
            output = renderer.render(turned_by(persona.landmarks, before, after, points))
            truth = cut_crop(after.picture, persona.crop, SIZE)
            head = cut_crop(after.head.astype(np.float32), persona.crop, SIZE) > 0.5
            figures = compare(output, truth, head, points * SIZE, judge)
            found.append(Result(seed, name, after.pose, figures, (own, truth, output)))
    return found


def summary(results: Sequence[Result]) -> list[dict[str, Any]]:
    """One row for a portrait and a pose: the means of all people's figures."""
    rows = []
    for name in PORTRAITS:
        for pose in dict.fromkeys(one.pose for one in results):
            mine = [one.figures for one in results if (one.portrait, one.pose) == (name, pose)]
            if mine:
                means = {key: rounded(_mean([figures[key] for figures in mine])) for key in _MEASURES}
                lost = sum(np.isnan(figures["landmarks"]) for figures in mine)
                rows.append({"portrait": name, "yaw": pose[0], "pitch": pose[1], "lost": int(lost)} | means)
    return rows


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """One row a portrait and a pose."""
    made = Table(box=None, pad_edge=False)
    columns = (
        "portrait",
        "yaw",
        "pitch",
        "face dB",
        "face GMS",
        "head dB",
        "landmarks",
        "truth's",
        "yaw off",
    )
    for name in (*columns, "lost"):
        made.add_column(name, justify="left" if name == "portrait" else "right")
    keys = (("face_psnr", 2), ("face_gms", 3), ("head_psnr", 2), ("landmarks", 4), ("landmarks_of_truth", 4))
    for row in rows:
        values = [shown(row[key], digits) for key, digits in (*keys, ("yaw_off", 1))]
        turn = [f"{row['yaw']:.0f}", f"{row['pitch']:.0f}"]
        made.add_row(row["portrait"], *turn, *values, str(row["lost"]))
    return made


def sheet(results: Sequence[Result]) -> RGB:
    """A row of portrait, truths and, below those, outputs for each person and portrait."""
    rows = []
    for seed in dict.fromkeys(one.seed for one in results):
        for name in PORTRAITS:
            mine = {one.pose: one for one in results if (one.seed, one.portrait) == (seed, name)}
            own = next(iter(mine.values())).pictures[0]
            empty = np.full_like(own, 128)
            columns = [mine[pose].pictures if pose in mine else (own, empty, empty) for pose in SHOWN]
            rows += [np.hstack([own, *(one[1] for one in columns)])]
            rows += [np.hstack([empty, *(one[2] for one in columns)])]
    return np.vstack(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    parser = argparse.ArgumentParser(prog="python -m training.turns", description=__doc__)
    parser.add_argument("--head-data", type=Path, help="folder with the head data")
    parser.add_argument("--cache", type=Path, help="folder that keeps the renders for the next run")
    parser.add_argument("--count", type=int, default=8, help="people")
    parser.add_argument("--first", type=int, default=9000, help="seed of the first person")
    parser.add_argument("--people", choices=("all", "choose", "report"), default="all")
    parser.add_argument("--tracked", action="store_true", help="landmarks and outline as found, not as known")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--sheet", type=Path, help="write the pictures here")
    options = parser.parse_args(arguments)
    return command_line.run("turns", options, _run)


def _run(options: argparse.Namespace) -> None:
    check_outputs([options.json, options.sheet], {"the head data": options.head_data})
    from livecam.benchmarks.fidelity.judge import Judge
    from training.heads import data, dataset, turned
    from training.heads.shape import HeadShape

    studios: list[dataset.Studio] = []

    def studio() -> dataset.Studio:
        if not studios:
            studios.append(dataset.Studio(HeadShape(data.load(options.head_data)), turned.PLAN))
        return studios[0]

    seeds = range(options.first, options.first + options.count)
    wanted = {
        "all": seeds,
        "choose": seeds[options.first % 2 :: 2],
        "report": seeds[1 - options.first % 2 :: 2],
    }
    results: list[Result] = []
    with Judge() as judge:
        for seed in track(wanted[options.people], "people", disable=not sys.stderr.isatty()):
            shots = turned.kept(options.cache, studio, seed, POSES)
            results += turn_all(seed, shots, not options.tracked, judge)
    rows = summary(results)
    Console(highlight=False).print(table(rows))
    if options.json is not None:
        write_json({"kind": "turns", "tracked": options.tracked, "rows": rows}, options.json)
    if options.sheet is not None:
        cv2.imwrite(str(options.sheet), sheet(results)[..., ::-1])


if __name__ == "__main__":
    sys.exit(main())
