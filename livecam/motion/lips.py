"""How a portrait's lips move as the driver's: their gap, their width, and the skin beside them.

Lips follow the *ratio* of their gap, so that shut means shut on any face; around that gap they take the
driver's shape. A portrait that smiles keeps its smile while the driver's mouth is at rest, and the less of
it, the more that does: added to the driver's, it would gape. Skin beside the lips goes where the lips go, for
on skin a tracker finds little to hold on to.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.geometry import Array, smoothstep, soft_limit
from livecam.motion.smile import smile_of

SHUT_LIPS: Final = 0.03
"""MediaPipe's gap between lips that touch, as a share of the mouth's width, read off the four development
clips."""
RESIDUAL_FADES: Final = 0.14
"""Gap, as a share of the mouth's width, over which that residual fades: .05 is seen as .075, .3 as .305."""
ALONG_LIPS, AT_CORNERS, NEAR_CORNERS = 0.75, 1.0, 0.7
"""Share of the lips' way that skin beside them takes, for the rest it goes where it is seen: along them, at
their corners, and next to that. Followed by itself it stays behind where a mouth purses or smiles, and the
line at the mouth's corner, which lies beside the lips, is drawn out: the lips of four clips were seen .0019
eye distances, 16 %, further off."""
MAX_GAP: Final = 2.0
"""Mouth widths that lips may be apart. No mouth opens further than about 1.2 (yawning); points that jumped
are no mouth."""

# By eye:
MOUTH_SCALE_LIMITS: Final = (0.75, 1.3)
"""How much less and more than the face the portrait's mouth may move for the same motion of the driver's."""
LIPS_MEET: Final = 0.03
"""The driver's gap, in mouth widths less what is left of shut lips, below which the portrait's close, too,
whatever they are at rest."""
ACTING_GAP, ACTING_WIDTH = 0.25, 0.3
"""What the driver's lips open against neutral, in mouth widths, and their corners part or draw in, as a share
of the neutral width, for the portrait's mouth to be wholly the driver's."""

ALONG_WITH_GAP: Final = ((0.24, 0.43), (0.42, 0.57))
"""How far the outer and the inner outline of the upper lip, then of the lower, go for a change of the gap
between the lips: what 14 people's toothy smiles are off their shut lips, by least squares, rounded between
them and 13 others, who differ by .07 at the lower lip's outer edge and by up to .03 elsewhere. Rows between
lie between. Where inner lips alone close, the lower one swells."""
MOST_OF_SHARE: Final = 1.05
"""How much more, or less, of the face's width than the driver's an opened mouth may take. Mouths at rest keep
the portrait's proportions, and so do most open ones: up to seven tenths of it nothing is taken off. Chosen by
seven people (docs/lab/neutral.md)."""

_LIPS = list(lm.LIPS)
_CORNERS = list(lm.INNER_MOUTH_CORNERS)
_SKIN_AT_CORNERS = tuple(
    (skin, corner, share)
    for groups, share in ((lm.AT_CORNERS, AT_CORNERS), (lm.NEAR_CORNERS, NEAR_CORNERS))
    for corner, group in zip(lm.MOUTH_CORNERS, groups, strict=True)
    for skin in group
)
_SKIN = [*lm.ALONG_LIPS, *(skin for skin, _, _ in _SKIN_AT_CORNERS)]
_LIPS_BESIDE = [*lm.LIPS_ALONG, *(corner for _, corner, _ in _SKIN_AT_CORNERS)]
_SKIN_SHARES = np.array([ALONG_LIPS] * len(lm.ALONG_LIPS) + [share for _, _, share in _SKIN_AT_CORNERS])
_WIDENS = np.arange(len(_SKIN)) >= len(lm.ALONG_LIPS)
_UPPER, _LOWER = list(lm.INNER_LIP_UPPER), list(lm.INNER_LIP_LOWER)
_LIP_ROWS = np.array([row[1:-1] for row in (*lm.UPPER_LIP_ROWS, *lm.LOWER_LIP_ROWS)])
_ROW_SHARES = np.concatenate(
    [sign * np.linspace(*shares, 4) for sign, shares in zip((-1, 1), ALONG_WITH_GAP, strict=True)]
)[:, None]


class Mouth:
    """A mouth as one picture shows it.

    face: (478, 3) in face coordinates. smile: (478, 3), by what its lips are off their rest (`smile_of`).
    width, rest_width: as it is, and at rest. gap: (11,), `opened` there.
    """

    def __init__(self, face: Array) -> None:
        self.smile = smile_of(face)
        self.width = measures.mouth_width(face)
        self.rest_width = measures.mouth_width(face - self.smile)
        self.gap = self.opened(face)

    def opened(self, face: Array) -> Array:
        """(11,): how far the lips are apart in (478, 3) of the same face, in widths of the mouth at rest."""
        return opened_lips(_lip_gap(face) / self.width) * (self.width / self.rest_width)


class Lips:
    """Moves one portrait's lips for one neutral frame of a driver.

    own: (478, 3) in face coordinates, the portrait at rest; mouth: the one in it. driver: the mouth in the
    neutral frame. ratio: (2,), breadth and height of the portrait's face over the driver's. gain: of
    expressions.
    """

    def __init__(self, own: Array, mouth: Mouth, driver: Mouth, ratio: Array, gain: float) -> None:
        self._mouth, self._driver, self._gain = mouth, driver, gain
        low, high = MOUTH_SCALE_LIMITS
        across = np.clip(mouth.rest_width / driver.rest_width, low * ratio[0], high * ratio[0])
        self.scale = np.array([across, np.sqrt(across * ratio[1])])
        """(2,): how far lips go across and down for one unit of the driver's."""
        share = np.log(mouth.rest_width / driver.rest_width / ratio[0])
        self._share_limited = float(soft_limit(share, math.log(MOST_OF_SHARE)) - share)
        self._smiles = driver.smile[_LIPS, :2] * self.scale - mouth.smile[_LIPS, :2]
        self._skin = own[_SKIN] - own[_LIPS_BESIDE]

    def move(self, points: Array, face: Array) -> None:
        """points: (478, 3) of the portrait, which have gone as far as the driver's did; in place. face: the
        driver's, its pose undone. Both in face coordinates."""
        opened = self._driver.opened(face)
        opens = opened - self._driver.gap
        most = np.abs(opens).max() / ACTING_GAP
        acting, narrower = self._acting(face, most), self._narrower(most)
        points[_LIPS, :2] += acting * self._smiles
        middle = points[_CORNERS, 0].mean()
        points[_LIPS, 0] = middle + narrower * (points[_LIPS, 0] - middle)
        self._set_gap(points, opened, self._gain * opens, acting, narrower)
        self._carry_skin(points)

    def _acting(self, face: Array, opens: float) -> float:
        """How far the driver's mouth is from rest, 0 to 1, in what it opens and widens: so far the portrait's
        own expression gives way to the driver's."""
        wider = measures.mouth_width(face) / self._driver.width - 1
        return float(smoothstep(0.0, 1.0, np.hypot(opens, wider / ACTING_WIDTH) * self._gain))

    def _narrower(self, opens: float) -> float:
        """What the portrait's mouth is multiplied with, so that its share of the face's width is about the
        driver's where that is opened."""
        return math.exp(self._share_limited * float(smoothstep(0.0, 1.0, opens * self._gain)))

    def _set_gap(self, points: Array, opened: Array, opens: Array, acting: float, narrower: float) -> None:
        """Set the gap between the inner lips: the portrait's own, plus what the driver's opened; the more the
        driver's mouth is `acting`, the more the driver's own. Where that is not what the points moved by, all
        of the lips goes along."""
        own, driver = self._mouth, self._driver
        rest = (1 - acting) * (own.gap - driver.gap)
        gap = np.maximum(rest + driver.gap + opens, 0.0)
        gap = np.minimum(gap, MAX_GAP) * smoothstep(0.0, LIPS_MEET, opened) * narrower * own.rest_width
        moved = own.gap * own.rest_width + opens * driver.rest_width * self.scale[1]
        points[_LIP_ROWS, 1] += _ROW_SHARES * (gap - moved)[1:-1]
        correction = (gap - _lip_gap(points)) / 2
        correction[[0, -1]] = 0.0
        points[_UPPER, 1] -= correction
        points[_LOWER, 1] += correction

    def _carry_skin(self, points: Array) -> None:
        """Take the skin beside the lips along: as far from them as it rests, at the corners in proportion to
        the mouth's width."""
        wider = np.where(_WIDENS, measures.mouth_width(points) / self._mouth.width, 1.0)
        beside = points[_LIPS_BESIDE] + wider[:, None] * self._skin
        points[_SKIN] += _SKIN_SHARES[:, None] * (beside - points[_SKIN])


def _lip_gap(points: Array) -> Array:
    """(11,): vertical gap between paired inner lip points, in face coordinates."""
    gap: Array = points[_LOWER, 1] - points[_UPPER, 1]
    return gap


def opened_lips(gap: Array) -> Array:
    """How far lips are apart that are seen so far apart, both as shares of the mouth's width."""
    more = np.maximum(gap - SHUT_LIPS, 0.0)
    out: Array = more + SHUT_LIPS * (1 - np.exp(-more / RESIDUAL_FADES))
    return out
