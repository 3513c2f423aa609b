"""The refiner in the picture: changes nothing away from mouth and eyes or where they are as the portrait has
them, fits the generator and ONNX, and is the same on the host as in the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from crop_networks import both_networks, host_refiner, random_style, small_network
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.engines import open_engine
from livecam.export import samples
from livecam.export.generator import export_generator, pictures
from livecam.export.half import to_half
from livecam.generator.alignment import WHOLE
from livecam.generator.inputs import planes
from livecam.generator.layout import refiner_specs, split_style
from livecam.generator.parts import LEFT_EYE, MOUTH, RIGHT_EYE, parts_of
from livecam.model.generator import Generator
from livecam.model.refiner import FaceRefiner
from livecam.render.cpu.rasters import draw_rasters
from livecam.render.cpu.refiner import part_rasters, portrait_inputs


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def no_teeth(size: int = 512) -> torch.Tensor:
    return torch.zeros(1, 1, size, size)


def test_confined_to_mouth_and_eyes_whatever_the_weights(face) -> None:  # type: ignore[no-untyped-def]
    points = torch.from_numpy(turned(with_lip_gap(face, 0.3), 15, 0, 8) / 512)
    refiner = FaceRefiner(both_networks(), 512)
    picture = torch.rand(1, 3, 512, 512)
    extra = [torch.rand(spec.shape) for spec in refiner.inputs]
    shown = refiner(picture, points[:, :2], torch.rand_like(no_teeth()), *extra)
    changed = (shown - picture).abs().amax(1)[0].numpy() > 0
    assert changed.any()
    y, x = np.nonzero(changed)
    pixels = points.numpy() * 512
    for name in (1, 10, 152, 234, 454, 4, 205, 425):  # nose, forehead, chin, ears, cheeks
        px, py = pixels[name, :2]
        assert np.hypot(x - px, y - py).min() > 3, name
    # The gate's area, as a share of the face's oval, is small: about a third.
    assert changed.sum() < 0.4 * np.ptp(pixels[:468, 0]) * np.ptp(pixels[:468, 1])


def test_fits_the_generator() -> None:
    networks = both_networks()
    generator = Generator(64, FaceRefiner(networks, 64))
    sample = samples.figure_sample(64, 0)
    specs = refiner_specs({name: network.style_size for name, network in networks.items()}, 64)
    assert generator.inputs[-len(specs) :] == specs
    names = [spec.name for spec in specs]
    assert names[:2] == ["mouth_source", "mouth_source_rasters"]
    assert names[-2:] == ["mouth_style", "eye_style"]
    feeds = [torch.from_numpy(array) for array in sample.feeds().values()]
    extra = [torch.rand(spec.shape) for spec in specs]
    picture = generator(*feeds, *extra)
    assert picture.shape == (1, 3, 64, 64)
    assert not torch.equal(picture, Generator(64)(*feeds))


@pytest.mark.slow  # 15 s; `test_refined_export` holds the command that compares both, which says so
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_generator_with_it_exports_and_agrees(tmp_path: Path) -> None:
    generator = Generator(64, FaceRefiner(both_networks(), 64)).eval()
    model = export_generator(generator, tmp_path / "graph.onnx")
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    feeds = dict(samples.figure_sample(64, 0).feeds())
    rng = np.random.default_rng(0)
    feeds |= {spec.name: rng.random(spec.shape, np.float32) for spec in generator.refiner.inputs}
    engine = open_engine("cpu", tmp_path / "graph.onnx", threads=1)
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    # A quarter of one of 255 steps, as for the graph without a refiner.
    np.testing.assert_allclose(engine.run(feeds)["image"], reference.run(feeds)["image"], rtol=0, atol=1e-3)

    coloured = pictures(generator)
    assert {"mouth_source", "left_eye_source", "right_eye_source"} < set(coloured)
    onnx.save(to_half(model, coloured), tmp_path / "half.onnx")
    half = open_engine("cpu", tmp_path / "half.onnx", threads=1)
    # FP16 has 3 digits, and some ten layers lie behind one another; measured 79 dB at 256.
    np.testing.assert_allclose(half.run(feeds)["image"], reference.run(feeds)["image"], rtol=0, atol=2e-2)


def drawn_teeth(points: np.ndarray) -> np.ndarray:
    """(512, 512) uint8: a soft band between the lips; points (478, 3) in 0..1."""
    inside = draw_rasters(points, WHOLE, (512, 512))[0]  # distances to the lips
    return np.clip(inside * 2000, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("teeth", [False, True])
def test_host_and_graph_draw_the_same(face, teeth) -> None:  # type: ignore[no-untyped-def]
    """The CPU's way (cv2, the networks' engines, paste) against the graph's, on a drawn face that talks,
    blinks and turns."""
    points = (with_lip_gap(face, 0.3) / 512).astype(np.float32)
    moved = (turned(with_lids(with_lip_gap(face, 0.4), 0.4), 10, 3, 7) / 512).astype(np.float32)
    networks = both_networks(160)
    picture, style = draw_face(face), random_style(networks)
    shown = drawn_teeth(moved) if teeth else None
    on_host = host_refiner(networks, picture, points, style)(picture, moved, shown)

    refiner = FaceRefiner(networks, 512)
    styles = split_style(style, {name: network.style_size for name, network in networks.items()})
    told = {f"{name}_style": values for name, values in styles.items()}
    for part in parts_of(networks):
        for name, values in portrait_inputs(picture, points, part, 160).items():
            told[f"{part.name}_{name}"] = values
    image = refiner(
        torch.from_numpy(planes(picture)),
        torch.from_numpy(moved[:, :2]),
        no_teeth() if shown is None else torch.from_numpy(planes(shown[..., None])),
        *(torch.from_numpy(told[spec.name]) for spec in refiner.inputs),
    )
    in_graph = image.clamp(0, 1)[0].permute(1, 2, 0).numpy() * 255
    for part in parts_of(networks):  # so that agreeing is no accident
        window = part.window(moved, 160)
        x, y = int(window.x * 512), int(window.y * 512)
        assert np.abs(in_graph - picture)[y - 20 : y + 20, x - 20 : x + 20].max() > 15, part.name
    error = np.sqrt(np.mean((on_host - in_graph) ** 2))
    # OpenCV samples at 1/32 of a pixel and in 8 bits; 45 dB is 1.4 of 255.
    assert error < 1.4
    if shown is not None:
        without = host_refiner(networks, picture, points, style)(picture, moved)
        assert np.abs(without.astype(int) - on_host).max() > 10


def test_what_did_not_change_stays_as_it_was_warped(face) -> None:  # type: ignore[no-untyped-def]
    opened, shut = with_lip_gap(face, 0.3), with_lids(face, 0.3)
    for part, changed, other in ((MOUTH, opened, shut), (LEFT_EYE, shut, opened), (RIGHT_EYE, shut, opened)):
        network = small_network(part.network, 160)

        def gate(points, part=part, network=network):  # type: ignore[no-untyped-def]
            drawn = [part_rasters(these, part.window(these, 160), part, 160) for these in (points, face)]
            return network.gate(*(torch.from_numpy(rasters)[None] for rasters in drawn))

        assert gate(face).max() == 0, part.name
        assert gate(other).max() == 0, part.name
        assert gate(changed).max() > 0.9, part.name
    # It opens little by little, so that nothing jumps: no step of a slow opening is much of the whole.
    network = small_network("mouth", 160)
    gates = [gate(with_lip_gap(face, 0.3 * k / 60), MOUTH, network).sum() for k in range(61)]
    steps = np.diff(np.array([float(each) for each in gates]))
    assert np.abs(steps).max() < 0.15 * float(gates[-1])


def test_the_host_touches_only_the_windows(face) -> None:  # type: ignore[no-untyped-def]
    networks = both_networks()
    picture, points = draw_face(face), (face / 512).astype(np.float32)
    refine = host_refiner(networks, picture, points, random_style(networks))
    away = points + np.float32(3)  # the face has left the picture
    np.testing.assert_array_equal(refine(picture, away), picture)
    np.testing.assert_array_equal(refine(picture, points), picture)  # the portrait at rest
    kept = picture.copy()
    spoken = refine(picture, (with_lip_gap(face, 0.3) / 512).astype(np.float32))
    np.testing.assert_array_equal(picture, kept)  # what is given stays as it is
    y, _ = np.nonzero((spoken != picture).any(-1))
    assert y.size
    assert y.min() > face[1, 1]  # below the nose
