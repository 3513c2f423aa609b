"""The judge of pictures: MediaPipe on single frames, without the tracker's memory."""

from __future__ import annotations

from types import TracebackType
from typing import Final

import numpy as np

from livecam.face import _mediapipe
from livecam.face.bundle import face_landmarker_path
from livecam.face.rotated_tracking import TURNS
from livecam.face.rotation import RotatedCrop
from livecam.face.window import centre, face_size
from livecam.frames import RGB, Landmarks

SAME_FACE: Final = 0.2
"""Face sizes between two looks beyond which they are at two people. By eye."""


class Judge:
    """Finds the largest face of a picture. A context manager.

    It is the same family of model as the tracker's, so it shares its weak points (brows, lids); what it
    does not share is the smoothing from frame to frame. Raises `UserError` where the face model is missing.
    """

    def __init__(self) -> None:
        self._landmarker = _mediapipe.create_face_landmarker(face_landmarker_path(), video=False, faces=1)

    def __call__(self, picture: RGB) -> Landmarks | None:
        """(478, 3) in the picture's pixels, or None without a face. picture: H x W x 3 uint8 RGB."""
        faces = _mediapipe.detect_faces(self._landmarker, picture)
        if not faces:
            return None
        return max(faces, key=lambda points: float(np.ptp(points[:, 1])))

    def steady(self, picture: RGB) -> Landmarks | None:
        """The same in the mean of three looks, as it is and turned about the face to either side.

        Shown the same face shifted by some pixels the judge tells another pose, with a standard deviation of
        a third to half a degree and a hundredth of an eye's width: of a head that hardly moves, half of all.
        """
        first = self(picture)
        if first is None:
            return None
        seen, side = [first], max(picture.shape[:2])
        for degrees in TURNS:
            turned = RotatedCrop.about(centre(first).astype(np.float64), 1.0, degrees, side)
            points = self(turned.cut(picture))
            if points is None:
                continue
            points = turned.back(points)
            if np.linalg.norm(centre(points) - centre(first)) < SAME_FACE * face_size(first):
                seen.append(points)
        return np.mean(seen, 0, dtype=np.float32)

    def close(self) -> None:
        self._landmarker.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
