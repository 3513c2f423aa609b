"""The parts of a face that are refined, each by a network in a window of its own: the mouth, and both eyes by
one network, the right one mirrored. Windows lie as the face-aligned square does and are as fine.

As in `livecam.generator.alignment` the formulas serve NumPy arrays and tensors alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from livecam.face.landmarks import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from livecam.generator.alignment import SIZE, Window, face_square

STEP: Final = 16
"""Pixels of which a window's sides are multiples: networks halve them four times."""


@dataclass(frozen=True, slots=True)
class Part:
    """`network`: the name of the one that refines it. `share`: width and height of its window over the
    face-aligned square's side. `around`: landmarks whose mean is the window's centre; none for the square
    itself."""

    name: str
    network: str
    share: tuple[float, float]
    around: tuple[int, ...] = ()
    mirrored: bool = False

    def pixels(self, size: int = SIZE) -> tuple[int, int]:
        """Width and height of the window where the face-aligned crop has `size` pixels a side."""
        wide, high = (max(1, round(share * size / STEP)) * STEP for share in self.share)
        return wide, high

    def window(self, landmarks: Any, size: int = SIZE) -> Window:
        """landmarks (..., 478, 2 or more) -> the part's window, in the same unit."""
        return self.within(face_square(landmarks), landmarks, size)

    def within(self, square: Window, landmarks: Any, size: int = SIZE) -> Window:
        """The same, of a face whose square is `square`."""
        if not self.around:
            return square
        x, y = (sum(landmarks[..., k, axis] for k in self.around) / len(self.around) for axis in (0, 1))
        wide, high = self.pixels(size)
        return square.around(x, y, (-wide if self.mirrored else wide) / size, high / size)


# Corners and middles of the outer lips: an open mouth has its lower lip a long way below the corners.
MOUTH: Final = Part("mouth", "mouth", (0.6, 0.5), (61, 0, 291, 17))
"""7.9 x 6.6 cm of a face."""
LEFT_EYE: Final = Part("left_eye", "eye", (0.4, 0.3), LEFT_EYE_CORNERS)
"""5.3 x 4 cm."""
RIGHT_EYE: Final = Part("right_eye", "eye", (0.4, 0.3), RIGHT_EYE_CORNERS, mirrored=True)
FACE: Final = Part("face", "face", (1.0, 1.0))
"""Mouth and eyes together, as the paper's form draws them."""
OF_NETWORK: Final = {"mouth": (MOUTH,), "eye": (LEFT_EYE, RIGHT_EYE), "face": (FACE,)}
"""The parts that a network refines, by its name."""


def first_of(network: str) -> Part:
    """A part that stands for all of a network's: their windows are of one size."""
    return OF_NETWORK[network][0]


def parts_of(networks: Any) -> tuple[Part, ...]:
    """All parts that these networks refine, in the order of the names."""
    return tuple(part for name in networks for part in OF_NETWORK[name])
