"""Your webcam moves a portrait, which appears as a virtual camera in calls. Ctrl-C ends it.

    python examples/webcam.py mona.jpg

First look into the camera for two seconds, mouth shut. `livecam run mona.jpg` needs no program, tracks the
next frame while the last is drawn, and survives an unplugged camera.
"""

from __future__ import annotations

import contextlib
import sys

import cv2
import pyvirtualcam

import livecam


def main(portrait: str) -> None:
    persona = livecam.Persona.open(portrait)
    webcam = cv2.VideoCapture(0)
    with (
        contextlib.suppress(KeyboardInterrupt),
        livecam.Animator(persona, canvas="1280x720", mirror=True) as animator,
        pyvirtualcam.Camera(width=animator.width, height=animator.height, fps=30) as camera,
    ):
        while (grabbed := webcam.read())[0]:
            frame = cv2.cvtColor(grabbed[1], cv2.COLOR_BGR2RGB)
            camera.send(animator(frame))
            camera.sleep_until_next_frame()
    webcam.release()


if __name__ == "__main__":
    main(*sys.argv[1:])
