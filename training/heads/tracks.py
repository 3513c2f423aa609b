"""Real people's motion for rendered heads: tracked landmarks over time -> one `Moment` a frame.

Everything is relative to the person's own neutral face, so that its shape plays no part. Pose comes from
points that expressions hardly move, gaze from the irises, lids from how far they are open, and all other
coefficients from bounded least squares on the points in which the pose is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.linalg
import scipy.optimize
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from livecam import geometry as geo
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face import measures, neutrality
from livecam.geometry import Array
from livecam.motion.lips import opened_lips
from livecam.motion.transfer import SHUT_LIDS
from training import landmark_noise
from training.heads.renderer import Moment
from training.heads.shape import Gaze, HeadShape, Pose, expression

TO_HEAD: Final = np.diag([1.0, -1.0, -1.0])
"""Landmarks have y down and z away; heads have y up and z towards the viewer. The same matrix leads back."""
SMOOTH: Final = 0.03
"""Seconds: deviation of the bell over which coefficients and angles are averaged. A blink keeps 90 %."""
PRIOR: Final = 0.35
"""Deviation of a coefficient from 0, which keeps those small that the points say nothing about."""
ERROR, TRACKED_ERROR = 0.015, 0.03
"""How far off a point is thought to be, in outer-eye distances. Twice what a tracker's frame is, for
neighbours err together."""
GAP: Final = 2.5
"""How much more is believed of the gap between the lips than of a point."""
FEW: Final = 2.0
"""Weight of the coefficients' sum: a face is thought to do a few things at a time."""
DEPTH: Final = 0.3
"""How much less is believed of depth than of what the picture shows."""
ROUNDS: Final = 2
"""How often pose and expression are solved in turn."""
REST_BLINK: Final = 0.06
"""A resting eye's opening varies by so much; nobody blinks by less."""
GUESSED: Final = 0.5
"""Blinks from here on hide the iris: the gaze goes on from before to after."""
_NOT_SOLVED: Final = (
    "eyeBlink",
    "eyeLook",
    "eyeWide",
    "eyeSquint",
    "mouthClose",
    "mouthShrug",
    "PupilDilate",
)
_STABLE = list(lm.STABLE)
_UPPER, _LOWER = list(lm.INNER_LIP_UPPER[1:-1]), list(lm.INNER_LIP_LOWER[1:-1])


@dataclass(frozen=True, slots=True)
class Track:
    """times (N,) seconds, growing from 0; points (N, 478, 3) pixels, NaN in frames without a face."""

    times: NDArray[np.float64]
    points: NDArray[np.float32]

    @property
    def rate(self) -> float:
        """Frames per second."""
        return 1 / float(np.median(np.diff(self.times))) if len(self.times) > 1 else 25.0


def read(path: Path) -> Track:
    """A recorded performance (`livecam run --record-performance`). Raises `UserError` where it is none.

    The format is described in `livecam.sources.recording`, which training must not import.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    todo = "Record one with `livecam run --record-performance FILE`."
    try:
        found: dict[str, NDArray[Any]] = load_file(path)
        steps = found["step"][:, None, None] * found["points"]
        points = (found["origin"][:, None] + steps).astype(np.float32)
        points[found["present"] == 0] = np.nan
        times = found["times"].astype(np.float64) / 1e9
    except (SafetensorError, OSError, KeyError, ValueError, IndexError) as error:
        raise UserError(str(path), f"it is no recorded performance ({error})", todo) from error
    if points.shape != (len(times), lm.COUNT, 3) or not np.isfinite(points).any():
        raise UserError(str(path), "no face was found in it", todo)
    return Track(times, points)


class Solver:
    """Finds what the head must do to look like the driver.

    `tracked`: the points are a tracker's, which shows irises moved by less than they are, shut lids and lips
    a little open (`training.landmark_noise`), and its neutral face may be turned; exact points have no such
    errors, and their neutral face counts as not turned.
    """

    def __init__(self, shape: HeadShape, tracked: bool = True) -> None:
        self.shape, self.tracked = shape, tracked
        data = shape.data
        rest = self._face()
        self._unit = float(np.linalg.norm(rest[lm.OUTER_EYE_CORNERS[1]] - rest[lm.OUTER_EYE_CORNERS[0]]))
        names = data.expression_names
        self._solved = [k for k, name in enumerate(names) if not name.startswith(_NOT_SOLVED)]
        moved = [data.expression[k].reshape(-1, 3)[data.landmark_corners] for k in self._solved]
        basis = np.stack([np.einsum("lkc,lk->lc", corner, data.landmark_weights) for corner in moved])
        self._basis = basis @ TO_HEAD / self._unit
        self._error = TRACKED_ERROR if tracked else ERROR
        self._weights = _weights(self._error)
        rows = _rows(self._basis, self._weights, self._error)
        self._rows = rows.T
        gram = rows @ rows.T + np.eye(len(rows)) / PRIOR**2
        self._root: Array = scipy.linalg.cholesky(gram)
        self._shut = self._lids_per_blink()
        self._turn = self._iris_per_degree()

    def __call__(self, track: Track) -> list[Moment]:
        """One moment a frame; where the face was lost, on the way between those before and after."""
        seen = np.flatnonzero(np.isfinite(track.points).all((1, 2)))
        neutral = neutral_face(track.points[seen])
        found = np.stack([self._solve(neutral, track.points[k].astype(np.float64)) for k in seen])
        every = np.arange(len(track.points))
        lids = [self.shape.data.expression_index(f"eyeBlink_{side}") + 5 for side in "LR"]
        looking = found[:, lids].mean(1) < GUESSED
        values = np.stack([np.interp(every, seen, column) for column in found.T], 1)
        if looking.any():
            for k in (3, 4):
                values[:, k] = np.interp(every, seen[looking], found[looking, k])
        if self.tracked:  # a tracker's pitch is off by some degrees, the same all the time
            values[:, 1] -= np.median(values[:, 1])
        values = gaussian_filter1d(values, SMOOTH * track.rate, axis=0, mode="nearest")
        return [
            Moment(
                expression=np.clip(row[5:], 0, 1).astype(np.float32),
                gaze=Gaze(float(row[3]), float(row[4])),
                pose=Pose(float(row[0]), float(row[1]), float(row[2])),
            )
            for row in values
        ]

    def _solve(self, neutral: Array, points: Array) -> Array:
        """Yaw, pitch, roll, gaze's yaw and pitch in degrees, then the coefficients (E,)."""
        axes, centre = measures.face_axes(neutral), neutral[_STABLE].mean(0)
        unit = np.linalg.norm(neutral[lm.OUTER_EYE_CORNERS[1]] - neutral[lm.OUTER_EYE_CORNERS[0]])
        base = (neutral - centre) @ axes / unit
        solved = np.zeros(len(self._solved))
        for _ in range(ROUNDS):
            # Brows pull at the forehead, which is then no turn of the head.
            expected = neutral + np.einsum("k,klc->lc", solved, self._basis) @ axes.T * unit
            scale, rotation, shift = geo.similarity(expected[_STABLE], points[_STABLE])
            face = ((points - shift) @ rotation / scale - centre) @ axes / unit
            solved = self._coefficients(base, face)
        gaze = self._gaze(base, face)
        coefficients = np.zeros(len(self.shape.data.expression_names))
        coefficients[self._solved] = solved
        self._lids(coefficients, base, face, gaze)
        turned = rotation @ axes if self.tracked else rotation
        return np.concatenate([angles(TO_HEAD @ turned @ TO_HEAD), [gaze.yaw, gaze.pitch], coefficients])

    def _coefficients(self, base: Array, face: Array) -> Array:
        """Least squares with every coefficient between 0 and 1."""
        offset = _rows((face - base)[None], self._weights, self._error)[0]
        if self.tracked:
            width = measures.mouth_width(face)
            now, rest = (width * opened_lips((f[_LOWER, 1] - f[_UPPER, 1]) / width) for f in (face, base))
            offset[-len(_UPPER) :] = (now - rest) * (GAP / self._error)
        target = scipy.linalg.solve_triangular(self._root, self._rows.T @ offset - FEW, trans="T")
        return np.asarray(scipy.optimize.lsq_linear(self._root, target, (0.0, 1.0), method="bvls").x)

    def _gaze(self, base: Array, face: Array) -> Gaze:
        share = np.array(landmark_noise.IRISES_SEEN) if self.tracked else np.ones(2)
        yaw, pitch = _iris_way(face - base) / share / self._turn
        return Gaze(float(np.clip(yaw, -30, 30)), float(np.clip(pitch, -20, 20)))

    def _lids(self, coefficients: Array, base: Array, face: Array, gaze: Gaze) -> None:
        """Blinks from the openings' ratio, less what the lids close by following the gaze."""
        shut = SHUT_LIDS if self.tracked else self._shut[0]
        names = self.shape.data
        following = self.shape.lids_for(gaze)
        for (upper, lower, _), side in zip(lm.EYES, "RL", strict=True):
            now, rest = (max(measures.lid_opening(f, upper, lower) - shut, 0.0) for f in (face, base))
            closed = 1 - now / max(rest, 0.05)
            closed -= self._shut[1] * following[names.expression_index(f"eyeLookDown_{side}")]
            blink = (closed - REST_BLINK) / (1 - REST_BLINK)
            coefficients[names.expression_index(f"eyeBlink_{side}")] = np.clip(blink, 0, 1)
            coefficients[names.expression_index(f"eyeWide_{side}")] = np.clip(-2 * closed - 0.2, 0, 1)

    def _face(self, gaze: Gaze | None = None, **levels: float) -> Array:
        """(478, 3) the mean head's points as a camera sees them, in its unit."""
        data = self.shape.data
        made = self.shape.express(data.neutral, expression(data, **levels), gaze or Gaze())
        return np.asarray(self.shape.landmarks(made) @ TO_HEAD, np.float64)

    def _lids_per_blink(self) -> tuple[float, float]:
        """The opening of a shut eye, and how much of a blink `eyeLookDown` is."""
        rest, blink, down = (
            measures.lid_openings(face)
            for face in (self._face(), self._face(eyeBlink=1.0), self._face(eyeLookDown=1.0))
        )
        return blink, (rest - down) / (rest - blink)

    def _iris_per_degree(self) -> Array:
        """(2,): how far the irises move right and down for a degree of yaw and of pitch."""
        sides = _iris_way(self._face(Gaze(10, 0)) - self._face(Gaze(-10, 0)))[0]
        heights = _iris_way(self._face(Gaze(0, 10)) - self._face(Gaze(0, -10)))[1]
        return np.array([sides, heights]) / 20 / self._unit


def _iris_way(moved: Array) -> Array:
    """(2,): how far the irises moved between the corners of their eyes, of (478, 3) offsets."""
    ways = [moved[iris[0]] - moved[[upper[0], upper[-1]]].mean(0) for upper, _, iris in lm.EYES]
    return np.asarray(np.mean(ways, 0)[:2])


def neutral_face(points: NDArray[np.float32]) -> Array:
    """(478, 3) the face that looks ahead with open eyes and a mouth at rest, in pixels. points: (N, 478, 3).

    The best tenth of the frames, laid over one another: in talk no single mouth is at rest, and a mean has
    less of the tracker's trembling.
    """
    exact = points.astype(np.float64)
    turned = np.array([neutrality.turned(p) for p in exact])
    lids = np.array([measures.lid_openings(p) for p in exact])
    wide = np.array([measures.mouth_width(p) for p in exact])
    lips = np.abs(exact[:, 14, 1] - exact[:, 13, 1]) / wide
    wide /= np.linalg.norm(exact[:, 33] - exact[:, 263], axis=1)
    looks = np.array([np.mean([_look(p, upper, iris) for upper, _, iris in lm.EYES], 0) for p in exact])
    # As open, as wide and looking where it mostly does: into the camera.
    usual = 4 * (lids / np.percentile(lids, 70) - 1) ** 2 + 10 * (wide / np.median(wide) - 1) ** 2
    away = np.square(looks - np.median(looks, 0)).sum(1)
    order = np.argsort(turned + (lips / neutrality.OPEN_MOUTH_SCALE) ** 2 + usual + away / 0.1**2)
    best = exact[order[0]]
    faces = []
    for other in exact[order[: max(1, len(exact) // 10)]]:
        scale, rotation, shift = geo.similarity(best[_STABLE], other[_STABLE])
        faces.append((other - shift) @ rotation / scale)
    return np.asarray(np.mean(faces, 0))


def _look(points: Array, upper: tuple[int, ...], iris: tuple[int, ...]) -> Array:
    """(2,): from the middle between the eye's corners to the iris, as a share of the eye's width."""
    corners = points[[upper[0], upper[-1]], :2]
    width = max(float(np.linalg.norm(corners[1] - corners[0])), 1e-9)
    return np.asarray((points[iris[0], :2] - corners.mean(0)) / width)


def angles(rotation: Array) -> Array:
    """(3,) degrees: yaw, pitch and roll of a matrix that `camera.rotation` makes."""
    yaw = np.arcsin(np.clip(-rotation[2, 0], -1, 1))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.asarray(np.degrees([yaw, pitch, roll]))


def _weights(error: float) -> Array:
    """(478, 3): how much is believed of each point; nothing of the outline, and of the eyes, solved apart."""
    weights = np.full((lm.COUNT, 3), 0.5)
    weights[sorted(lm.LIPS)] = 1
    weights[[*lm.BROWS[0], *lm.BROWS[1]]] = 1
    eyes = [i for upper, lower, iris in lm.EYES for i in (*upper, *lower, *iris)]
    weights[[*eyes, *lm.FACE_OVAL]] = 0
    return weights * [1, 1, DEPTH] / error


def _rows(moved: Array, weights: Array, error: float) -> Array:
    """(K, 478, 3) offsets -> (K, 478 * 3 + 9): weighed, and the change of the gap between the lips."""
    gaps = (moved[:, _LOWER, 1] - moved[:, _UPPER, 1]) * (GAP / error)
    return np.concatenate([(moved * weights).reshape(len(moved), -1), gaps], 1)
