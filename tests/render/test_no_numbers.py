"""A motion that holds no numbers, whatever it came from, costs its frame and not the process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from doubles import make_animator

from livecam.motion.types import rest
from livecam.render.raster import rasterise

DRAWN = """
import numpy as np
from livecam.render.raster import rasterise
rng = np.random.default_rng(0)
triangles = rng.integers(0, 500, (900, 3)).astype(np.int32)
source = rng.random((500, 2), np.float32)
nearest, flow = np.empty((256, 256), np.float32), np.empty((256, 256, 2), np.float32)
for bad in (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e19, 1e9):
    for column in (0, 1, slice(None)):
        for share in (0.02, 1.0):
            vertices = rng.random((500, 2), np.float32)
            vertices[rng.random(500) < share, column] = bad
            rasterise(vertices, rng.random(500, np.float32), source, triangles, nearest, flow)
            assert np.isfinite(flow).all()
vertices = rng.random((500, 2), np.float32)
for bad in (-1, 500, 10**6, 2**31 - 1, -(2**31)):
    wild = triangles.copy()
    wild[:, 1] = bad
    rasterise(vertices, rng.random(500, np.float32), source, wild, nearest, flow)
    assert (nearest == 1e9).all()
print("alive")
"""

RENDERED = """
import sys
sys.path.insert(0, "tests")
import numpy as np
from pathlib import Path
from faces import draw_face, ellipse_mask
from livecam.face import segmenter
segmenter.person_mask = ellipse_mask
from livecam.persona import enroll
from livecam.motion.types import Motion, rest
from livecam.render.cpu.renderer import CpuRenderer
face = np.load("tests/data/face.npy")
persona = enroll.build_persona(draw_face(face), face, "drawn", 256, {})
renderer = CpuRenderer(persona)
from livecam.render.cpu.rasters import draw_rasters
from livecam.generator.alignment import WHOLE
still = rest(persona.landmarks)
for bad in (np.nan, np.inf, -np.inf, 3e38):
    for part in ("landmarks", "head", "gaze", "lids"):
        parts = {name: getattr(still, name).copy() for name in ("landmarks", "head", "gaze", "lids")}
        parts[part][...] = bad
        draw_rasters(parts["landmarks"], WHOLE, (80, 80))
        try:
            assert renderer.render(Motion(**parts)).shape == (256, 256, 3)
        except Exception as error:
            print(part, bad, type(error).__name__)
assert renderer.render(still).std() > 10
print("alive")
"""


@pytest.mark.parametrize("program", [DRAWN, RENDERED], ids=["rasteriser", "renderer"])
def test_the_process_outlives_what_is_no_number(program, pytestconfig):
    """In a process of its own, which a wild index would take down."""
    words = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=pytestconfig.rootpath)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "alive"


def test_only_triangles_at_no_number_are_left_out():
    vertices = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    triangles = np.array([[0, 1, 2], [1, 2, 3]], np.int32)
    nearest, flow = np.empty((8, 8), np.float32), np.empty((8, 8, 2), np.float32)

    def covered():
        rasterise(vertices, np.zeros(4, np.float32), vertices.copy(), triangles, nearest, flow)
        return nearest < 1e9

    assert covered().all()
    vertices[3] = np.nan
    assert covered()[0, 0]
    assert not covered()[7, 7]


@pytest.mark.parametrize("part", ["landmarks", "head", "gaze", "lids", "view"])
def test_such_a_motion_is_nobodys(persona, face, part):
    """The picture holds as if no face were there."""
    animator, _ = make_animator(persona, face)
    still = rest(persona.landmarks)
    values = getattr(still, part).copy()
    values.flat[0] = np.nan
    animator._calibration.transfer = lambda points, time_s: replace(still, **{part: values})
    shown = animator.animate(face, 0.0)
    assert shown.finite
    assert not animator.present
