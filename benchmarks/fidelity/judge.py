"""The judge of pictures: MediaPipe on single frames, without the tracker's memory."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from livecam.face import _mediapipe
from livecam.face.bundle import face_landmarker_path
from livecam.frames import RGB, Landmarks


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

    def close(self) -> None:
        self._landmarker.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
