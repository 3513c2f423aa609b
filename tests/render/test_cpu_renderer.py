"""The host warper: the portrait at rest comes back, and it draws what the PyTorch reference draws."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam.benchmarks.fidelity.metrics import psnr
from livecam.generator.inputs import FLOW_GRID
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.persona.crop import cut_crop
from livecam.render.choose import EngineRenderer, graph_path, make_renderer
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.geometry import FrameGeometry


def motions(persona, face):
    """At rest, talking, blinking, turned with an open mouth."""
    transfer = MotionTransfer(persona.landmarks, face)
    yield rest(persona.landmarks)
    yield transfer(with_lip_gap(face, 0.3))
    yield transfer(with_lids(face, 0.0))
    yield transfer(turned(with_lip_gap(face, 0.2), yaw=12, pitch=5, roll=-6))


def test_at_rest_the_portrait_comes_back(persona):
    image = cut_crop(persona.picture, persona.crop, persona.size)
    out = CpuRenderer(persona).render(rest(persona.landmarks))
    # 36 dB: the drawing's noise of 3 levels (39 dB) is not kept in the filled eyes and the matte's rim.
    assert psnr(out, image) > 36


def test_the_flow_at_rest_is_no_flow(persona):
    inputs = FrameGeometry(persona)(rest(persona.landmarks))
    assert np.abs(inputs.flow).max() < 1e-5  # float32 on positions of 0..1
    np.testing.assert_allclose(inputs.inner_inverse, np.tile(np.eye(2, 3), (3, 1, 1)), atol=1e-6)


def test_every_motion_changes_the_picture(persona, face):
    renderer = CpuRenderer(persona)
    pictures = [renderer.render(m) for m in motions(persona, face)]
    for picture in pictures[1:]:
        assert psnr(picture, pictures[0]) < 45


def test_shut_lips_leave_no_line(persona, face):
    """At rest the mouth's layer must not show at all: its picture may be anything."""
    from dataclasses import replace

    red = np.zeros_like(persona.interior)
    red[..., 0] = 255
    shut = with_lip_gap(face, 0.0)
    motion = MotionTransfer(persona.landmarks, shut)(shut)
    eyes = np.zeros((256, 256), bool)
    mouth = persona.landmarks[[61, 291, 0, 17], :2] * 256
    (x0, y0), (x1, y1) = mouth.min(0).astype(int), mouth.max(0).astype(int) + 1
    eyes[y0:y1, x0:x1] = True
    painted = CpuRenderer(replace(persona, interior=red)).render(motion).astype(int)
    plain = CpuRenderer(persona).render(motion).astype(int)
    assert np.abs(painted - plain)[eyes].max() <= 1


def test_the_host_draws_what_the_reference_draws(persona, face):
    pytest.importorskip("torch")
    host, reference = CpuRenderer(persona), EngineRenderer(persona, "torch")
    for motion in motions(persona, face):
        # 40 dB: polygons of 1/16 pixel against signed distances on a 96 grid, 8-bit against float.
        assert psnr(host.render(motion), reference.render(motion)) > 40


def test_all_three_agree(persona, face, tmp_path, monkeypatch):
    """PyTorch, onnxruntime on the exported graph, and the host."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from livecam.engines import open_engine
    from livecam.export.generator import export_generator
    from livecam.model.generator import Generator
    from livecam.render.graph import GraphRenderer

    path = tmp_path / "generator-256.onnx"
    export_generator(Generator(256).eval(), path)
    engine = open_engine("cpu", path)
    graph = GraphRenderer(engine, *persona.layers)
    reference, geometry = EngineRenderer(persona, "torch"), FrameGeometry(persona)
    for motion in motions(persona, face):
        drawn = graph.draw(geometry(motion)).astype(int)
        assert np.abs(drawn - reference.render(motion)).max() <= 1  # rounding of 1e-3 at most


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_the_cpu_engine_is_the_host(persona, name):
    assert make_renderer(persona, name).name == "cpu"


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_a_named_engine_is_never_replaced(persona, name, tmp_path, monkeypatch):
    from livecam.errors import UserError

    monkeypatch.setenv("LIVECAM_GRAPHS", str(tmp_path))
    with pytest.raises(UserError, match=name) as caught:
        make_renderer(persona, name)
    assert "doctor" in caught.value.todo
    graph_path(256).write_bytes(b"not a graph")
    with pytest.raises(UserError, match=name):
        make_renderer(persona, name)


def test_hair_takes_all_of_a_shift_and_of_a_real_turn_but_not_of_a_tremble(persona):
    from livecam.geometry import from_euler, to_euler
    from livecam.render.carried import carried_pose

    centre = np.array([0.5, 0.4, 0.0])

    def pose(yaw, shift=0.0):
        turn = from_euler(np.radians([yaw, 0, 0]))
        return np.concatenate([turn, (centre - turn @ centre + [shift, 0, 0])[:, None]], 1).astype(np.float32)

    def yaw(matrix):
        return np.degrees(to_euler(matrix[:, :3].astype(np.float64)))[0]

    np.testing.assert_allclose(carried_pose(pose(0, 0.1), centre), pose(0, 0.1), atol=1e-6)
    assert yaw(carried_pose(pose(2), centre)) < 1.0
    assert yaw(carried_pose(pose(20), centre)) > 18.5
    moved = carried_pose(pose(12, 0.05), centre)
    np.testing.assert_allclose(moved @ [*centre, 1.0], centre + np.array([0.05, 0, 0]), atol=1e-6)


def test_cells_that_no_triangle_covers_are_counted(persona):
    from dataclasses import replace

    still = rest(persona.landmarks)
    for data, count in ((persona, 0), (replace(persona, triangles=persona.triangles[:0]), 4 * FLOW_GRID**2)):
        geometry = FrameGeometry(data)
        geometry(still)
        assert geometry.uncovered == count
