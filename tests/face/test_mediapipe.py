"""mediapipe behind its one door: a light import, no noise, the numbers of its public interface."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from face_data import MODELS, PICTURE, needs_models

from livecam.errors import UserError
from livecam.face import _mediapipe


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)


def test_importing_it_brings_no_plotting_and_no_audio_and_leaves_no_stand_ins():
    result = run(
        "import sys\n"
        "from livecam.face import _mediapipe\n"
        "assert 'mediapipe' not in sys.modules\n"
        "_mediapipe._vision()\n"
        "print(sorted({'matplotlib', 'matplotlib.pyplot', 'sounddevice'} & set(sys.modules)))\n"
        "import matplotlib.pyplot as plt\n"
        "print(plt.figure.__module__)"
    )
    assert result.stdout.splitlines() == ["[]", "matplotlib.pyplot"], result.stderr


def test_a_matplotlib_that_is_there_stays():
    result = run(
        "import matplotlib.pyplot as before\n"
        "from livecam.face import _mediapipe\n"
        "_mediapipe._vision()\n"
        "import matplotlib.pyplot as after\n"
        "print(before is after)"
    )
    assert result.stdout.strip() == "True", result.stderr


@needs_models
def test_nothing_is_written_to_standard_error():
    """Also not when a landmarker is still open at the end."""
    result = run(
        "import numpy as np\n"
        "from livecam.face import _mediapipe, bundle, segmenter\n"
        "path = bundle.face_landmarker_path()\n"
        "landmarker = _mediapipe.create_face_landmarker(path, video=True, faces=1)\n"
        "image = np.zeros((200, 320, 3), np.uint8)\n"
        "print(_mediapipe.detect_faces(landmarker, image, 1))\n"
        "print(segmenter.person_mask(image).shape)"
    )
    assert result.stderr == ""
    assert result.stdout.splitlines() == ["[]", "(200, 320)"]


@needs_models
def test_points_are_those_of_the_public_interface():
    with _mediapipe.create_face_landmarker(
        MODELS / "face_landmarker.task", video=False, faces=1
    ) as landmarker:
        [ours] = _mediapipe.detect_faces(landmarker, PICTURE)
        [theirs] = landmarker.detect(_mediapipe.to_image(PICTURE)).face_landmarks
    height, width = PICTURE.shape[:2]
    expected = [[p.x * width, p.y * height, p.z * width] for p in theirs]
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, atol=1e-3)  # float32 at 400 pixels


@needs_models
def test_a_picture_that_is_not_contiguous_is_read_right():
    with _mediapipe.create_face_landmarker(
        MODELS / "face_landmarker.task", video=False, faces=1
    ) as landmarker:
        [whole] = _mediapipe.detect_faces(landmarker, PICTURE)
        flipped_twice = np.ascontiguousarray(PICTURE[:, ::-1])[:, ::-1]
        assert not flipped_twice.flags["C_CONTIGUOUS"]
        [again] = _mediapipe.detect_faces(landmarker, flipped_twice)
    np.testing.assert_array_equal(whole, again)


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(ValueError, match="H x W x 3"):
        _mediapipe.to_image(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float32"):
        _mediapipe.to_image(np.zeros((10, 10, 3), np.float32))


def test_a_model_that_is_none_is_a_user_error(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"not a model")
    with pytest.raises(UserError, match="livecam build"):
        _mediapipe.create_face_landmarker(path, video=False, faces=1)


def test_a_missing_system_library_is_named_with_its_package():
    error = OSError("libEGL.so.1: cannot open shared object file: No such file or directory")
    with pytest.raises(UserError, match="libegl1 and libgles2"), _mediapipe._loading("FaceLandmarker"):
        raise error
