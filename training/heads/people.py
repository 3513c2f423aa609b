"""The people who sat for the bundled art. None of them exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.heads.camera import Camera
from training.heads.data import Floats
from training.heads.hair import HairStyle
from training.heads.lights import Lamp, Lighting
from training.heads.look import Backdrop, Clothes, Eyes, HairColor, Look, Skin
from training.heads.scalp import Hairline


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

_SOFT: Final = Lighting(
    lamps=(
        Lamp(-30, 30, (1.35, 1.30, 1.22), 18, 8),
        Lamp(45, 10, (0.45, 0.46, 0.48), 20, 4),
        Lamp(150, 35, (0.5, 0.48, 0.45), 12, 2),
    ),
    sky=(0.36, 0.37, 0.39),
    ground=(0.22, 0.20, 0.18),
    dome_samples=14,
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

MUSICIAN: Final = Sitter(
    seed=1020,
    look=Look(
        skin=Skin((0.44, 0.29, 0.21), lip=(0.45, 0.20, 0.20), blush=0.15, tired=0.15, oil=0.55),
        eyes=Eyes((0.14, 0.08, 0.05), (0.17, 0.10, 0.06), pupil=9.0, lashes=1.4),
        hair=HairStyle(
            comb="up",
            length=7.5,
            side_length=5.5,
            lift=0.8,
            volume=3.0,
            gravity=0.1,
            hug=0.3,
            curl=0.42,
            curl_length=1.7,
            clump=0.6,
            frizz=0.14,
            count=30000,
            steps=28,
        ),
        hair_color=HairColor((0.05, 0.035, 0.03), (0.10, 0.065, 0.05), shine=0.7),
        clothes=Clothes((0.62, 0.42, 0.12), collar=0.2),
        lighting=_SOFT,
        camera=Camera(17.5, 120, 0, 1.0),
        backdrop=Backdrop((0.52, 0.42, 0.36), (0.26, 0.20, 0.18), mottle=0.04),
    ),
)
"""A young woman with a halo of curls, for the photograph."""

FISHERMAN: Final = Sitter(
    seed=1002,
    look=Look(
        skin=Skin(
            (0.74, 0.54, 0.45), lip=(0.58, 0.36, 0.33), blush=0.5, tired=0.7, age=0.95, oil=0.35, stubble=0.5
        ),
        eyes=Eyes((0.24, 0.31, 0.36), (0.28, 0.33, 0.33)),
        hair=HairStyle(
            comb="back",
            length=8,
            side_length=4,
            lift=0.6,
            volume=1.5,
            wave=0.4,
            hairline=Hairline(recession=0.7),
        ),
        hair_color=HairColor((0.40, 0.38, 0.36), (0.60, 0.58, 0.55), grey=0.8, shine=0.7),
        beard_length=1.5,
        beard_count=16000,
        clothes=Clothes((0.25, 0.27, 0.30), collar=2.4, pattern=3),
        lighting=_WINDOW,
        camera=Camera(16.5, 120, 0, 0.4),
        backdrop=Backdrop((0.86, 0.84, 0.80), (0.62, 0.60, 0.57), mottle=0.05),
        exposure=1.15,
    ),
)
"""An old man with a white beard, for the drawing in charcoal."""

GARDENER: Final = Sitter(
    seed=1027,
    look=Look(
        skin=Skin((0.87, 0.68, 0.60), lip=(0.74, 0.40, 0.38), blush=0.6, freckles=0.8, tired=0.1, age=0.1),
        eyes=Eyes((0.22, 0.30, 0.20), (0.34, 0.32, 0.16)),
        hair=HairStyle(
            part_at=-2.2,
            length=21,
            side_length=14,
            lift=0.35,
            volume=1.8,
            gravity=0.7,
            hug=0.35,
            stiffness=0.6,
            wave=0.5,
            clump=0.6,
            count=30000,
            steps=24,
        ),
        hair_color=HairColor((0.34, 0.13, 0.05), (0.60, 0.28, 0.11), shine=0.6),
        clothes=Clothes((0.30, 0.46, 0.52), collar=0.2),
        lighting=_SOFT,
        camera=Camera(16.8, 120, 0, 0.3),
        backdrop=Backdrop((0.88, 0.86, 0.72), (0.62, 0.72, 0.66), mottle=0.10),
        exposure=1.1,
    ),
)
"""A freckled woman with red hair, for the watercolour."""

CLERK: Final = Sitter(
    seed=1029,
    look=Look(
        skin=Skin((0.79, 0.60, 0.47), lip=(0.62, 0.38, 0.34), blush=0.2, tired=0.3, age=0.4),
        eyes=Eyes((0.13, 0.08, 0.05), (0.16, 0.10, 0.06)),
        hair=HairStyle(part_at=3.0, length=9, side_length=2.2, lift=0.5, volume=1.3, wave=0.15, count=30000),
        hair_color=HairColor((0.05, 0.04, 0.035), (0.08, 0.06, 0.05), shine=0.9),
        clothes=Clothes((0.10, 0.10, 0.12), (0.85, 0.84, 0.82), pattern=4, collar=1.0),
        lighting=_SOFT,
        camera=Camera(17.0, 120, 0, 0.3),
        backdrop=Backdrop((0.66, 0.64, 0.60), (0.36, 0.34, 0.32), mottle=0.06),
    ),
)
"""A man of forty in a jacket, for the old photograph."""

STUDENT: Final = Sitter(
    seed=1011,
    look=Look(
        skin=Skin((0.70, 0.50, 0.38), lip=(0.60, 0.34, 0.31), blush=0.35, tired=0.1, age=0.1),
        eyes=Eyes((0.20, 0.12, 0.06), (0.26, 0.16, 0.08)),
        hair=HairStyle(
            comb="crown",
            length=6.5,
            side_length=2.5,
            lift=0.5,
            volume=1.6,
            fringe=0.35,
            wave=0.4,
            curl=0.25,
            curl_length=2.6,
            clump=0.75,
            count=30000,
            steps=18,
        ),
        hair_color=HairColor((0.10, 0.06, 0.04), (0.20, 0.12, 0.07)),
        clothes=Clothes((0.72, 0.22, 0.16), collar=0.3),
        lighting=_SOFT,
        camera=Camera(16.8, 120, 0, 0.6),
        backdrop=Backdrop((0.38, 0.66, 0.70), (0.25, 0.50, 0.58), mottle=0.0),
    ),
)
"""A young man with wavy hair, for the cartoon."""
