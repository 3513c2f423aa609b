"""Where the face models lie on this machine, and the proof that they are the ones we know.

`python -m livecam.export.face_model` (or `livecam build`) puts them there once; see docs/face-model.md.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from livecam.errors import UserError
from livecam.folders import cache_folder

MEDIAPIPE_VERSION: Final = "0.10.21"
"""The last release of mediapipe whose wheel carries the face models."""

MODEL_VERSION: Final = f"mediapipe-{MEDIAPIPE_VERSION}-1"
"""Name of the models' folder; the last number counts our own changes to them."""

BUILD_COMMAND: Final = "livecam build"


FACE_LANDMARKER: Final = "face_landmarker.task"
SEGMENTER: Final = "selfie_segmentation.tflite"
MODEL_FILES: Final = (FACE_LANDMARKER, SEGMENTER)
MANIFEST: Final = "manifest.json"
"""Sizes and checksums of the files, written when they were made and found right.

They are not constants here, for the bytes of the landmarker depend on the packages that pack it.
"""


def model_folder() -> Path:
    """The folder of the face models. It need not exist."""
    return cache_folder() / "models" / MODEL_VERSION


def problem(name: str, folder: Path) -> str | None:
    """Why file `name` in `folder` cannot be used: "missing", "not readable", "corrupt"; None when it can."""
    try:
        expected = json.loads((folder / MANIFEST).read_text("utf-8"))["files"][name]
        size, checksum = expected["size"], expected["sha256"]
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "not readable"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "corrupt"
    if len(content) != size or hashlib.sha256(content).hexdigest() != checksum:
        return "corrupt"
    return None


def face_landmarker_path() -> Path:
    """The bundle for the Tasks API's FaceLandmarker. Raises `UserError` where it is missing or damaged."""
    return _verified(FACE_LANDMARKER)


def segmenter_path() -> Path:
    """The selfie segmentation model. Raises `UserError` where it is missing or damaged."""
    return _verified(SEGMENTER)


def _verified(name: str) -> Path:
    folder = model_folder()
    why = problem(name, folder)
    if why:
        raise UserError("face model", f"{why} ({folder / name})", f"Run `{BUILD_COMMAND}` to make it.")
    return folder / name
