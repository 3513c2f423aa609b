"""Where in a picture the person is: a coarse mask from the selfie segmentation model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.face import _mediapipe
from livecam.face.bundle import segmenter_path
from livecam.frames import RGB


def person_mask(image: RGB) -> NDArray[np.float32]:
    """H x W float32, 0 (background) to 1 (person), for an RGB H x W x 3 uint8 picture.

    The model works at 256 x 256, so hair and outline are soft; matting has to sharpen them. Raises
    `UserError` where the model is missing or cannot be loaded.
    """
    with _mediapipe.create_segmenter(segmenter_path()) as segmenter:
        return np.clip(_mediapipe.segment(segmenter, image), 0.0, 1.0)
