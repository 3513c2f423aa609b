"""Promise 2: nothing calls the network. Everything that looks at faces runs where there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from face_data import DATA, needs_models

CODE = f"""
import socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except ConnectionRefusedError:
    raise SystemExit("there still is a network")
except OSError:
    pass
import cv2
from livecam.face.detector import find_faces
from livecam.face.segmenter import person_mask
from livecam.face.tracker import FaceTracker
image = cv2.imread({str(DATA / "face.jpg")!r})[:, :, ::-1]
with FaceTracker() as tracker:
    tracked = [tracker.track(image, k * 33_000_000) is not None for k in range(5)]
print(all(tracked), len(find_faces(image)), person_mask(image).max() > 0.9)
"""


def without_network() -> list[str]:
    """The start of a command line that runs the rest without any network, the loopback included."""
    unshare = shutil.which("unshare")
    for options in (["-n"], ["-r", "-n"]):  # as root, or as a user who may make namespaces
        if unshare and subprocess.run([unshare, *options, "true"], capture_output=True).returncode == 0:
            return [unshare, *options]
    pytest.skip("this system cannot run a program without a network (unshare -n)")


@needs_models
def test_faces_are_tracked_found_and_masked_without_a_network():
    command = [*without_network(), sys.executable, "-c", CODE]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.stdout.strip() == "True 1 True", result.stderr
