"""Finds every face in a still picture, for enrolment.

MediaPipe's detector looks at the picture at 128 x 128 and misses faces narrower than a tenth of it. So the
picture is searched as a whole and in overlapping tiles, which brings faces down to a twentieth of its
width.

Every face is then looked at four times, in slightly different crops, and in each a few times in a row as
in a film, for MediaPipe places brows and outline better once it starts from landmarks instead of a
detection. Against the truth of 60 rendered heads the mean of the looks is off by 3.1 % of the eye distance
and a single detection by 3.5 % (brows: 3.0 and 4.8 %). How far the looks lie apart tells a face from
something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import _mediapipe
from livecam.face.bundle import face_landmarker_path
from livecam.face.plausible import LARGEST_SPREAD, mesh_doubt, mesh_spread
from livecam.face.rotation import RotatedCrop
from livecam.face.tracker import only_face
from livecam.frames import RGB, Landmarks

TILE_SIZES: Final = (0.5, 0.3)
"""Sides of the search tiles as parts of the picture's longer side; they overlap by half."""

LOOK_SIZE: Final = 384
"""Pixels of the square crop that one look sees."""

LOOKS: Final = ((2.0, 0.0, False), (2.0, 0.0, True), (2.6, 12.0, False), (1.7, -12.0, False))
"""Side of the crop in face sizes, turn in degrees, mirrored or not."""

LARGEST_CUT: Final = 0.15
"""Part of the face's box that may lie outside the picture."""

SAME_FACE: Final = 0.3
"""Face sizes from where it was found: what a look finds further off is another face. By eye."""

MOST_OVERLAP, WITHIN = 0.5, 0.8
"""Two finds are one face if their boxes share so much of what they cover together, the usual bound of
detectors, or one holds so much of the other. By eye."""

REPEATS: Final = 3
"""How often one crop is shown in a row."""

MOST_FACES: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """One face. `landmarks`: (478, 3) float32 in pixels of the picture, z in the same unit.

    `doubt`: why it may be no usable human face, "" where it is one.
    """

    landmarks: Landmarks
    doubt: str = ""

    @property
    def plausible(self) -> bool:
        return not self.doubt

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the landmarks, in pixels."""
        left, top, right, bottom = _box(self.landmarks)
        return float(left), float(top), float(right), float(bottom)

    @property
    def size(self) -> float:
        """The longer side of the box in pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


def find_faces(image: RGB) -> list[FoundFace]:
    """All faces in an RGB H x W x 3 uint8 picture, the largest first.

    Those in doubt (hidden, cut off, an animal's) are only given where there is no other. Takes about 0.2 s
    and 0.1 s for each face. Raises `UserError` where the face model is missing.
    """
    with FaceFinder() as finder:
        found = [look_closely(finder, image, rough) for rough in _search(finder, image)]
    faces = [face for face in found if face is not None]
    plausible = [face for face in faces if face.plausible]
    return sorted(_distinct(plausible or faces), key=lambda face: -face.size)


class FaceFinder:
    """The models that `find_faces` needs, loaded. A context manager."""

    def __init__(self) -> None:
        model = face_landmarker_path()
        self._finder = _mediapipe.create_face_landmarker(model, video=False, faces=MOST_FACES)
        self._follower = _mediapipe.create_face_landmarker(model, video=True, faces=1)
        self._time_ms = 0

    def all_faces(self, image: RGB) -> list[Landmarks]:
        """Rough landmarks of the faces large enough to be detected."""
        return _mediapipe.detect_faces(self._finder, image)

    def settled_face(self, image: RGB) -> Landmarks | None:
        """The landmarks that MediaPipe settles on when it sees the one face in the picture for a while."""
        faces = self._show(np.full((64, 64, 3), 128, np.uint8))  # nobody: it forgets what it followed
        for _ in range(REPEATS):
            faces = self._show(image)
        return faces[0] if faces else None

    def _show(self, image: RGB) -> list[Landmarks]:
        self._time_ms += 1000  # so far apart that nothing is smoothed
        return _mediapipe.detect_faces(self._follower, image, self._time_ms)

    def __enter__(self) -> FaceFinder:
        return self

    def __exit__(self, *_: object) -> None:
        self._finder.close()
        self._follower.close()


def look_closely(finder: FaceFinder, image: RGB, rough: Landmarks) -> FoundFace | None:
    """The face near the rough landmarks, seen four times; None where most looks find nothing there."""
    looks = [points for look in LOOKS if (points := _look(finder, image, rough, *look)) is not None]
    if len(looks) <= len(LOOKS) // 2:
        return None
    points = np.mean(looks, axis=0).astype(np.float32)
    doubt = mesh_doubt(points)
    if len(looks) < len(LOOKS):
        doubt = doubt or "it is not found again in every crop"
    if mesh_spread(looks) > LARGEST_SPREAD:
        doubt = doubt or "its points lie elsewhere in every crop"
    if _cut_off(points, image) > LARGEST_CUT:
        doubt = doubt or "it is cut off by the picture's edge"
    return FoundFace(points, doubt)


def tiles(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right and bottom of the parts to search: the whole picture, then ever smaller tiles."""
    yield 0, 0, width, height
    for part in TILE_SIZES:
        side = round(part * max(width, height))
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, min(left + side, width), min(top + side, height)


def _starts(length: int, side: int) -> list[int]:
    """Where tiles of `side` begin so that they cover `length` and overlap by half or more."""
    if side >= length:
        return [0]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [round(k * (length - side) / (count - 1)) for k in range(count)]


def _search(finder: FaceFinder, image: RGB) -> list[Landmarks]:
    """Rough landmarks of everything that may be a face, each once."""
    height, width = image.shape[:2]
    found: list[Landmarks] = []
    for left, top, right, bottom in tiles(width, height):
        for face in finder.all_faces(image[top:bottom, left:right]):
            points = face + np.array([left, top, 0], np.float32)
            if all(_overlap(points, other) < 0.5 for other in found):
                found.append(points)
    return found


def _look(
    finder: FaceFinder, image: RGB, rough: Landmarks, scale: float, degrees: float, mirror: bool
) -> NDArray[np.float64] | None:
    """(478, 3) landmarks in the picture's pixels as seen in one crop round the rough ones, or None."""
    left, top, right, bottom = _box(rough)
    size = max(right - left, bottom - top)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    turned = RotatedCrop.about(middle, LOOK_SIZE / (scale * size), degrees, LOOK_SIZE, mirror)
    crop = turned.cut(image)

    faces = finder.all_faces(crop)
    expected = turned.there(rough[:, :2].mean(0))
    distances = [float(np.linalg.norm(face[:, :2].mean(0) - expected)) for face in faces]
    if not faces or min(distances) > SAME_FACE * size * turned.zoom:
        return None
    if len(faces) > 1:
        crop = only_face(crop, faces, int(np.argmin(distances)))
    seen = finder.settled_face(crop)
    return None if seen is None else turned.back(seen).astype(np.float64)


def _distinct(faces: Sequence[FoundFace]) -> list[FoundFace]:
    """Without faces that lie on a larger one."""
    kept: list[FoundFace] = []
    for face in sorted(faces, key=lambda face: -face.size):
        if all(_overlap(face.landmarks, other.landmarks) < MOST_OVERLAP for other in kept):
            kept.append(face)
    return kept


def _box(points: Landmarks) -> NDArray[np.float32]:
    """(4,) left, top, right and bottom."""
    return np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])


def _overlap(a: Landmarks, b: Landmarks) -> float:
    """Intersection over union of the boxes, or 1 where one lies almost wholly in the other."""
    box_a, box_b = _box(a), _box(b)
    sides = np.minimum(box_a[2:], box_b[2:]) - np.maximum(box_a[:2], box_b[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    area_a, area_b = (float(np.prod(box[2:] - box[:2])) for box in (box_a, box_b))
    if shared > WITHIN * min(area_a, area_b):
        return 1.0
    return shared / max(area_a + area_b - shared, 1e-6)


def _cut_off(points: Landmarks, image: RGB) -> float:
    """Part of the box that lies outside the picture."""
    box = _box(points)
    height, width = image.shape[:2]
    inside = np.clip(box, 0, [width, height, width, height])
    return 1.0 - float(np.prod(inside[2:] - inside[:2])) / max(float(np.prod(box[2:] - box[:2])), 1e-6)
