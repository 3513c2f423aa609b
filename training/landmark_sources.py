"""Who says where the landmarks of a rendered picture are: the tracker itself, or its imitation.

A network that will live on the tracker's landmarks must learn from landmarks that err like them: shut lids
are seen a tenth open, lips that touch a little apart. But asking the tracker itself about rendered faces
misleads: strange to it, it sees a mouth that is a little open shut in one picture of ten. On the clips its
lips lie on the lips. So errors are imitated as they are on films; that takes half the time and no MediaPipe.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.frames import RGB
from training.landmark_noise import FILMED, LandmarkNoise

Points = NDArray[np.float32]
ASTRAY = 0.12
"""Mean distance from the truth, in heights of the face, beyond which the tracker saw something else."""


class LandmarkSource(Protocol):
    """Picture, and its exact landmarks (478, 3) in pixels -> as they are seen."""

    def __call__(self, picture: RGB, exact: Points) -> Points: ...


class SimulatedTracker:
    """Errors drawn for one person. `share`: see `LandmarkNoise`."""

    def __init__(self, rng: np.random.Generator, share: float = FILMED) -> None:
        self._noise = LandmarkNoise(rng, share)

    def __call__(self, picture: RGB, exact: Points) -> Points:
        return self._noise(exact)


class MediaPipeTracker:
    """The tracker, once it has settled on the face; a face that it does not find is left to the imitation.

    `missed` counts those. Raises `UserError` where the face model is missing.
    """

    def __init__(self) -> None:
        from livecam.face.detector import FaceFinder

        self._finder = FaceFinder()
        self._noise = LandmarkNoise(np.random.default_rng(0))
        self.missed = 0

    def of(self, rng: np.random.Generator) -> MediaPipeTracker:
        """For one person, with that person's errors where the face is not found."""
        self._noise = LandmarkNoise(rng)
        return self

    def __call__(self, picture: RGB, exact: Points) -> Points:
        found = self._finder.settled_face(picture)
        if found is not None:
            height = np.linalg.norm(exact[lm.CHIN, :2] - exact[lm.FOREHEAD, :2])
            if np.linalg.norm(found[:, :2] - exact[:, :2], axis=1).mean() < ASTRAY * height:
                return np.asarray(found, np.float32)
        self.missed += 1
        return self._noise(exact)
