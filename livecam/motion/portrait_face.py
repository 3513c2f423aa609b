"""What a portrait's own face says of how it moves: worked out once, however often the driver's neutral face
is refined.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.covered import free_share
from livecam.geometry import to_euler
from livecam.motion.lips import Mouth

_STABLE = list(lm.STABLE)
_OVAL = list(lm.FACE_OVAL)


class PortraitFace:
    """A portrait's face at rest.

    landmarks: (478, 3), 0..1 of the crop. covered: parts that go with the head and do nothing else
    (`livecam.face.covered`).

    points: (478, 3), the same in float64. axes, centre: (3, 3) and (3,), those of face coordinates. yaw: in
    radians. own: (478, 3) in face coordinates. size: (2,), breadth and height. shape: (468, 2), from the
    front, in distances of the outer corners of the eyes. free: (478, 1), how much of its expression each
    point may show.
    """

    def __init__(self, landmarks: F32, covered: Collection[str] = ()) -> None:
        self.points = landmarks.astype(np.float64)
        self.axes = measures.face_axes(self.points)
        self.yaw = float(to_euler(self.axes)[0])
        self.centre = self.points[_STABLE].mean(0)
        self.own = (self.points - self.centre) @ self.axes
        self.size = np.ptp(self.own[_OVAL, :2], axis=0)
        self.shape = (self.own / max(measures.between_eyes(self.own), 1e-9))[: lm.MESH_COUNT, :2]
        self.mouth = Mouth(self.own)
        self.covered = covered
        self.free = free_share(self.own, covered)[:, None]
