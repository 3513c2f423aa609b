"""The head data: one file with ICT-FaceKit's shapes, one with where MediaPipe's 478 points lie on it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.face import landmarks as lm
from training.heads import edges

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

HEAD_FILE: Final = "ict_head.npz"
LANDMARK_FILE: Final = "mp478_to_ict.npz"
HOW_TO_GET_IT: Final = (
    "Clone ICT-VGL/ICT-FaceKit (MIT), run `python -m training.heads.convert FACEKIT_FOLDER "
    "HEAD_FOLDER`, then give HEAD_FOLDER with --head-data"
)


@dataclass(frozen=True, slots=True)
class HeadData:
    """The head in centimetres: x to the subject's left, y up, z towards the viewer.

    neutral (V, 3); identity (100, V * 3) and expression (E, V * 3) are deltas per unit of coefficient;
    triangles (T, 3) and part (T,) index `part_names`; texture (C, 2) and texture_triangles (T, 3).
    landmark_triangles (478,), landmark_corners and landmark_weights (478, 3) put MediaPipe's points on
    the mesh.
    """

    neutral: Floats
    identity: Floats
    expression: Floats
    expression_names: tuple[str, ...]
    triangles: Integers
    part: Integers
    part_names: tuple[str, ...]
    texture: Floats
    texture_triangles: Integers
    outline68: Integers
    landmark_triangles: Integers
    landmark_corners: Integers
    landmark_weights: Floats

    def part_vertices(self, *names: str) -> Integers:
        """Sorted indices of the vertices that the named parts use."""
        return np.unique(self.part_triangles(*names))

    def part_triangles(self, *names: str) -> Integers:
        """(n, 3) triangles of the named parts."""
        chosen = np.isin(self.part, [self.part_names.index(name) for name in names])
        return self.triangles[chosen]

    def expression_index(self, name: str) -> int:
        return self.expression_names.index(name)


def default_folder() -> Path | None:
    """`../shared/data/head` beside the project, when it is there."""
    folder = Path("../shared/data/head")
    return folder if (folder / HEAD_FILE).is_file() else None


def load(folder: Path | None = None) -> HeadData:
    """Read the head data. Raises `UserError` when it is missing or broken."""
    folder = folder or default_folder()
    if folder is None:
        raise UserError(
            "head data", "no folder was given and ../shared/data/head does not exist", HOW_TO_GET_IT
        )
    head, landmarks = _read(folder / HEAD_FILE), _read(folder / LANDMARK_FILE)
    try:
        neutral = head["neutral"].astype(np.float32)
        data = HeadData(
            neutral=neutral,
            identity=_deltas(head["identity"], head["identity_scale"]),
            expression=_deltas(head["expr"], head["expr_scale"]),
            expression_names=tuple(str(name) for name in head["expression_names"]),
            triangles=head["triangles"].astype(np.int64),
            part=head["tri_part"].astype(np.int64),
            part_names=tuple(str(name) for name in head["part_names"]),
            texture=head["uv"].astype(np.float32),
            texture_triangles=head["tri_uv_index"].astype(np.int64),
            outline68=head["landmarks68"].astype(np.int64),
            landmark_triangles=landmarks["triangle"].astype(np.int64),
            landmark_corners=landmarks["vertices"].astype(np.int64),
            landmark_weights=landmarks["bary"].astype(np.float32),
        )
    except KeyError as error:
        raise UserError(str(folder), f"the head data lacks {error}", HOW_TO_GET_IT) from error
    size = neutral.size
    if (
        data.identity.shape[1] != size
        or data.expression.shape[1] != size
        or data.triangles.max() >= size // 3
    ):
        raise UserError(
            str(folder), "shapes and triangles in the head data do not belong together", HOW_TO_GET_IT
        )
    return _with_edges(data)


def _with_edges(data: HeadData) -> HeadData:
    """The same with points of lips and lids where `edges` finds them."""
    skin = data.part == data.part_names.index("face")

    def shape(name: str) -> Floats:
        return data.expression[data.expression_index(name)].reshape(-1, 3)

    def on(values: Floats) -> Floats:
        points: Floats = np.einsum("lkc,lk->lc", values[data.landmark_corners], data.landmark_weights)
        return points

    jaw, points = shape("jawOpen"), on(data.neutral)
    found = edges.lips(data.neutral, jaw, data.triangles, skin, points, on(jaw))
    for corner, name in zip(lm.OUTER_EYE_CORNERS, ("eyeBlink_R", "eyeBlink_L"), strict=True):
        found[corner] = edges.eye_corner(data.neutral, shape(name), data.triangles, skin, points[corner])
    triangles, corners = data.landmark_triangles.copy(), data.landmark_corners.copy()
    weights = data.landmark_weights.copy()
    for point, (triangle, shares) in found.items():
        triangles[point], corners[point], weights[point] = triangle, data.triangles[triangle], shares
    return replace(data, landmark_triangles=triangles, landmark_corners=corners, landmark_weights=weights)


def _deltas(quantised: NDArray[Any], scale: NDArray[Any]) -> Floats:
    """(K, 3, V) integers times a scale per shape -> (K, V * 3)."""
    deltas = np.moveaxis(quantised, 1, -1).astype(np.float32) * scale.astype(np.float32)[:, None, None]
    return np.ascontiguousarray(deltas.reshape(len(deltas), -1))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise UserError(str(path), "there is no such file", HOW_TO_GET_IT)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(str(path), f"it cannot be read ({error})", HOW_TO_GET_IT) from error
