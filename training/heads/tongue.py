"""The tongue: which triangles it is, and where it lies in an open mouth."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from livecam.arrays import Mask
from training.heads.data import Floats, HeadData

DROP: Final = 0.8
"""cm that the tongue's back sinks when the jaw is open, beyond what the jaw's shape does. That leaves it near
the upper teeth; on films there is darkness between them, and the tongue fills the lower half of a mouth."""
TIP: Final = 0.3
"""The share of that by which its tip, behind the lower teeth, sinks."""
SPREAD: Final = 0.15
"""Share by which a lowered tongue is wider."""


class Tongue:
    """Lowers a head's tongue."""

    def __init__(self, data: HeadData) -> None:
        self.vertices = np.unique(data.triangles[tongue_triangles(data)])
        rest = data.neutral[self.vertices, 2]
        forward = np.clip((rest - 8.0) / (rest.max() - 8.0), 0, 1)
        self._sinks = np.asarray(DROP * (1 - (1 - TIP) * forward), np.float32)

    def lower(self, moved: Floats, jaw: float) -> None:
        """Change (V, 3), in place, for a jaw that is open by 0..1."""
        moved[self.vertices, 0] *= 1 + SPREAD * jaw
        moved[self.vertices, 1] -= self._sinks * jaw


def tongue_triangles(data: HeadData) -> Mask:
    """(T,) which triangles are the tongue: it shares a part with the gums, but not their texture islands."""
    own = np.flatnonzero(data.part == data.part_names.index("gums_tongue"))
    corners = data.texture_triangles[own]
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(data.texture),) * 2)
    _, island = connected_components(graph, directed=False)
    tongue = np.zeros(len(data.part), np.bool_)
    for label in np.unique(island[corners[:, 0]]):
        triangles = own[island[corners[:, 0]] == label]
        points = data.neutral[data.triangles[triangles]].reshape(-1, 3)
        # Slim, low, and reaching forward: only the tongue's two islands are all three.
        tongue[triangles] = np.abs(points[:, 0]).max() < 2.2 and points[:, 2].max() > 9.2
    return tongue
