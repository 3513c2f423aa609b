"""Landmarks of your own tracker, here MediaPipe's FaceLandmarker, move a portrait; livecam's does not run.

    python examples/own_landmarks.py mona.jpg face_landmarker.task clip.mp4 FOLDER

Writes a PNG a frame into FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from PIL import Image

import livecam


def main(portrait: str, model: str, clip: str, folder: str) -> None:
    options = vision.FaceLandmarkerOptions(BaseOptions(model_asset_path=model))
    persona = livecam.Persona.open(portrait)
    with (
        livecam.open_source(clip) as source,
        vision.FaceLandmarker.create_from_options(options) as tracker,
        livecam.Animator(persona) as animator,
    ):
        for frame in iter(source.read, None):
            faces = tracker.detect(mediapipe.Image(mediapipe.ImageFormat.SRGB, frame.pixels)).face_landmarks
            pixels = np.array([frame.width, frame.height, frame.width])  # MediaPipe's own unit is the frame
            points = np.array([(p.x, p.y, p.z) for p in faces[0]]) * pixels if faces else None
            picture = animator(time_s=frame.capture_ns / 1e9, landmarks=points)
            Image.fromarray(picture).save(Path(folder) / f"{frame.index:05d}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
