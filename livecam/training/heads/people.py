"""The people who sat for the bundled art. None of them exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from livecam.training.heads.camera import Camera
from livecam.training.heads.data import Floats
from livecam.training.heads.hair import HairStyle
from livecam.training.heads.lights import Lamp, Lighting
from livecam.training.heads.look import Backdrop, Clothes, Eyes, HairColor, Look, Skin
from livecam.training.heads.scalp import Hairline


@dataclass(frozen=True, slots=True)
class Sitter:
    """A face by seed, `strength` standard deviations from the mean face, and a look."""

    seed: int
    look: Look
    strength: float = 0.8

    def identity(self) -> Floats:
        """(100,) float32."""
        return np.random.default_rng(self.seed).normal(0, self.strength, 100).astype(np.float32)


_WINDOW: Final = Lighting(
    lamps=(
        Lamp(-42, 34, (1.75, 1.60, 1.38), 14, 10),
        Lamp(55, 5, (0.20, 0.21, 0.24), 20, 4),
        Lamp(155, 30, (0.5, 0.45, 0.4), 10, 3),
    ),
    sky=(0.20, 0.21, 0.23),
    ground=(0.12, 0.10, 0.08),
    dome_samples=16,
)
_OFFICE: Final = Lighting(
    lamps=(
        Lamp(25, 35, (1.5, 1.45, 1.4), 16, 5),
        Lamp(-60, 10, (0.45, 0.47, 0.52), 20, 2),
        Lamp(-150, 35, (0.5, 0.5, 0.55), 12, 2),
    ),
    sky=(0.36, 0.38, 0.42),
    ground=(0.20, 0.18, 0.16),
    dome_samples=9,
)

RENAISSANCE: Final = Sitter(
    seed=1017,
    look=Look(
        skin=Skin((0.82, 0.62, 0.51), lip=(0.70, 0.36, 0.34), blush=0.5, tired=0.15),
        hair=HairStyle(
            comb="side",
            part_at=0.2,
            length=34,
            side_length=28,
            lift=0.3,
            volume=1.5,
            gravity=0.7,
            hug=0.35,
            stiffness=0.6,
            wave=0.35,
            clump=0.55,
            count=36000,
            steps=26,
        ),
        hair_color=HairColor((0.15, 0.08, 0.05), (0.30, 0.17, 0.09), shine=0.55),
        clothes=Clothes((0.12, 0.16, 0.13)),
        lighting=_WINDOW,
        camera=Camera(16.2, 120, 0, 0.2),
        backdrop=Backdrop((0.34, 0.27, 0.17), (0.07, 0.055, 0.04)),
    ),
)
"""A young woman with long brown hair, for the portrait in oil."""

SPEAKER: Final = Sitter(
    seed=1005,
    look=Look(
        skin=Skin(
            (0.50, 0.33, 0.24), lip=(0.46, 0.25, 0.23), blush=0.2, tired=0.3, age=0.45, oil=0.6, stubble=0.9
        ),
        eyes=Eyes((0.16, 0.09, 0.05), (0.20, 0.12, 0.06), pupil=9.0),
        hair=HairStyle(
            comb="crown",
            length=1.3,
            side_length=0.5,
            lift=0.6,
            volume=0.5,
            wave=0.1,
            curl=0.12,
            curl_length=0.9,
            clump=0.4,
            count=26000,
            steps=7,
            hairline=Hairline(recession=0.35),
        ),
        hair_color=HairColor((0.045, 0.035, 0.03), (0.07, 0.055, 0.045), shine=0.45),
        brow_strength=0.7,
        beard_length=0.6,
        beard_count=14000,
        clothes=Clothes((0.62, 0.64, 0.66), collar=0.0),
        lighting=_OFFICE,
        camera=Camera(15.5, 120, 0, 0.8),
        backdrop=Backdrop((0.46, 0.49, 0.50), (0.24, 0.27, 0.29), mottle=0.04),
    ),
)
"""A man of about forty-five with cropped hair and a short beard, for the clip that drives."""
