"""Where the face models lie on this machine, and the proof that they are the ones we know.

`python -m export.face_model` (or `livecam build`) puts them there once; see docs/face-model.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_cache_dir

from livecam.errors import UserError

CACHE_VARIABLE: Final = "LIVECAM_CACHE"
"""Environment variable that moves the cache folder."""

MEDIAPIPE_VERSION: Final = "0.10.21"
"""The last release of mediapipe whose wheel carries the face models."""

MODEL_VERSION: Final = f"mediapipe-{MEDIAPIPE_VERSION}-1"
"""Name of the models' folder; the last number counts our own changes to them."""

BUILD_COMMAND: Final = "livecam build"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of the bundle: its name, its size in bytes and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


FACE_LANDMARKER: Final = ModelFile(
    "face_landmarker.task", 2_732_228, "cf5ed0b6d8a5562d424cf81306cdaa6db880e1ca74de4d53fc0e0acb615ae607"
)
SEGMENTER: Final = ModelFile(
    "selfie_segmentation.tflite", 249_505, "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
)
MODEL_FILES: Final = (FACE_LANDMARKER, SEGMENTER)


def cache_folder() -> Path:
    """The user's cache folder of livecam: $LIVECAM_CACHE, or the system's place for caches."""
    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("livecam"))


def model_folder() -> Path:
    """The folder of the face models. It need not exist."""
    return cache_folder() / "models" / MODEL_VERSION


def problem(file: ModelFile, folder: Path) -> str | None:
    """Why `file` in `folder` cannot be used: "missing", "corrupt" or "not readable"; None when it can."""
    try:
        content = (folder / file.name).read_bytes()
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "not readable"
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        return "corrupt"
    return None


def face_landmarker_path() -> Path:
    """The bundle for the Tasks API's FaceLandmarker. Raises `UserError` where it is missing or damaged."""
    return _verified(FACE_LANDMARKER)


def segmenter_path() -> Path:
    """The selfie segmentation model. Raises `UserError` where it is missing or damaged."""
    return _verified(SEGMENTER)


def _verified(file: ModelFile) -> Path:
    folder = model_folder()
    why = problem(file, folder)
    if why:
        raise UserError("face model", f"{why} ({folder / file.name})", f"Run `{BUILD_COMMAND}` to make it.")
    return folder / file.name
