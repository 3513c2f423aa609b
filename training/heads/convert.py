"""Packs a clone of ICT-FaceKit into `ict_head.npz`: `python -m training.heads.convert FACEKIT OUT`.

Shapes become int16 steps of 2.5 micrometres from the neutral mesh: 8 MB instead of 400, exact to half a step.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from training.heads.data import HEAD_FILE

log = logging.getLogger(__name__)
STEP: Final = 2.5e-4
"""cm"""
IDENTITIES: Final = 100
# The first polygon of each part, in the order of generic_neutral_mesh.obj (FaceXModel's documentation).
PARTS: Final = (
    ("face", 0),
    ("head_neck", 9230),
    ("mouth_socket", 11144),
    ("eye_socket_L", 13226),
    ("eye_socket_R", 13630),
    ("gums_tongue", 14034),
    ("teeth", 17006),
    ("sclera_L", 21496),
    ("iris_L", 22296),
    ("sclera_R", 23094),
    ("iris_R", 23894),
    ("lacrimal_L", 24692),
    ("lacrimal_R", 24855),
    ("eye_blend_L", 25018),
    ("eye_blend_R", 25033),
    ("eye_occlusion_L", 25048),
    ("eye_occlusion_R", 25176),
    ("eyelashes_L", 25304),
    ("eyelashes_R", 25844),
)


def convert(facekit: Path, out: Path) -> Path:
    """Read every mesh of the model, write `out`/ict_head.npz. `UserError` for a folder without them."""
    model = next(
        (m for m in (facekit / "FaceXModel", facekit) if (m / "generic_neutral_mesh.obj").is_file()), None
    )
    if model is None:
        raise UserError(
            str(facekit), "there is no FaceXModel/generic_neutral_mesh.obj", "Clone ICT-VGL/ICT-FaceKit"
        )
    neutral = read_vertices(model / "generic_neutral_mesh.obj")
    indices = json.loads((model / "vertex_indices.json").read_text())
    expressions = [*indices["expressions"], "PupilDilate_L", "PupilDilate_R"]
    identity = [read_vertices(model / f"identity{k:03d}.obj") - neutral for k in range(IDENTITIES)]
    expression = [read_vertices(model / f"{name}.obj") - neutral for name in expressions]
    triangles, coordinates, polygon, texture = read_faces(model / "generic_neutral_mesh.obj")
    starts = [start for _, start in PARTS]
    licence = facekit / "LICENSE"
    out.mkdir(parents=True, exist_ok=True)
    path = out / HEAD_FILE
    np.savez_compressed(
        path,
        neutral=neutral.astype(np.float32),
        identity=_steps(identity),
        identity_scale=np.full(IDENTITIES, STEP, np.float32),
        expr=_steps(expression),
        expr_scale=np.full(len(expressions), STEP, np.float32),
        expression_names=np.array(expressions),
        triangles=triangles.astype(np.uint16),
        tri_part=(np.searchsorted(starts, polygon, side="right") - 1).astype(np.uint8),
        tri_uv_index=coordinates.astype(np.uint16),
        uv=texture.astype(np.float32),
        part_names=np.array([name for name, _ in PARTS]),
        landmarks68=np.array(indices["idx_to_landmark_verts"], np.int32),
        licence=np.array("ICT-FaceKit, MIT. " + (licence.read_text() if licence.is_file() else "")),
    )
    return path


def read_vertices(path: Path) -> NDArray[np.float64]:
    """(V, 3) of an OBJ file."""
    if not path.is_file():
        raise UserError(str(path), "there is no such file", "Clone ICT-VGL/ICT-FaceKit anew, with Git LFS")
    rows = [line[2:] for line in path.read_text().splitlines() if line.startswith("v ")]
    return np.array(" ".join(rows).split(), np.float64).reshape(-1, 3)


def read_faces(
    path: Path,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Triangles (T, 3), their texture coordinates (T, 3), the polygon each came from (T,), texture (C, 2)."""
    triangles, coordinates, polygons, texture = [], [], [], []
    polygon = 0
    for line in path.read_text().splitlines():
        if line.startswith("vt "):
            texture.append([float(value) for value in line.split()[1:3]])
        elif line.startswith("f "):
            corners = [[int(value or 1) - 1 for value in word.split("/")[:2]] for word in line.split()[1:]]
            for k in range(1, len(corners) - 1):
                fan = (corners[0], corners[k], corners[k + 1])
                triangles.append([corner[0] for corner in fan])
                coordinates.append([corner[1] for corner in fan])
                polygons.append(polygon)
            polygon += 1
    return np.array(triangles), np.array(coordinates), np.array(polygons), np.array(texture)


def _steps(deltas: list[NDArray[np.float64]]) -> NDArray[np.int16]:
    """(K, 3, V) int16; axes first, which compresses best."""
    return np.moveaxis(np.round(np.array(deltas) / STEP), -1, 1).astype(np.int16)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.heads.convert", description=__doc__)
    parser.add_argument("facekit", type=Path, help="a clone of ICT-VGL/ICT-FaceKit")
    parser.add_argument("out", type=Path, help="folder for the head data")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        log.info("wrote %s", convert(options.facekit, options.out))
    except UserError as error:
        log.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
