"""A clip with a known truth: the rendered head of tests/face, shifted and rolled as a whole."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from livecam.face import bundle
from livecam.frames import OutputFrame
from livecam.sinks.base import SinkFormat
from livecam.sinks.video_file import VideoFileSink

HEAD = Path(__file__).parents[1] / "face" / "data" / "face.jpg"
FRAMES = 16
FPS = 30

needs_models = pytest.mark.skipif(
    any(bundle.problem(name, bundle.model_folder()) for name in bundle.MODEL_FILES),
    reason="the face model is not built: run `livecam build`",
)


def write_clip(path: Path) -> None:
    """Two frames of the picture itself, then it hangs to the right, rolled, and 12 % narrower than it was.

    Narrower, because frames that are the portrait but for place and roll are taken for the portrait.
    """
    picture = cv2.cvtColor(cv2.imread(str(HEAD)), cv2.COLOR_BGR2RGB)
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    sink = VideoFileSink(path)
    sink.open(SinkFormat(width, height, FPS))
    for k in range(FRAMES):
        swing = 0.0 if k < 2 else 0.8 + 0.2 * np.sin(k)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 8 * swing, 1.0)
        turn[0, 2] += 0.06 * width * swing
        squeeze = np.diag([1 - 0.12 * swing, 1.0])
        middle = np.array([width / 2, height / 2])
        matrix = np.column_stack(
            [turn[:, :2] @ squeeze, turn[:, 2] + turn[:, :2] @ (middle - squeeze @ middle)]
        )
        frame = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        sink.write(OutputFrame(np.asarray(frame, np.uint8), k, round(k * 1e9 / FPS)))
    sink.close()
