"""The only place that touches mediapipe.

Three things are put right here:

- **Import.** `import mediapipe` draws in matplotlib (for a function that plots landmarks) and sounddevice
  (for recording audio, which opens the system's audio library). Nothing of ours uses either. With empty
  stand-ins during the import it takes 0.08 s and 20 MB instead of 0.55 s and 57 MB.
- **Noise.** The C++ side writes log lines to file descriptor 2 while a model is loaded, whatever the
  environment says. They go to `logging` at debug level.
- **Results.** The Python wrapper makes 478 objects per face, 0.7 ms; the same numbers are read from memory.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from livecam import installation
from livecam.errors import UserError
from livecam.frames import RGB, Landmarks

log = logging.getLogger(__name__)
_lock = threading.Lock()
_tasks: WeakSet[Any] = WeakSet()


def create_face_landmarker(model: Path, *, video: bool, faces: int, confidence: float = 0.5) -> Any:
    """A FaceLandmarker on the CPU. `video`: follow faces from frame to frame, smoothed; else single pictures.

    `confidence`: 0 to 1, what detection and presence must reach. Raises `UserError` where the library or
    the model cannot be loaded.
    """
    vision, base = _vision()
    mode = vision.RunningMode.VIDEO if video else vision.RunningMode.IMAGE
    options = vision.FaceLandmarkerOptions(
        base_options=base(model_asset_path=str(model), delegate=base.Delegate.CPU),
        running_mode=mode,
        num_faces=faces,
        min_face_detection_confidence=confidence,
        min_face_presence_confidence=confidence,
    )
    with _loading("FaceLandmarker"):
        return _remembered(vision.FaceLandmarker.create_from_options(options))


def create_segmenter(model: Path) -> Any:
    """An ImageSegmenter on the CPU that gives confidences. Raises `UserError` as above."""
    vision, base = _vision()
    options = vision.ImageSegmenterOptions(
        base_options=base(model_asset_path=str(model), delegate=base.Delegate.CPU),
        running_mode=vision.RunningMode.IMAGE,
        output_confidence_masks=True,
        output_category_mask=False,
    )
    with _loading("ImageSegmenter"):
        return _remembered(vision.ImageSegmenter.create_from_options(options))


def detect_faces(landmarker: Any, image: RGB, time_ms: int | None = None) -> list[Landmarks]:
    """The landmarks of every face, (478, 3) float32 in pixels; z in pixels of the width too.

    `time_ms` for a landmarker made with `video`, where it must grow from call to call.
    """
    from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarkerResultC

    # The same calls as FaceLandmarker.detect and detect_for_video make, without their conversion.
    picture = to_image(image)
    result = FaceLandmarkerResultC()
    library, handle = landmarker._lib, landmarker._handle
    if time_ms is None:
        library.MpFaceLandmarkerDetectImage(handle, picture._image_ptr, None, ctypes.byref(result))
    else:
        library.MpFaceLandmarkerDetectForVideo(
            handle, picture._image_ptr, None, time_ms, ctypes.byref(result)
        )
    try:
        faces = [_read_points(result.face_landmarks[k]) for k in range(result.face_landmarks_count)]
    finally:
        library.MpFaceLandmarkerCloseResult(ctypes.byref(result))
    height, width = image.shape[:2]
    size = np.array([width, height, width], np.float32)
    return [points * size for points in faces]


def segment(segmenter: Any, image: RGB) -> NDArray[np.float32]:
    """H x W float32, 0 to 1: how surely each pixel belongs to a person."""
    mask = segmenter.segment(to_image(image)).confidence_masks[0].numpy_view()
    return np.array(mask, np.float32).reshape(image.shape[:2])  # a copy: the view dies with the result


def to_image(image: RGB) -> Any:
    """A mediapipe image, which copies the pixels. Raises `ValueError` for anything but H x W x 3 uint8."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"expected H x W x 3 uint8, got {image.shape} {image.dtype}")
    import mediapipe

    return mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image))


def _read_points(landmarks: Any) -> NDArray[np.float32]:
    """(n, 3) float32, a copy of x, y and z of an array of C structs whose first three fields they are."""
    count = landmarks.landmarks_count
    stride = ctypes.sizeof(landmarks.landmarks._type_)
    address = ctypes.addressof(landmarks.landmarks.contents)
    content = np.frombuffer((ctypes.c_ubyte * (count * stride)).from_address(address), np.float32)
    return content.reshape(count, stride // 4)[:, :3].copy()


def _remembered(task: Any) -> Any:
    _tasks.add(task)
    return task


@atexit.register
def _let_go() -> None:
    """Tasks still open at the end are left to the system: closing them so late fails with a stack trace."""
    for task in _tasks:
        task._handle = None


def _vision() -> tuple[Any, Any]:
    """The module mediapipe.tasks.python.vision and the class BaseOptions."""
    with _lock, _stand_ins():
        try:
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            why = f"cannot be imported ({error})"
            raise UserError("mediapipe", why, f"{installation.again()}.") from error
    return vision, BaseOptions


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Empty modules in the place of matplotlib and sounddevice, unless they are there already.

    They are taken out again afterwards, so that a later `import matplotlib` gets the real one. Only
    mediapipe's own plotting function is left without it.
    """
    added: dict[str, ModuleType | None] = {}
    if "mediapipe" not in sys.modules:
        if "matplotlib" not in sys.modules:
            package, pyplot = ModuleType("matplotlib"), ModuleType("matplotlib.pyplot")
            package.pyplot = pyplot  # type: ignore[attr-defined]
            added |= {"matplotlib": package, "matplotlib.pyplot": pyplot}
        if "sounddevice" not in sys.modules:
            added["sounddevice"] = None  # makes the import fail, which mediapipe allows for
    sys.modules.update(added)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, module in added.items():
            if sys.modules.get(name) is module:
                sys.modules.pop(name, None)


@contextlib.contextmanager
def _loading(what: str) -> Iterator[None]:
    """Keeps the C++ side quiet while a model is loaded and turns its failures into `UserError`s."""
    with _lock, _standard_error_to_log():
        try:
            yield
        except OSError as error:  # the shared library itself
            raise UserError(
                "mediapipe", f"its library cannot be loaded ({error})", _library_advice(error)
            ) from error
        except (RuntimeError, ValueError) as error:
            raise UserError(
                f"mediapipe's {what}", f"cannot be made ({error})", "Run `livecam build --force`."
            ) from error


def _library_advice(error: OSError) -> str:
    if "libEGL" in str(error) or "libGLES" in str(error):
        return "Install libegl1 and libgles2 (Debian, Ubuntu: `sudo apt install libegl1 libgles2`)."
    return "Run `livecam doctor` to see which libraries are missing."


@contextlib.contextmanager
def _standard_error_to_log() -> Iterator[None]:
    """Sends what arrives at file descriptor 2, from any thread, to the log at debug level."""
    try:
        saved = os.dup(2)
    except OSError:  # a program without a console has none
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            caught.seek(0)
            for line in caught.read().decode(errors="replace").splitlines():
                log.debug("mediapipe: %s", line)
