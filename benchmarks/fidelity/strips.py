"""Pictures to look at: the worst frames of a clip, and portraits where their driver blinks, speaks and looks.

PNG files, RGB, every picture with mouth and eyes enlarged beside it. They show the people in the clips: keep
them where the clips may be kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livecam.benchmarks.fidelity.cross_reenactment import Driver, Likeness, goodness, worst
from livecam.benchmarks.fidelity.features import GAZE, MOUTH, YAW
from livecam.benchmarks.fidelity.methods import REFINED, WARPER
from livecam.benchmarks.fidelity.self_reenactment import Comparison, Pair
from livecam.benchmarks.output import shown
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks

TILE = 224
CLOSE_WIDTH, CLOSE_HEIGHT = 224, 112
WORST = 6
"""Frames of a clip in one strip."""
CROSS_WORST = 10
"""Frames of all portraits and clips in one sheet."""
GAIN = 3
"""How much the difference is enlarged about a mid grey."""
AROUND = 1.5
"""Side of the face's picture in sides of the face."""
EYES = (*lm.LEFT_EYE, *lm.RIGHT_EYE)
Drawn = tuple[dict[str, Any], RGB]
"""A row of `cross_reenactment.worst` and its pictures."""


def prepare(folder: Path) -> None:
    """Make the folder. Raises `UserError` where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(str(folder), f"cannot be made ({error.strerror})", "Name another folder.") from error


def worst_frames(comparison: Comparison, folder: Path) -> Path:
    """One row a frame, the largest landmark error first, those without a face before all: truth, warper,
    refined, what the refiner changed; then eyes and mouth of the first three."""
    ranked = sorted(comparison.pairs, key=lambda p: -p.error if np.isfinite(p.error) else -np.inf)
    rows = [_row(pair) for pair in ranked[:WORST]]
    return save(np.vstack(rows), folder / f"strip-{comparison.name}.png")


def _row(pair: Pair) -> RGB:
    warped = pair.outputs[WARPER]
    refined = pair.outputs.get(REFINED, warped)
    changed = np.clip(128 + GAIN * (refined.astype(np.int16) - warped), 0, 255).astype(np.uint8)
    shown = {"truth": pair.truth, "warper": warped, "refined": refined}
    tiles = [labelled(_face(picture, pair.points), name) for name, picture in shown.items()]
    tiles.append(labelled(_face(changed, pair.points), f"refined - warper, x {GAIN}"))
    tiles[0] = labelled(tiles[0], f"frame {pair.index}: {pair.error:.3f}", TILE - 8)
    closes = [close(picture, pair.points) for picture in shown.values()]
    return np.hstack([*tiles, *closes])


def close(picture: RGB, points: Landmarks | None) -> RGB:
    """Eyes above mouth, 224 x 112 each, where `points` (478, 3) in pixels are; grey without them."""
    if points is None:
        return np.full((TILE, CLOSE_WIDTH, 3), 128, np.uint8)
    return np.vstack([_part(picture, points[list(which), :2]) for which in (EYES, lm.OUTER_LIPS)])


def _part(picture: RGB, points: Landmarks) -> RGB:
    """What lies around the points, upright."""
    low, high = points.min(0), points.max(0)
    width = max(1.3 * (high[0] - low[0]), 2 * 1.5 * (high[1] - low[1]), 4.0)
    return window(picture, (low + high) / 2, float(width), CLOSE_WIDTH, CLOSE_HEIGHT)


def _face(picture: RGB, points: Landmarks | None) -> RGB:
    """The face and some of what surrounds it; the whole picture without `points`."""
    if points is None:
        return _tile(picture)
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return window(picture, (low + high) / 2, AROUND * float((high - low).max()), TILE, TILE)


def window(picture: RGB, centre: Landmarks, wide: float, width: int, height: int) -> RGB:
    """width x height pixels about a point of the picture, `wide` of whose pixels lie side by side."""
    scale = width / wide
    x, y = centre
    matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    flags = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    out = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def telling_frames(one: Likeness) -> list[int]:
    """Positions of frames worth seeing, in the clip's order: the driver's three deepest blinks, its two
    widest mouths, its gaze to either side, its head furthest to either side."""
    theirs, _ = one.lids()
    found = [*_lowest(theirs, one.frames, 3), *_lowest(-one.driver[:, MOUTH], one.frames, 2)]
    for column in (GAZE, YAW):
        found += [int(np.argmin(one.driver[:, column])), int(np.argmax(one.driver[:, column]))]
    return sorted(set(found))


def _lowest(values: np.ndarray, frames: Sequence[int], count: int) -> list[int]:
    """Positions of the lowest values, at least half a second of frames from each other."""
    found: list[int] = []
    for k in np.argsort(values, kind="stable"):
        if all(abs(frames[k] - frames[other]) >= 15 for other in found):
            found.append(int(k))
        if len(found) == count:
            break
    return found


def cross_sheet(found: Mapping[str, Likeness], driver: Driver, folder: Path) -> Path:
    """One row a telling frame: driver, and the output of every method; then eyes and mouth of each. The
    captions are the lids' opening as a share of neutral, and the lips' gap in mouth widths."""
    first = next(iter(found.values()))
    rows = [_cross_row(found, driver, k, f"{driver.name} {first.frames[k]}") for k in telling_frames(first)]
    return save(np.vstack(rows), folder / f"cross-{first.portrait}-{first.driver_name}.png")


def cross_worst(found: Mapping[str, Likeness], driver: Driver, kept: Sequence[Drawn] = ()) -> list[Drawn]:
    """The worst frames of this pair and of those in `kept`, `CROSS_WORST` together, each with its row of
    pictures: driver, warper, refined, and eyes and mouth of each; portrait, clip and frame stand on it."""
    compared = {name: found[name] for name in (WARPER, REFINED) if name in found}
    best = found.get(REFINED, found[WARPER])
    drawn = list(kept)
    for row in worst([best], CROSS_WORST):
        notes = (best.portrait, f"{driver.name}, frame {row['frame']}")
        position = best.frames.index(row["frame"])
        drawn.append((row, _cross_row(compared, driver, position, "driver", notes)))
    return sorted(drawn, key=lambda one: goodness(one[0]))[:CROSS_WORST]


def save_cross_worst(drawn: Sequence[Drawn], folder: Path) -> Path:
    """All of them below each other, the worst first."""
    return save(np.vstack([picture for _, picture in drawn]), folder / "cross-worst.png")


def _cross_row(
    found: Mapping[str, Likeness], driver: Driver, k: int, name: str, notes: Sequence[str] = ()
) -> RGB:
    """The frame at position k; `notes` stand at the foot of the driver's picture."""
    first = next(iter(found.values()))
    index = first.frames[k]
    picture, points = driver.pictures[index], driver.judged[index]
    tile = labelled(_face(picture, points), _caption(name, first.lids()[0][k], first.driver[k, MOUTH]))
    for line, text in enumerate(reversed(notes)):
        tile = labelled(tile, text, TILE - 8 - 18 * line)
    tiles, closes = [tile], [close(picture, points)]
    for method, one in found.items():
        output, seen = one.outputs[index], one.points.get(index)
        caption = _caption(method, one.lids()[1][k], one.output[k, MOUTH])
        tiles.append(labelled(_face(output, seen), caption))
        closes.append(close(output, seen))
    return np.hstack([*tiles, *closes])


def _caption(name: str, lids: float, gap: float) -> str:
    return f"{name}: lids {shown(lids, 2)}, gap {shown(gap, 2)}"


def _tile(picture: RGB) -> RGB:
    return np.asarray(cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


def labelled(tile: RGB, text: str, y: int = 14) -> RGB:
    """White on a black bar: legible on every picture."""
    out, font = tile.copy(), (cv2.FONT_HERSHEY_SIMPLEX, 0.42)
    (width, _), below = cv2.getTextSize(text, *font, 1)
    cv2.rectangle(out, (0, y - 13), (width + 8, y + below), (0, 0, 0), cv2.FILLED)
    cv2.putText(out, text, (4, y - 1), *font, (255, 255, 255), 1, cv2.LINE_AA)
    return out


def save(sheet: RGB, path: Path) -> Path:
    """Write the picture, H x W x 3 uint8 RGB, as PNG. Returns `path`."""
    path.write_bytes(cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())
    return path
