"""What covers a mouth or an eye moves nothing: a part that is doubted relaxes, and returns softly.

Under a hand the model sees lips and lids all the same, every frame others. A part is doubted where the
colours at its landmarks are no longer the pattern that they were, while the rest of the face is as ever; and,
pictures or none, for as long as it jumps further than parts of faces do.
docs/lab/doubt.md has the figures behind the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.appearance import Colours, Likeness, on_the_face
from livecam.face.measures import between_eyes
from livecam.frames import Landmarks
from livecam.geometry import Array, first_order, similarity, smoothstep

DOUBTED: Final = 0.52
"""Likeness below which a part is covered."""
TRUSTED: Final = 0.62
"""Likeness from which it is free again."""
REST_ALIKE: Final = 0.6
"""Likeness of the rest of the face below which nothing is said of its parts: the light changed, or the head
turned."""

LARGEST_STEP: Final = {"mouth": 0.3, "eye": 0.12}
"""Distances of the outer eye corners that a part's points move on the head between two frames, root mean
square. Talking and grimacing at 25 and 30 frames a second mouths move .20 at most and lids .062; in three
times as much time .24 and .076."""

SEEN_S: Final = 0.5
"""Seconds a face is looked at before any of its parts is doubted. By eye."""
LEARNED_S: Final = 1.5
"""Time constant of what a part looks like: a head turns and its light changes within seconds."""
LONGEST_S: Final = 5.0
"""Seconds after which what a doubted part looks like is learned: glasses put on, or the first picture had a
hand in it. By eye."""

RELAXES_S: Final = 0.3
"""Time constant of a doubted part on its way to rest. By eye."""
RETURNS_S: Final = 0.25
"""Seconds in which it comes back to what is seen. By eye."""
RESTS_S: Final = 2.0
"""Time constant of the shape at rest."""
REST_STEP: Final = 0.03
"""Distances of the outer eye corners from the shape at rest beyond which a point counts no more than there:
it is where the face returns to, not the mean."""
REST_EVERY_S: Final = 0.1
"""Seconds between two looks at the shape at rest while nothing is doubted, for time."""
SMALLEST: Final = 1.0
"""Pixels; a smaller head has no parts."""
LONGEST_FRAME_S: Final = 0.2
"""A frame that comes later counts as so late. By eye."""

PATCH: Final = {"mouth": 0.5, "eye": 0.36}
"""Distances of the outer eye corners round the middle of a part within which it is compared."""
CARRIED: Final = {"mouth": (0.62, 0.42), "eye": (0.46, 0.3)}
"""The same beyond and within which points are left and wholly taken along when it relaxes. By eye."""
MOUTH, LEFT_EYE, RIGHT_EYE = PARTS = ("mouth", "left eye", "right eye")

_STABLE = list(lm.STABLE)
_OPENINGS = sorted({*lm.MOUTH, *lm.LEFT_EYE, *lm.RIGHT_EYE})
"""Edges of lips and lids: there is now skin there, now a tooth."""


_SLOPED = (PARTS.index(MOUTH), len(PARTS))
"""What is compared in a light from aside: mouth and rest. In the small patch of an eye a slope is a brow."""


@dataclass(slots=True)
class _Part:
    patch: NDArray[np.intp]
    """(n,) points whose colours are compared."""
    taken: Array
    """(478, 1), 0..1: how far each point goes along."""
    outline: list[int]
    """Points whose step is looked at."""
    largest_step: float
    likeness: float = 1.0
    covered: bool = False
    doubted: bool = False
    """Covered, or it jumped."""
    doubted_s: float = 0.0
    back_s: float = RETURNS_S
    """Seconds since it is trusted again."""
    held: Array = field(default_factory=lambda: np.zeros((lm.COUNT, 3)))
    """(478, 3) on the head: what is shown of it while it is doubted."""

    @property
    def share(self) -> float:
        return 1.0 if self.doubted else 1.0 - float(smoothstep(0.0, RETURNS_S, self.back_s))

    def judge(self, jumped: bool, elapsed: float) -> None:
        self.doubted = self.covered or jumped
        self.doubted_s = self.doubted_s + elapsed if self.doubted else 0.0
        self.back_s = 0.0 if self.doubted else self.back_s + elapsed


class PartDoubt:
    """Passes on one face's landmarks, with what is covered at rest. Call it with every frame in turn; `reset`
    before another face."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the face."""
        self._parts: dict[str, _Part] = {}
        self._look: Colours | None = None
        self._seen_s = self._time_s = 0.0

    @property
    def trust(self) -> dict[str, float]:
        """0 to 1 of each part: 0 while it is covered."""
        return {name: 1.0 - part.share for name, part in self._parts.items()} or dict.fromkeys(PARTS, 1.0)

    def __call__(self, colours: Colours | None, points: Landmarks, time_s: float) -> Landmarks:
        """(478, 3) float32, `points` themselves while every part is trusted. colours: as
        `livecam.face.appearance.point_colours` reads them at the points; None without a picture. time_s:
        seconds; where they go back the face is a new one."""
        if float(np.ptp(points[_STABLE, :2], axis=0).max()) < SMALLEST:
            self.reset()
            return points
        if time_s < self._time_s:
            self.reset()
        elapsed = min(time_s - self._time_s, LONGEST_FRAME_S)
        self._time_s = time_s
        if not self._parts:
            self._start(points, colours)
            return points
        self._seen_s += elapsed
        if colours is not None:
            self._compare(colours, elapsed)
        for part, jumped in zip(self._parts.values(), self._jumps(points), strict=True):
            part.judge(jumped, elapsed)
        return self._shown(points, elapsed)

    def _start(self, points: Landmarks, colours: Colours | None) -> None:
        self._look = colours
        places = on_the_face(points)
        self._parts = {name: _part(name, places) for name in PARTS}
        patches = [part.patch for part in self._parts.values()]
        rest = np.setdiff1d(np.arange(lm.MESH_COUNT), np.concatenate([_OPENINGS, *patches]))
        self._likeness = Likeness([*patches, rest], places, _SLOPED)
        self._base = points[_STABLE].astype(np.float64)
        self._unit = max(float(np.linalg.norm(np.subtract(*points[list(lm.OUTER_EYE_CORNERS)]))), 1e-6)
        self._at_rest = points.astype(np.float64)
        self._seen = self._last = points
        self._since_s = 0.0

    def _compare(self, colours: Colours, elapsed: float) -> None:
        """Which parts are covered; and what they look like is learned."""
        look = colours if self._look is None else self._look
        *of_parts, of_rest = self._likeness(colours, look).tolist()
        sure = self._seen_s >= SEEN_S and of_rest >= REST_ALIKE
        learned = np.float32(elapsed / max(min(self._seen_s, LEARNED_S), elapsed, 1e-9)) * (colours - look)
        for part, alike in zip(self._parts.values(), of_parts, strict=True):
            if sure:
                part.likeness, part.covered = alike, alike < (TRUSTED if part.covered else DOUBTED)
            if part.covered and sure and part.doubted_s < LONGEST_S:
                learned[part.patch] = 0
        self._look = look + learned

    def _jumps(self, points: Landmarks) -> list[bool]:
        """Which parts moved further on the head than parts do."""
        parts = self._parts.values()
        moved = points - self._seen
        moved -= moved[_STABLE].mean(0)
        off = (moved * moved).sum(1)
        unit = between_eyes(points)
        if all(off[part.outline].mean() < (part.largest_step * unit) ** 2 for part in parts):
            return [False] * len(parts)  # mostly: no need to know how the head turned
        moved = (self._on_head(points) - self._on_head(self._seen)) / self._unit
        off = (moved * moved).sum(1)
        return [bool(off[part.outline].mean() > part.largest_step**2) for part in parts]

    def _shown(self, points: Landmarks, elapsed: float) -> Landmarks:
        """The points, or what is left of them once covered parts are at rest."""
        self._since_s += elapsed
        hidden = [part for part in self._parts.values() if part.share > 0]
        if hidden or self._since_s >= REST_EVERY_S:
            head = self._on_head(points)
            self._rest_is(head, hidden)
        before, self._last, self._seen = self._last, points, points
        if not hidden:
            return points
        shown = head
        for part in hidden:
            if part.doubted and part.doubted_s == elapsed:  # it begins: from here it goes to rest
                part.held = self._on_head(before)
            part.held = part.held + first_order(elapsed / RELAXES_S) * (self._at_rest - part.held)
            shown = shown + part.share * part.taken * (part.held - shown)
        scale, rotation, shift = self._pose(points)
        self._last = np.asarray(shown * scale @ rotation.T + shift, np.float32)
        return self._last.copy()

    def _on_head(self, points: Landmarks) -> Array:
        """(478, 3) as if the head had not moved since the first frame."""
        scale, rotation, shift = self._pose(points)
        return np.asarray((points - shift) @ rotation / scale, np.float64)

    def _pose(self, points: Landmarks) -> tuple[float, Array, Array]:
        return similarity(self._base, points[_STABLE].astype(np.float64))

    def _rest_is(self, head: Array, hidden: list[_Part]) -> None:
        """Learn the shape at rest. head: (478, 3) as the head was in the first frame."""
        off = head - self._at_rest
        far = np.sqrt((off * off).sum(1, keepdims=True)) / (REST_STEP * self._unit)
        learned = off / np.maximum(far, 1.0)
        for part in hidden:
            learned *= 1 - part.taken
        known = max(min(self._seen_s, RESTS_S), self._since_s, 1e-9)
        self._at_rest = self._at_rest + (self._since_s / known) * learned
        self._since_s = 0.0


def _part(name: str, places: Array) -> _Part:
    """places: as `on_the_face` gives them."""
    kind = "mouth" if name == MOUTH else "eye"
    if name == MOUTH:
        middle, end = places[list(lm.INNER_MOUTH_CORNERS)].mean(0), places[lm.CHIN]
        outline = list(lm.LIPS)
    else:
        upper, lower, _ = lm.EYES[PARTS.index(name) - 1]
        outline = list(lm.loop(upper, lower))
        middle = end = places[[upper[0], upper[-1]]].mean(0)
    near = np.linalg.norm(places[: lm.MESH_COUNT] - middle, axis=1) < PATCH[kind]
    patch = np.array(sorted(({*np.flatnonzero(near).tolist()} | {*outline}) - {*_OPENINGS}), np.intp)
    along = end - middle
    share = np.clip((places - middle) @ along / max(float(along @ along), 1e-9), 0, 1)
    away = np.linalg.norm(places - middle - share[:, None] * along, axis=1)
    taken = smoothstep(*CARRIED[kind], away)
    if name == MOUTH:  # the nose stays
        lips = places[list(lm.OUTER_LIP_UPPER), 1].min()
        taken = taken * smoothstep(places[2, 1], lips, places[:, 1])
    return _Part(patch, taken[:, None], outline, LARGEST_STEP[kind])
