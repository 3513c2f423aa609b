"""Landmarks made steady by the picture itself: a point goes where its pixels went.

MediaPipe places every point anew in every frame, each time a little beside. From one frame to the next the
pixels say exactly how far a point has moved, but not where it is. Together they are steadier than the one and
truer than the other, and unlike a low-pass filter this is never late.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import between_eyes
from livecam.frames import RGB, Landmarks
from livecam.geometry import Array

MEASURED_SHARE: Final = 0.3
"""Share of what MediaPipe sees, where pixels agree with it. With .4 points jitter a tenth more; with .2 clips
gain nothing, and what pixels do not show is forgotten more slowly."""

DOUBT: Final = 0.02
"""Where both differ by so much, in distances of the outer eye corners, MediaPipe alone is believed: a lid has
come down, a hand is before the face. Never are points further from where it sees them. By eye."""

DEPTH: Final = (0.4, 0.02)
"""Of depth, which pixels do not show, this share of a change is taken while the face is still, and all of it
where the face turns by that much between frames (root mean square, same distances; 2 degrees). By eye."""

PIXELS: Final = 192
"""Side of the patch in which pixels are compared, about: a larger part of the picture is made smaller by a
whole number, which is quick. By eye."""

PATCH: Final = 3.2
"""The same in distances of the outer eye corners. By eye."""

GROWN: Final = 1.3
"""A face that much larger or smaller than at first needs a patch of another size. By eye."""

AREA: Final = (11, 11)
"""Pixels of the patch round a point that are compared. By eye."""

BRIGHTNESS_ASKED: Final = 0.04
"""Points further than that from the flow (the most of thirteen clips is .031) may be so because the light
changed, which flow takes for motion: it is asked again in a picture that is as bright as the last one."""

FLAT: Final = 0.1
"""Grey levels from pixel to pixel, along the less varied of rows and columns, as a mean over `AREA`. In what
was filled with grey or smeared down from a row there is none. Of 13 clips the flattest hundredth of points
has .4."""

STOP: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 5, 0.03)
"""The search for a point ends after so many steps, or one of so few pixels. By
eye."""


_State = tuple[float, "NDArray[np.uint8] | None", NDArray[np.float32], Array, Array, Array, Array]


class FlowStabiliser:
    """Follows the pixels of one face's points. Call it with every frame in turn; `reset` before another face.

    `from_flow`: how far the points of the last picture were from where their pixels went, as a median over
    those whose pixels were found, in distances of the outer eye corners. `flattened`: the share of all points
    in whose place there was texture a picture ago, and now is none, neither there nor where they are seen.
    Both are 0 where there was nothing to follow.

    Optical flow: Lucas and Kanade 1981, as in Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature
    Tracker", 2000, without the pyramid.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next points pass unchanged."""
        self._unit = 0.0
        self._patch: NDArray[np.uint8] | None = None
        self._corner = np.zeros(2)
        self._seen = self._points = np.zeros((lm.COUNT, 2))
        self._depth = np.zeros(lm.COUNT)
        self._texture = np.zeros((1, 1), np.float32)
        self.from_flow = self.flattened = 0.0
        self._before = self._state()

    def take_back(self) -> None:
        """As if the last picture had not been shown: its points were not believed."""
        (self._unit, self._patch, self._texture, self._corner, self._seen, self._points, self._depth) = (
            self._before
        )

    def _state(self) -> _State:
        return (
            self._unit, self._patch, self._texture, self._corner, self._seen, self._points, self._depth,
        )  # fmt: skip

    def __call__(self, picture: RGB, points: Landmarks) -> Landmarks:
        """Where the points are: (478, 3) float32.

        picture: H x W x 3. points: where MediaPipe sees them in it, in pixels; not changed.
        """
        self._before = self._state()
        self.from_flow = self.flattened = 0.0
        seen = points[:, :2].astype(np.float64)
        unit = max(between_eyes(seen), 1.0)
        if not 1 / GROWN < unit / max(self._unit, 1e-6) < GROWN:
            self._unit, self._patch = unit, None
        patch, corner, scale = _cut(picture, (seen.min(0) + seen.max(0)) / 2, round(PATCH * self._unit))
        texture = _texture(patch)
        now, depth = seen, points[:, 2].astype(np.float64)
        if self._patch is not None:
            depth = _steadier(self._depth, depth, unit)
            before = (self._points - self._corner) * scale
            inside = ((self._points >= 0) & (self._points < picture.shape[1::-1])).all(1)
            had = _at(self._texture, before) > 2 * FLAT
            # Where the face was and where it is said to be: it may have gone from before a plain wall.
            flat = np.maximum(*(_at(texture, (p - corner) * scale) for p in (self._points, seen))) < FLAT
            self.flattened = float((had & flat & inside).mean())
            guess = (self._points + seen - self._seen - corner) * scale
            flow, found = _follow(self._patch, patch, before, guess)
            gone = flow / scale + corner
            doubt = np.linalg.norm(gone - seen, axis=1) / (DOUBT * unit)
            self.from_flow = DOUBT * _median(doubt, found)
            if self.from_flow > BRIGHTNESS_ASKED:
                lit = _follow(self._patch, _as_bright(patch, self._patch), before, guess)
                off = np.linalg.norm(lit[0] / scale + corner - seen, axis=1) / unit
                self.from_flow = min(self.from_flow, _median(off, lit[1]))
            share = np.where(found, MEASURED_SHARE + (1 - MEASURED_SHARE) * np.minimum(doubt**2, 1), 1.0)
            now = gone + share[:, None] * (seen - gone)
        self._patch, self._texture, self._depth = patch, texture, depth
        self._corner, self._seen, self._points = corner, seen, now
        return np.column_stack([now, depth]).astype(np.float32)


def _steadier(before: Array, depth: Array, unit: float) -> Array:
    """(N,) depth, with less of what changed the less the face turned. unit: of `DEPTH`'s distance."""
    seen, turned = DEPTH
    change = depth - before
    share = seen + (1 - seen) * min(float(np.std(change) / (turned * unit)) ** 2, 1.0)
    return np.asarray(before + share * change, np.float64)


def _median(distances: Array, found: NDArray[np.bool_]) -> float:
    return float(np.median(distances[found])) if found.any() else 0.0


def _texture(patch: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, N), in grey levels as `FLAT`. patch: N x N."""
    across = cv2.copyMakeBorder(cv2.absdiff(patch[:, 1:], patch[:, :-1]), 0, 0, 0, 1, cv2.BORDER_REPLICATE)
    down = cv2.copyMakeBorder(cv2.absdiff(patch[1:], patch[:-1]), 0, 1, 0, 0, cv2.BORDER_REPLICATE)
    means = [cv2.boxFilter(change, cv2.CV_32F, AREA) for change in (across, down)]
    return np.asarray(np.minimum(*means), np.float32)


def _at(field: NDArray[np.float32], points: Array) -> NDArray[np.float32]:
    """(N,): a field's values at (N, 2) points; of those outside, at its rim."""
    x, y = np.clip(points.astype(int), 0, np.array(field.shape)[::-1] - 1).T
    return field[y, x]


def _as_bright(patch: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The patch with the other's mean and contrast, both N x N."""
    mean, contrast = float(patch.mean()), max(float(patch.std()), 1.0)
    lit = (patch - mean) * (float(other.std()) / contrast) + float(other.mean())
    return np.asarray(np.clip(lit + 0.5, 0, 255), np.uint8)


def _cut(picture: RGB, middle: Array, side: int) -> tuple[NDArray[np.uint8], Array, float]:
    """The square of about `side` pixels round `middle`, grey and small; its corner in the picture, and how
    many of its pixels one of the picture's is. Beyond the picture its rim goes on."""
    times = max(round(side / PIXELS), 1)
    size = max(side // times, 2)
    side = size * times
    height, width = picture.shape[:2]
    corner = middle.clip(0, (width, height)) - side / 2
    left, top = (times * round(float(v) / times) for v in corner)  # the same pixels together in every frame
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    grey = cv2.cvtColor(np.ascontiguousarray(picture[rows, columns]), cv2.COLOR_RGB2GRAY)
    up, before = rows.start - top, columns.start - left
    down, after = top + side - rows.stop, left + side - columns.stop
    grey = cv2.copyMakeBorder(grey, up, down, before, after, cv2.BORDER_REPLICATE)
    small = cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.array([left, top], np.float64), 1 / times


def _follow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: Array, guess: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Where points of one patch are in the other, (N, 2), and whether that could be told."""
    first, second = (p.astype(np.float32)[:, None] - np.float32(0.5) for p in (points, guess))
    flow, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        first,
        second,
        winSize=AREA,
        maxLevel=0,  # the guess is near enough
        criteria=STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return flow[:, 0].astype(np.float64) + 0.5, status[:, 0] > 0
