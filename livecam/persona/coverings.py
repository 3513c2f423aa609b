"""Whether a portrait's mouth or eyes are covered, by a mask, a hand, a microphone or dark glasses.

The face model lays a mouth and eyes over whatever it sees there, and gives no confidence. What the picture
tells: between lips there is a dark line, and lips are redder or darker than what surrounds them; the skin
around an eye is about as bright as the cheeks, or as the forehead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face.covered import EYES, MOUTH
from livecam.frames import RGB
from livecam.persona.fill import polygon_mask

if TYPE_CHECKING:
    from livecam.persona.types import PersonaData


SIDE: Final = 512
"""Pixels of the crop that is looked at."""
A_MOUTH: Final = (0.25, 6.0, 4.0, 15.0)
"""Line, darker, redder and teeth that are each as much as a covered mouth may show by chance."""
LEAST_OF_A_MOUTH: Final = 0.95
"""Chosen on 26 people of the London set, whose faintest mouth, in a dark beard, has 1.07; the faintest of the
25 others and of 51 smiles 1.26, of 11 paintings, drawings and old photographs 1.38, of 50 rendered people
(beards and glasses among them) 1.71. Drawn on the 25 and on the 11, of 63 masks of one colour, 27 scarves and
masks below the nose, 19 hands and 18 microphones 59, 26, 16 and 13 are found; of 25 in checks and dots 5."""
DARK_SOCKET, DARK_BELOW = 0.5, 0.6
"""Lightness of `Evidence.socket` and `below` under which eyes are covered. Of those 163 uncovered faces none
is below .71 in the second. Of 109 dark glasses drawn on the same people, 19 of which let through 40 % of the
light, 104 are found."""
FOREHEAD: Final = (109, 108, 151, 337, 338, 10)
"""Landmarks of its outline."""
DARKEST: Final = 20.0
"""Lightness, of CIELAB's 100, that skin is taken to have at least: in the dark everything is like
everything."""

# Where the evidence is looked for, by eye; the bounds above were chosen with these.
BRIGHT_BETWEEN_LIPS: Final = 75
"""Percentile of the lightness between the lips above which there are teeth, if there are any."""
# In mouth widths (outer corners):
LIP_INSET: Final = 0.02
"""From the lips' outlines inwards: what is nearer may be skin or mouth."""
AROUND_LIPS: Final = (0.08, 0.25)
"""From the lips outwards: the skin that they are compared with."""
FEWEST_LIPS: Final = 20
"""Pixels of lips below which they are taken with their rims."""
LINE_COLUMNS, LINE_ENDS = 21, (0.15, 0.85)
"""Columns across the line between the lips, and the shares of the lips' length between which they stand: not
in the corners, which are dark in every mouth."""
LINE_STEP: Final = 0.01
"""From row to row of those columns."""
LINE_AT, LINE_BESIDE = 0.08, 0.25
"""How far from where the landmarks have it the line may lie, and how far above and below it lips are looked
for."""
LINE_REACH: Final = 0.45
"""How far the columns reach, up and down: more than both."""
LINE_BLUR, LEAST_LINE_BLUR = 0.012, 0.6
"""Sigma of the blur before that, and its least in pixels: grain is no line."""
# In widths of the eye:
AROUND_EYE: Final = (0.12, 0.28)
"""From its outline outwards: the skin around it, off lashes and brows."""
BELOW_EYE: Final = ((-0.4, 0.35), (0.4, 0.6))
"""From its middle: left, top and right, bottom of the skin below it, where glasses end and cheeks begin."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`line`: how much darker the line between the lips is than the lips, in lightness of what surrounds
    them. `darker`, `redder`: lips than that, in CIELAB's units. `teeth`: how much brighter than lips the
    brightest quarter between them is. `socket`, `below`: lightness of the skin around the brighter eye, and
    of that below it, as parts of the forehead's."""

    line: float
    darker: float
    redder: float
    teeth: float
    socket: float
    below: float


def seem_covered(image: RGB, points: F32) -> frozenset[str]:
    """Which parts of `livecam.face.covered` seem so.

    image: the enrolled crop, S x S x 3; points: (478, 3) in 0..1 of it.
    """
    found = evidence(image, points)
    parts = {MOUTH: mouth_covered(found), EYES: eyes_covered(found)}
    return frozenset(part for part, covered in parts.items() if covered)


def mouth_doubt(found: Evidence) -> float:
    """The less there is of a mouth, the nearer to 0: of each kind of evidence, in the unit of `A_MOUTH`, the
    root of the sum of squares."""
    line, darker, redder, teeth = A_MOUTH
    kinds = (found.line / line, found.darker / darker, found.redder / redder, found.teeth / teeth)
    return float(np.sqrt(sum(max(kind, 0.0) ** 2 for kind in kinds)))


def mouth_covered(found: Evidence) -> bool:
    return mouth_doubt(found) < LEAST_OF_A_MOUTH


def eyes_covered(found: Evidence) -> bool:
    return found.socket < DARK_SOCKET and found.below < DARK_BELOW


def covered_notices(persona: PersonaData) -> list[str]:
    """A line for each part that seems covered, with what to say if it is not."""
    covered = persona.meta.get("covered", {})
    lines = {
        MOUTH: "The mouth seems covered; it is kept still. If it is not, say --mouth visible.",
        EYES: "The eyes seem covered; they are kept still. If they are not, say --eyes visible.",
    }
    return [line for part, line in lines.items() if covered.get(part) == "seems"]


def evidence(image: RGB, points: F32) -> Evidence:
    """image: S x S x 3, of a face; points: (478, 3), 0..1 of it."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    forehead = _middle(lab, polygon_mask(len(image), points[list(FOREHEAD)]))
    skin = max(float(forehead[0]), DARKEST)
    lips, around = _lips(lab, points)
    inside = lab[polygon_mask(len(image), points[list(lm.MOUTH)]) > 127][:, 0]
    sockets, below = zip(
        *(_around_eye(lab, points, upper, lower) for upper, lower, _ in lm.EYES), strict=True
    )
    return Evidence(
        line=_lip_line(lab, points) / max(float(around[0]), DARKEST),
        darker=float(around[0] - lips[0]),
        redder=float(lips[1] - around[1]),
        teeth=float(np.percentile(inside, BRIGHT_BETWEEN_LIPS) - lips[0]) if len(inside) else 0.0,
        socket=max(sockets) / skin,
        below=max(below) / skin,
    )


def _lips(lab: F32, points: F32) -> tuple[F32, F32]:
    """(3,) twice: the colour of the lips, and of the skin around them."""
    size = len(lab)
    left, right = lm.MOUTH_CORNERS
    width = float(np.linalg.norm(points[right, :2] - points[left, :2])) * size
    lips = polygon_mask(size, points[list(lm.OUTER_LIPS)])
    inner = polygon_mask(size, points[list(lm.MOUTH)])
    only = _shrunk(lips, LIP_INSET * width) & ~_grown(inner, LIP_INSET * width)
    near, far = AROUND_LIPS
    around = _grown(lips, far * width) & ~_grown(lips, near * width)
    return _middle(lab, only if (only > 127).sum() > FEWEST_LIPS else lips), _middle(lab, around)


def _lip_line(lab: F32, points: F32) -> float:
    """How far the lightness falls, in CIELAB's units, at the line between the lips below what it is at most
    above and below within a quarter of the mouth's width; of the mean of columns along the lips, so that what
    does not run along them is no line."""
    size = len(lab)
    own = points[:, :2].astype(np.float64) * size
    left, right = own[list(lm.MOUTH_CORNERS)]
    width = float(np.linalg.norm(right - left))
    left, right = own[list(lm.INNER_MOUTH_CORNERS)]
    along = (right - left) / max(float(np.linalg.norm(right - left)), 1e-6)
    down = np.array([-along[1], along[0]])
    between = (own[list(lm.INNER_LIP_UPPER)] + own[list(lm.INNER_LIP_LOWER)]) / 2
    share = np.linspace(*LINE_ENDS, LINE_COLUMNS)
    columns = [np.interp(share, np.linspace(0, 1, len(between)), between[:, axis]) for axis in range(2)]
    middle, beside, off = (round(v / LINE_STEP) for v in (LINE_REACH, LINE_BESIDE, LINE_AT))  # in rows
    away = np.linspace(-LINE_REACH, LINE_REACH, 2 * middle + 1)[:, None] * width
    x, y = (column + away * step for column, step in zip(columns, down, strict=True))
    smooth = cv2.GaussianBlur(lab[..., 0], (0, 0), max(LINE_BLUR * width, LEAST_LINE_BLUR))
    x, y = np.asarray(x - 0.5, np.float32), np.asarray(y - 0.5, np.float32)
    rows = cv2.remap(smooth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(1)
    at = middle - off + int(np.argmin(rows[middle - off : middle + off + 1]))
    return float(min(rows[at - beside : at].max(), rows[at : at + beside + 1].max()) - rows[at])


def _around_eye(lab: F32, points: F32, upper: tuple[int, ...], lower: tuple[int, ...]) -> tuple[float, float]:
    """The lightness of the skin around an eye, and of that below it."""
    size = len(lab)
    outline = points[list(lm.loop(upper, lower)), :2]
    width = float(np.linalg.norm(points[upper[-1], :2] - points[upper[0], :2])) * size
    eye = polygon_mask(size, outline)
    around = _grown(eye, AROUND_EYE[1] * width) & ~_grown(eye, AROUND_EYE[0] * width)
    (left, top), (right, bottom) = BELOW_EYE
    box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) * width / size
    below = polygon_mask(size, (outline.mean(0) + box).astype(np.float32))
    return float(_middle(lab, around)[0]), float(_middle(lab, below)[0])


def _middle(lab: F32, *masks: NDArray[np.uint8]) -> F32:
    """(3,): the median colour under masks; 0 where they are empty."""
    pixels = np.concatenate([lab[mask > 127] for mask in masks])
    return np.asarray(np.median(pixels, axis=0) if len(pixels) else np.zeros(3), np.float32)


def _grown(mask: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.dilate(mask, _disc(by)), np.uint8)


def _shrunk(mask: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.erode(mask, _disc(by)), np.uint8)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
