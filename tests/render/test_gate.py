"""A part that is as the portrait has it costs no run, and nothing is lost by that."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from crop_networks import both_networks, host_refiner, random_style, small_network
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.generator.parts import FACE, LEFT_EYE, MOUTH, RIGHT_EYE
from livecam.render.cpu import refiner
from livecam.render.cpu.gate import is_open
from livecam.render.cpu.refiner import part_rasters

FACES = 60


def random_faces(face: np.ndarray) -> list[np.ndarray]:
    """From the portrait's own to wide open, mostly near it: there the gate opens."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(FACES):
        far = rng.uniform(0, 1) ** 4
        points = with_lids(with_lip_gap(face, rng.uniform(0, 0.5)), rng.uniform(0, 1.2))
        points = turned(face + far * (points - face), *(far * rng.uniform(-15, 15, 3)))
        found.append((points + far * rng.normal(0, 2, points.shape)).astype(np.float32))
    return found


@pytest.mark.parametrize("part", [MOUTH, LEFT_EYE, RIGHT_EYE, FACE], ids=lambda part: part.name)
def test_a_part_is_open_just_where_the_networks_gate_is(face, part) -> None:  # type: ignore[no-untyped-def]
    network = small_network("mouth" if part is FACE else part.network, 160)
    network.pixels = part.pixels(160)
    network.window = torch.ones(1, 1, *part.pixels(160)[::-1])
    source = part_rasters(face, part.window(face, 160), part, 160)
    found = []
    for points in [face, *random_faces(face)]:
        rasters = part_rasters(points, part.window(points, 160), part, 160)
        gate = network.gate(torch.from_numpy(rasters)[None], torch.from_numpy(source)[None])
        found.append((is_open(rasters, source), float(gate.max())))
    opened = [open_ for open_, _ in found]
    assert not opened[0]
    assert 0.2 < np.mean(opened) < 0.9  # both are seen often
    for open_, most in found:
        assert open_ == (most > 0), (open_, most)


def counted(host: refiner.CpuRefiner) -> dict[str, list[object]]:
    """What each network is fed from now on."""
    fed: dict[str, list[object]] = {}
    for name, engine in host.engines.items():
        run, fed[name] = engine.run, []
        engine.run = lambda feeds, run=run, name=name: fed[name].append(feeds) or run(feeds)  # type: ignore
    return fed


def test_a_run_that_is_left_out_changes_nothing(face, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    networks = both_networks(160)
    points, picture = (face / 512).astype(np.float32), draw_face(face)
    host = host_refiner(networks, picture, points, random_style(networks))
    fed = counted(host)
    moved = [(each / 512).astype(np.float32) for each in random_faces(face)[:20]]
    drawn = [host(picture, each) for each in moved]
    runs = {name: len(these) for name, these in fed.items()}
    monkeypatch.setattr(refiner, "is_open", lambda rasters, source_rasters: True)
    for each, before in zip(moved, drawn, strict=True):
        np.testing.assert_array_equal(host(picture, each), before)
    assert 3 < runs["mouth"] < 20
    assert 3 < runs["eye"] < 40
    assert len(fed["mouth"]) - runs["mouth"] == 20
    assert len(fed["eye"]) - runs["eye"] == 40


def test_at_rest_no_network_runs(face) -> None:  # type: ignore[no-untyped-def]
    """Mouth shut and eyes as in the portrait, wherever the head is; each part alone runs its own network."""
    networks = both_networks(160)
    points, picture = (face / 512).astype(np.float32), draw_face(face)
    host = host_refiner(networks, picture, points, random_style(networks))
    fed = counted(host)
    moved = (points[:, :2] - 0.5) @ np.array([[0.99, 0.1], [-0.1, 0.99]], np.float32) * 1.1 + [0.53, 0.48]
    for still in (points, moved.astype(np.float32)):
        assert host(picture, still) is picture
    assert fed == {"mouth": [], "eye": []}
    host(picture, (with_lip_gap(face, 0.3) / 512).astype(np.float32))
    assert [len(fed[name]) for name in ("mouth", "eye")] == [1, 0]
    host(picture, (with_lids(face, 0.2) / 512).astype(np.float32))
    assert [len(fed[name]) for name in ("mouth", "eye")] == [1, 2]
    wink = with_lids(face, 0.2)
    wink[face[:, 0] > face[1, 0]] = face[face[:, 0] > face[1, 0]]
    host(picture, (wink / 512).astype(np.float32))
    assert [len(fed[name]) for name in ("mouth", "eye")] == [1, 3]
