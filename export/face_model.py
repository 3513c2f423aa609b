"""Makes the face models that livecam runs on: `python -m livecam.export.face_model [--wheel FILE] [--force]`.

The models come from the wheel of the last mediapipe release that carries them. pip downloads the wheel;
it is never installed. Out of it come the face detector, the attention face mesh (its outputs merged, see
`livecam.export.face_mesh_graph`) and the selfie segmenter, into the user's cache folder. The wheel is
checked by its SHA-256 before it is opened, the merged model by its fingerprint, and the files whenever they
are used.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

from livecam import installation
from livecam.errors import UserError
from livecam.face import bundle
from livecam.files import make_folder, unwritable, write_whole
from livecam.folders import CACHE_VARIABLE

MERGED_FINGERPRINT = "74c1b8568c697106ee3b8157ba441f9f9c7446dd87e7dd3384b16af9f4f5ec32"
"""`livecam.export.face_mesh_graph.fingerprint` of the merged face mesh that livecam was tested with."""

WHEEL_SHA256 = "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5"
# The models are the same in every wheel; this one is named so that every system asks for the same file.
PIP_DOWNLOAD = (
    "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet",
    "--python-version", "3.12", "--platform", "manylinux_2_28_x86_64",
    f"mediapipe=={bundle.MEDIAPIPE_VERSION}",
)  # fmt: skip

DETECTOR = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
FACE_MESH = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
SEGMENTER = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"

ALIGNMENT = 16
"""Bytes: the runtime uses the models where they lie in the zip, so they start at a multiple of this."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    parser = argparse.ArgumentParser(
        prog="python -m livecam.export.face_model", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--wheel", type=Path, help="use this mediapipe wheel instead of downloading it")
    parser.add_argument(
        "--force", action="store_true", help="make the models again even where they are there"
    )
    options = parser.parse_args(arguments)
    try:
        folder = build(wheel=options.wheel, force=options.force)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"face model: ready in {folder}")
    return 0


def build(wheel: Path | None = None, force: bool = False) -> Path:
    """Makes the models where they are missing or damaged and returns their folder.

    Only this needs the network, and only where `wheel` is not given. Raises `UserError` when the wheel
    cannot be had, is not the one we know, or the cache folder cannot be written.
    """
    folder = bundle.model_folder()
    if not force and not any(bundle.problem(name, folder) for name in bundle.MODEL_FILES):
        return folder
    make_folder(folder, CACHE_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="livecam-") as temporary:
        if wheel is None:
            print(
                f"face model: downloading the wheel of mediapipe {bundle.MEDIAPIPE_VERSION} (35 MB)",
                flush=True,
            )
            wheel = download_wheel(Path(temporary))
        models = models_from_wheel(wheel)
    print("face model: merging the outputs of the face mesh", flush=True)
    for name, content in models.items():
        _write(folder / name, content)
    _write(folder / bundle.MANIFEST, manifest(models))
    return folder


def download_wheel(folder: Path) -> Path:
    """Lets pip fetch the wheel into `folder`. Raises `UserError` when it cannot."""
    command = [pip_python(folder), "-m", "pip", *PIP_DOWNLOAD, "--dest", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        raise UserError(
            "face model",
            f"pip could not download mediapipe {bundle.MEDIAPIPE_VERSION} ({pip_reason(result.stderr)})",
            "Connect to the network for this one step, or give the wheel with `livecam build --wheel FILE`.",
        )
    return wheels[0]


def pip_python(folder: Path) -> str:
    """A Python that has pip: this one, or one of its own in `folder` where pipx or uv installed livecam."""
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    home = folder / "pip"
    builder = venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt")
    try:
        builder.create(home)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            "face model",
            f"there is no pip here, and none can be made ({error})",
            "Install your system's python3-venv, or give the wheel with `livecam build --wheel FILE`.",
        ) from error
    return str(builder.ensure_directories(home).env_exe)


def pip_reason(output: str) -> str:
    """Why pip failed, in one line. Without a network it only ends with "no matching distribution"."""
    if "NewConnectionError" in output or "NameResolutionError" in output or "ConnectTimeoutError" in output:
        return "no connection to the package index"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def models_from_wheel(wheel: Path) -> dict[str, bytes]:
    """The contents of `bundle.MODEL_FILES` by name, made from the wheel."""
    content = read_wheel(wheel)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        detector, face_mesh, segmenter = (archive.read(name) for name in (DETECTOR, FACE_MESH, SEGMENTER))
    # Imported here, for it brings mediapipe in, which a second run does not need.
    from livecam.export.face_mesh_graph import fingerprint, merge_outputs, read_blocks

    merged = merge_outputs(face_mesh, read_blocks())
    if fingerprint(merged) != MERGED_FINGERPRINT:
        raise UserError(
            "face model",
            "the merged model is not the tested one, so mediapipe or flatbuffers here is not as expected",
            f"{installation.again()}.",
        )
    # The names are those that the Tasks API looks for.
    task = stored_zip({"face_detector.tflite": detector, "face_landmarks_detector.tflite": merged})
    return {bundle.FACE_LANDMARKER: task, bundle.SEGMENTER: segmenter}


def read_wheel(wheel: Path) -> bytes:
    """The wheel's bytes, once its checksum is right."""
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise UserError(str(wheel), error.strerror or "not readable", "Give an existing wheel.") from error
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise UserError(
            str(wheel),
            "its checksum is not that of the wheel the face models are taken from",
            f"Run `{bundle.BUILD_COMMAND}` without a wheel to download the right one.",
        )
    return content


def stored_zip(files: dict[str, bytes]) -> bytes:
    """An uncompressed zip with fixed dates whose files start at multiples of `ALIGNMENT`."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # else it depends on the system this runs on
            # Before the content come a header of 30 bytes, the name and an extra field: a 2-byte id (the one
            # Android uses for padding), a 2-byte size and that many bytes.
            padding = -(target.tell() + 30 + len(name) + 4) % ALIGNMENT
            entry.extra = b"\x35\xd9" + padding.to_bytes(2, "little") + bytes(padding)
            archive.writestr(entry, content)
    return target.getvalue()


def manifest(models: dict[str, bytes]) -> bytes:
    """Sizes and checksums of the files, and where they come from."""
    description = {
        "version": bundle.MODEL_VERSION,
        "from": {"package": f"mediapipe {bundle.MEDIAPIPE_VERSION}", "wheel_sha256": WHEEL_SHA256},
        "licence": "Apache-2.0, Copyright The MediaPipe Authors",
        "files": {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in models.items()
        },
    }
    return (json.dumps(description, indent=2) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """Raises `UserError`."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise unwritable(path, error, CACHE_VARIABLE) from error


if __name__ == "__main__":
    sys.exit(main())
