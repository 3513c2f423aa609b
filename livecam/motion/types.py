"""What moves a portrait, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from livecam.arrays import F32


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the portrait's points go for one frame, in 0..1 of the crop.

    landmarks: (478, 3) float32, head pose and expression together.
    head: (3, 4) float32, that pose as an affine map of portrait points.
    gaze: (2, 2) float32, shift of the left and the right eyeball layer, x and y.
    lids: (2,) float32, opening of each eye against neutral: 0 shut, 1 as in the portrait.
    breath: -1 breathed out, 1 breathed in, 0 as in the portrait; what it lifts is the body's affair.
    view: (3,) float32, how far the whole picture goes right and down, in heights of the canvas, and the
    logarithm of its size; zeros unless the picture follows the driver (`livecam.render.pan`).
    """

    landmarks: F32
    head: F32
    gaze: F32
    lids: F32
    breath: float = 0.0
    view: F32 = field(default_factory=lambda: np.zeros(3, np.float32))

    @property
    def finite(self) -> bool:
        """Whether all of it is numbers; a face squeezed to a point gives some that are not."""
        parts = (self.landmarks, self.head, self.gaze, self.lids, self.breath, self.view)
        return all(np.isfinite(part).all() for part in parts)

    def blend(self, other: Motion, share: float) -> Motion:
        """This motion at share 0, `other` at share 1; used to ease to rest and back."""

        def mix(a: F32, b: F32) -> F32:
            return (a + np.float32(share) * (b - a)).astype(np.float32)

        return Motion(
            mix(self.landmarks, other.landmarks),
            mix(self.head, other.head),
            mix(self.gaze, other.gaze),
            mix(self.lids, other.lids),
            self.breath + share * (other.breath - self.breath),
            mix(self.view, other.view),
        )


def rest(portrait: F32) -> Motion:
    """The motion that shows the portrait as it is. `portrait`: (478, 3) in 0..1 of the crop."""
    return Motion(
        landmarks=portrait.astype(np.float32),
        head=np.eye(3, 4, dtype=np.float32),
        gaze=np.zeros((2, 2), np.float32),
        lids=np.ones(2, np.float32),
    )
