"""The outlines that ship are those of the head data's teeth."""

from __future__ import annotations

import numpy as np
from head_data import head_shape

from livecam.persona.tooth_shapes import LOWER, UPPER


def test_the_shipped_table_is_what_is_measured():
    data = head_shape().data
    from training.heads.tooth_outlines import outlines

    for measured, shipped in zip(outlines(data), (UPPER, LOWER), strict=True):
        assert len(measured) == len(shipped)
        for tooth, known in zip(measured, shipped, strict=True):
            ends, known_ends = ([t.first, t.last, t.edge, t.height] for t in (tooth, known))
            # Both are rounded to .01.
            np.testing.assert_allclose(ends, known_ends, atol=0.011)
            np.testing.assert_allclose(tooth.outline, known.outline, atol=0.011)
