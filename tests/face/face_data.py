"""A picture of a rendered head with reference landmarks, and a mark for tests that need the face models."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from livecam.face import bundle

DATA = Path(__file__).parent / "data"

PICTURE = np.ascontiguousarray(cv2.imread(str(DATA / "face.jpg"))[:, :, ::-1])
"""RGB uint8, one rendered head that looks at the camera."""
PICTURE.setflags(write=False)

with np.load(DATA / "reference.npz", allow_pickle=False) as _file:
    REFERENCE = _file["landmarks"]
    """(478, 3) landmarks of `PICTURE` in pixels, by the legacy API of mediapipe 0.10.21: data/README.md."""
    FOLLOWED = _file["followed"]
    """The same after ten frames of a film of it."""
REFERENCE.setflags(write=False)

BLANK = np.random.default_rng(1).integers(90, 130, (240, 320, 3)).astype(np.uint8)
"""A picture without anybody."""

MODELS = bundle.model_folder()
needs_models = pytest.mark.skipif(
    any(bundle.problem(name, MODELS) for name in bundle.MODEL_FILES),
    reason="the face model is not built: run `livecam build`",  # `make test` does so first
)
