"""Reading OBJ meshes as ICT-FaceKit writes them."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.errors import UserError
from training.heads import convert

QUAD = """v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0.5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
f 1/4 2/3 3/2
"""


def test_quads_become_two_triangles_that_share_their_first_corner(tmp_path):
    path = tmp_path / "quad.obj"
    path.write_text(QUAD)
    triangles, coordinates, polygons, texture = convert.read_faces(path)
    np.testing.assert_array_equal(triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 2]])
    np.testing.assert_array_equal(coordinates, [[0, 1, 2], [0, 2, 3], [3, 2, 1]])
    np.testing.assert_array_equal(polygons, [0, 0, 1])
    assert texture.shape == (4, 2)
    np.testing.assert_allclose(convert.read_vertices(path)[3], [0, 1, 0.5])


def test_a_folder_that_is_no_clone_is_told(tmp_path):
    with pytest.raises(UserError, match="Clone ICT-VGL/ICT-FaceKit"):
        convert.convert(tmp_path, tmp_path / "out")


def test_the_command_exits_with_2(tmp_path):
    assert convert.main([str(tmp_path), str(tmp_path / "out")]) == 2
