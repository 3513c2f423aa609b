"""Samples for the yardstick, of pairs of pictures and of clips, with the perceptual judge if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from livecam.benchmarks.fidelity import mouths, perceptual
from livecam.benchmarks.fidelity.methods import BOUND
from livecam.benchmarks.fidelity.pairs import TRUTH, Person
from livecam.benchmarks.fidelity.perceptual import PerceptualJudge
from livecam.benchmarks.fidelity.self_reenactment import Comparison
from livecam.benchmarks.fidelity.statistics import Kernel
from livecam.benchmarks.fidelity.yardstick import DISTANCE, KERNEL, KID, MEASURES, Sample
from livecam.frames import RGB

Mouths = dict[str, list[RGB]]
"""By method, and of the truth, mouths in one order."""
PEOPLE: Final = "people"
CLIPS: Final = "clips"


def of_people(people: Sequence[Person], size: int, judge: PerceptualJudge | None) -> Sample:
    """Of pairs; mouths of those whose truth shows something."""
    methods = list(people[0].values)
    values = {
        method: {
            measure: {one.name: one.values[method][measure] for one in people}
            for measure in people[0].values[method]
            if measure in MEASURES
        }
        for method in methods
    }
    open_mouths = [one for one in people if one.shows]
    cut = {name: [one.mouths[name] for one in open_mouths] for name in (TRUTH, *methods)}
    return _judged(PEOPLE, size, values, [one.name for one in open_mouths], cut, judge)


def of_clips(
    comparisons: Sequence[Comparison], cut: Sequence[Mouths], size: int, judge: PerceptualJudge | None
) -> Sample:
    """Of clips, by the means of each over its frames. cut: of each clip what `clip_mouths` gave."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for one in comparisons:
        for method, rows in one.rows.items():
            for measure in MEASURES:
                known = np.array([row[measure] for row in rows if np.isfinite(row.get(measure, np.nan))])
                if known.size:
                    values.setdefault(method, {}).setdefault(measure, {})[one.name] = float(known.mean())
    owners = [one.name for one, mine in zip(comparisons, cut, strict=True) for _ in mine.get(TRUTH, [])]
    methods = [name for name in comparisons[0].rows if name != BOUND]
    together = {name: [mouth for mine in cut for mouth in mine.get(name, [])] for name in (TRUTH, *methods)}
    return _judged(CLIPS, size, values, owners, together, judge)


def clip_mouths(comparison: Comparison) -> Mouths:
    """Of the compared frames whose true mouth shows something."""
    found: Mouths = {}
    for pair in comparison.pairs:
        if pair.points is not None and mouths.shows(pair.points):
            for name, picture in {TRUTH: pair.truth, **pair.outputs}.items():
                found.setdefault(name, []).append(mouths.cut(picture, pair.points))
    return found


def _judged(
    of: str,
    size: int,
    values: dict[str, dict[str, dict[str, float]]],
    owners: Sequence[str],
    cut: Mouths,
    judge: PerceptualJudge | None,
) -> Sample:
    if judge is None or not owners:
        return Sample(of, size, values)
    seen, numbers = np.unique(owners, return_inverse=True)
    truth = judge.features(np.stack(cut[TRUTH]))
    kernels: dict[str, dict[str, Kernel]] = {KERNEL: {}, KID: {}}
    for method, pictures in cut.items():
        if method == TRUTH:
            continue
        found = judge.features(np.stack(pictures))
        apart = perceptual.distances(found, truth)
        mine = {str(name): float(apart[numbers == k].mean()) for k, name in enumerate(seen)}
        values[method][DISTANCE] = mine
        if len(seen) < 2:  # nobody to be unlike
            continue
        for measure, known in kernels.items():
            known[method] = Kernel.of(perceptual.kernels(found, truth, both=measure == KID), numbers)
    return Sample(of, size, values, [str(name) for name in seen], kernels)
