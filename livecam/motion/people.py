"""Who sits before the camera: the one from before, somebody new, or one who comes back.

Known by the proportions of the face (`livecam.face.proportions`), as means of many frames that show it from
the front. A few people are kept, in memory only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face import measures
from livecam.face.neutrality import turned, unrest
from livecam.face.proportions import distance, proportions
from livecam.geometry import Array
from livecam.motion.resting import RestingFace

ALIKE: Final = 2.2
"""`proportions.distance` up to which two faces may be one person's: means of a second of one person are at
most 1.9 from the mean of all; of two people, one pair in six is nearer."""
GONE_SECONDS: Final = 1.0
"""Without a face, after which the next one may be somebody else's. The tracker itself waits half a second
longer before it takes one."""
DECIDE_SECONDS: Final = 0.3
"""How long a face that has come is looked at before it is somebody's."""
DECIDE_FACES: Final = 3
"""And how many times."""
UNDECIDED_SECONDS: Final = 1.5
"""A face that has shown itself turned away alone for so long is taken for who was there before."""
OTHER_SECONDS: Final = 1.0
"""How long every face from the front must have other proportions to be another's while nobody left."""
MOST_TURNED: Final = 1.0
"""`neutrality.turned` up to which proportions are read off a face: 20 degrees to the side."""
LEAST_MEASURED: Final = 10
"""Frames a person is known by before the face can become another's."""
MOST_MEASURED: Final = 300
"""Frames that the kept proportions are the mean of; from then on it moves on slowly."""
MOST_PEOPLE: Final = 4
"""Kept at a time; who was away longest is forgotten."""


class Person:
    """What is known of one driver. `first`: (478, 3) landmarks in pixels.

    face: what it returns to. measured: mean of its proportions, None before any; count: of how many frames.
    """

    def __init__(self, first: F32) -> None:
        self.face = RestingFace(first)
        self.measured: Array | None = None
        self.count = 0

    def measure(self, measured: Array) -> None:
        """Take a frame's `proportions` into the mean."""
        self.count = min(self.count + 1, MOST_MEASURED)
        known = measured if self.measured is None else self.measured
        self.measured = known + (measured - known) / self.count

    def distance(self, measured: Array) -> float:
        """How far these proportions are from this person's."""
        return np.inf if self.measured is None else distance(self.measured, measured)


@dataclass(slots=True)
class _Question:
    """Who has come: all faces since then with their times, and proportions of those from the front."""

    since: float
    faces: list[tuple[F32, float]] = field(default_factory=list)
    measured: list[Array] = field(default_factory=list)


class People:
    """Told of every face, answers whose it is."""

    def __init__(self) -> None:
        self.known: list[Person] = []
        """Who is there, or was last, comes last."""
        self._question: _Question | None = None
        self._seen = np.inf
        self._other: _Question | None = None

    @property
    def undecided(self) -> bool:
        """Whether somebody has come of whom it is not known yet who it is."""
        return self._question is not None

    def add(self, points: F32, time: float) -> Person | None:
        """Whose face this is, as far as it is known, who is then known better. None: it may be another's than
        who is thought to be there, or it is undecided. points: (478, 3) pixels; time in seconds."""
        usable = turned(points.astype(np.float64)) < MOST_TURNED
        measured = proportions(points) if usable else None
        gone, self._seen = time - self._seen > GONE_SECONDS, time
        if not self.known:
            self.known.append(Person(points))
        elif gone and self._question is None:
            self._question, self._other = _Question(time), None
        if self._question is not None:
            return self._decide(self._question, points, measured, time)
        if measured is not None and self._is_other(points, measured, time):
            return None
        return self._learn(self.known[-1], points, measured, time)

    def _learn(self, person: Person, points: F32, measured: Array | None, time: float) -> Person:
        if measured is not None:
            person.measure(measured)
        person.face.add(points, time)
        return person

    def _decide(self, asked: _Question, points: F32, measured: Array | None, time: float) -> Person | None:
        asked.faces.append((points, time))
        if measured is not None:
            asked.measured.append(measured)
        passed = time - asked.since
        if passed < DECIDE_SECONDS or (len(asked.measured) < DECIDE_FACES and passed < UNDECIDED_SECONDS):
            return None
        self._question = None
        if len(asked.measured) < DECIDE_FACES:
            return self.known[-1]
        return self._recognise(asked)

    def _recognise(self, asked: _Question) -> Person:
        """Who of those that are known is most alike, or somebody new; last in the list from now on."""
        mean = np.mean(asked.measured, 0)
        person = min(self.known, key=lambda known: known.distance(mean))
        if person.distance(mean) > ALIKE and person.measured is not None:
            person = self._newcomer(asked)
        else:
            self.known.remove(person)
            for measured in asked.measured:
                person.measure(measured)
        self.known.append(person)
        return person

    def _newcomer(self, asked: _Question) -> Person:
        faces = [points for points, _ in asked.faces]
        widest = max(measures.lid_openings(points.astype(np.float64)) for points in faces)
        person = Person(min(faces, key=lambda points: unrest(points, max(widest, 1e-6))))
        for points, time in asked.faces:
            person.face.add(points, time)
        for measured in asked.measured:
            person.measure(measured)
        del self.known[: max(len(self.known) - MOST_PEOPLE + 1, 0)]
        return person

    def _is_other(self, points: F32, measured: Array, time: float) -> bool:
        """Whether this face has the proportions of somebody else than who is thought to be there. Where that
        lasts it is somebody else's from now on."""
        person = self.known[-1]
        if person.count < LEAST_MEASURED or person.distance(measured) <= ALIKE:
            self._other = None
            return False
        self._other = self._other or _Question(time)
        self._other.faces.append((points, time))
        self._other.measured.append(measured)
        if time - self._other.since >= OTHER_SECONDS and len(self._other.measured) >= DECIDE_FACES:
            self._recognise(self._other)
            self._other = None
        return True
