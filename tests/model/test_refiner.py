"""The refiner: starts as the identity, changes nothing away from mouth and eyes, fits the generator and
ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from faces import draw_face, turned, with_lids, with_lip_gap
from torch import nn

from livecam.engines import open_engine
from livecam.export import samples
from livecam.export.generator import export_generator
from livecam.export.half import to_half
from livecam.generator.alignment import face_square
from livecam.generator.inputs import persona_specs, planes
from livecam.generator.layout import MOUTH
from livecam.model.generator import Generator
from livecam.model.light import USUAL_BLUE, correction_trust
from livecam.model.paper import PaperNetwork, PaperShape
from livecam.model.refiner import CropNetwork, FaceRefiner
from livecam.model.repair import Quarters, RepairNetwork, RepairShape
from livecam.render.cpu.rasters import draw_rasters
from livecam.render.cpu.refiner import CpuRefiner

SMALL = RepairShape(size=64, widths=(8, 8, 16, 16), deep=1, head=8)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def trained(network: CropNetwork) -> CropNetwork:
    """As if trained: every weight random, so that every layer has a say."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    return network.eval()


def inputs_of(network: CropNetwork, batch: int = 1) -> list[torch.Tensor]:
    return [torch.rand(batch, *spec.shape[1:]) for spec in network.inputs]


def test_size_and_cost_are_within_bounds() -> None:
    """6 M parameters and 1.5 GMAC a frame are the most; multiplications are counted in convolutions."""
    network = RepairNetwork()
    macs = 0

    def count(module: nn.Module, given: object, result: torch.Tensor) -> None:
        nonlocal macs
        assert isinstance(module, nn.Conv2d)
        macs += module.weight.numel() * result.shape[2] * result.shape[3]

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(*inputs_of(network))
    assert sum(parameter.numel() for parameter in network.parameters()) < 6e6
    assert 0 < macs < 1.5e9


def test_four_pixels_to_one_place_is_what_the_library_does() -> None:
    picture = torch.rand(2, 3, 12, 8)
    torch.testing.assert_close(Quarters()(picture), F.pixel_unshuffle(picture, 2), rtol=0, atol=0)


def test_starts_as_the_identity() -> None:
    network = RepairNetwork(SMALL)
    assert network(*inputs_of(network, 2)).abs().max() == 0


def test_gradients_reach_every_weight_after_the_first_step() -> None:
    """Zero weights at the start must not stay zero: one step opens the last layer, the next reaches the
    rest."""
    network = RepairNetwork(SMALL)
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    inputs = inputs_of(network, 2)
    inputs[1][:] = 1  # all inside: the gate is open
    for _ in range(3):
        optimiser.zero_grad()
        (network(*inputs) - torch.rand(2, 3, 64, 64)).square().mean().backward()
        optimiser.step()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_the_style_matters() -> None:
    network = trained(RepairNetwork(SMALL))
    inputs = inputs_of(network)
    inputs[1][:] = 1
    first = network(*inputs)
    inputs[4] = inputs[4] + 1
    assert (network(*inputs) - first).abs().max() > 1e-3


def test_a_yellowed_face_is_repaired_in_its_own_light() -> None:
    """As it is in a usual light, then yellowed and dimmed as it is; inside the mouth less of it."""
    network = trained(RepairNetwork(SMALL))
    crop, rasters, source, source_rasters, style = inputs_of(network)
    source[:, 2] *= USUAL_BLUE / (3 - USUAL_BLUE) * source[:, :2].sum() / source[:, 2].sum()
    varnish = torch.tensor([0.5, 0.5, 0.25]).reshape(1, 3, 1, 1)
    plain = network(crop, rasters, source, source_rasters, style)
    yellowed = network(crop * varnish, rasters, source * varnish, source_rasters, style)
    assert plain.abs().max() > 0.01
    share = correction_trust(source * varnish, rasters[:, MOUTH : MOUTH + 1])
    assert share.min() < 0.5
    torch.testing.assert_close(yellowed, plain * varnish * share, rtol=1e-4, atol=1e-5)


def test_confined_to_mouth_and_eyes_whatever_the_weights(face) -> None:  # type: ignore[no-untyped-def]
    points = torch.from_numpy(turned(with_lip_gap(face, 0.3), 15, 0, 8) / 512)
    network = trained(RepairNetwork(SMALL))
    refiner = FaceRefiner(network, 512)
    picture = torch.rand(1, 3, 512, 512)
    extra = [torch.rand(spec.shape) for spec in refiner.inputs]
    changed = (refiner(picture, points[:, :2], *extra) - picture).abs().amax(1)[0].detach().numpy() > 0
    rasters = draw_rasters(points.numpy(), face_square(points.numpy()))
    assert changed.any()
    y, x = np.nonzero(changed)
    pixels = points.numpy() * 512
    for name in (1, 10, 152, 234, 454, 4, 205, 425):  # nose, forehead, chin, ears, cheeks
        px, py = pixels[name, :2]
        assert np.hypot(x - px, y - py).min() > 3, name
    # The gate's area, as a share of the face's oval, is small: about a third.
    assert changed.sum() < 0.4 * np.ptp(pixels[:468, 0]) * np.ptp(pixels[:468, 1])
    assert rasters.shape[0] == 5


def test_fits_the_generator() -> None:
    network = trained(RepairNetwork(SMALL))
    generator = Generator(64, FaceRefiner(network, 64))
    sample = samples.figure_sample(64, 0)
    names = [spec.name for spec in generator.inputs]
    assert names[-3:] == ["refiner_source", "refiner_source_rasters", "refiner_style"]
    feeds = [torch.from_numpy(array) for array in sample.feeds().values()]
    extra = [torch.rand(spec.shape) for spec in network.inputs[2:]]
    picture = generator(*feeds, *extra)
    assert picture.shape == (1, 3, 64, 64)
    assert not torch.equal(picture, Generator(64)(*feeds))


@pytest.mark.slow  # 15 s; `test_refined_export` holds the command that compares both, which says so
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_generator_with_it_exports_and_agrees(tmp_path: Path) -> None:
    generator = Generator(64, FaceRefiner(trained(RepairNetwork(SMALL)), 64)).eval()
    model = export_generator(generator, tmp_path / "graph.onnx")
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    feeds = dict(samples.figure_sample(64, 0).feeds())
    rng = np.random.default_rng(0)
    feeds |= {spec.name: rng.random(spec.shape, np.float32) for spec in generator.inputs[-3:]}
    engine = open_engine("cpu", tmp_path / "graph.onnx", threads=1)
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    # A quarter of one of 255 steps, as for the graph without a refiner.
    np.testing.assert_allclose(engine.run(feeds)["image"], reference.run(feeds)["image"], rtol=0, atol=1e-3)

    pictures = [*(spec.name for spec in persona_specs(64)), "refiner_source"]
    onnx.save(to_half(model, pictures), tmp_path / "half.onnx")
    half = open_engine("cpu", tmp_path / "half.onnx", threads=1)
    # FP16 has 3 digits, and some ten layers lie behind one another; measured 79 dB at 256.
    np.testing.assert_allclose(half.run(feeds)["image"], reference.run(feeds)["image"], rtol=0, atol=2e-2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_alone_on_the_crop_it_exports_too(tmp_path: Path) -> None:
    network = trained(RepairNetwork(SMALL))
    path = tmp_path / "refiner.onnx"
    names = [spec.name for spec in network.inputs]
    arguments = tuple(inputs_of(network))
    torch.onnx.export(
        network,
        arguments,
        str(path),
        input_names=names,
        output_names=["correction"],
        opset_version=17,
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(path), full_check=True)
    engine = open_engine("cpu", path, threads=1)
    assert engine.inputs == network.inputs
    given = engine.run({name: value.numpy() for name, value in zip(names, arguments, strict=True)})[
        "correction"
    ]
    np.testing.assert_allclose(given, network(*arguments).detach().numpy(), rtol=0, atol=1e-4)


def test_host_and_graph_draw_the_same(face) -> None:  # type: ignore[no-untyped-def]
    """The CPU's way (cv2, crop engine, paste) against the graph's, on a drawn face."""
    points = (with_lip_gap(face, 0.3) / 512).astype(np.float32)
    moved = (turned(with_lip_gap(face, 0.4), 10, 3, 7) / 512).astype(np.float32)
    network = trained(RepairNetwork(RepairShape(size=160, widths=(8, 8, 16, 16), deep=1, head=8)))
    picture = draw_face(face)
    style = np.random.default_rng(0).normal(0, 0.3, (1, network.style_size)).astype(np.float32)
    engine = open_engine("torch", module=network, inputs=network.inputs, outputs=network.outputs)
    host = CpuRefiner(engine, picture, points, style)
    on_host = host(picture, moved)

    refiner = FaceRefiner(network, 512)
    source = [torch.from_numpy(values) for values in host_inputs(picture, points)]
    with torch.no_grad():
        image = refiner(
            torch.from_numpy(planes(picture)),
            torch.from_numpy(moved[:, :2]),
            *source,
            torch.from_numpy(style),
        )
    in_graph = image.clamp(0, 1)[0].permute(1, 2, 0).numpy() * 255
    change = np.abs(in_graph - picture).max()
    assert change > 20  # so that agreeing is no accident
    error = np.sqrt(np.mean((on_host - in_graph) ** 2))
    # OpenCV samples at 1/32 of a pixel and in 8 bits; 45 dB is 1.4 of 255.
    assert error < 1.4


def host_inputs(picture: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from livecam.generator import alignment

    square = face_square(points)
    return planes(alignment.cut(picture, square)), draw_rasters(points, square)[None]


def test_what_did_not_change_stays_as_it_was_warped(face) -> None:  # type: ignore[no-untyped-def]
    network = trained(RepairNetwork(RepairShape(160, (8, 8, 16, 16), 1, 4)))
    inputs = inputs_of(network)

    def rasters(points):  # type: ignore[no-untyped-def]
        return torch.from_numpy(draw_rasters(points, face_square(points)))[None]

    inputs[1] = inputs[3] = rasters(face)
    assert network(*inputs).abs().max() == 0
    inputs[1] = rasters(with_lids(face, 0.3))
    eyes_only = network(*inputs).abs().amax((0, 1))
    assert eyes_only[:80].max() > 0
    assert eyes_only[100:].max() == 0
    inputs[1] = rasters(with_lip_gap(face, 0.3))
    mouth_only = network(*inputs).abs().amax((0, 1))
    assert mouth_only[100:].max() > 0
    assert mouth_only[:70].max() == 0
    # It opens little by little, so that nothing jumps: no step of a slow opening is much of the whole.
    gates = [network.gate(rasters(with_lip_gap(face, 0.3 * k / 60)), inputs[3]).sum() for k in range(61)]
    steps = np.diff(np.array([float(gate) for gate in gates]))
    assert np.abs(steps).max() < 0.15 * float(gates[-1])


def test_the_host_touches_only_the_square(face) -> None:  # type: ignore[no-untyped-def]
    network = trained(RepairNetwork(SMALL))
    engine = open_engine("torch", module=network, inputs=network.inputs, outputs=network.outputs)
    picture, points = draw_face(face), (face / 512).astype(np.float32)
    refine = CpuRefiner(engine, picture, points, np.zeros((1, network.style_size), np.float32))
    away = points + np.float32(3)  # the face has left the picture
    np.testing.assert_array_equal(refine(picture, away), picture)
    np.testing.assert_array_equal(refine(picture, points), picture)  # the portrait at rest
    assert (refine(picture, (with_lip_gap(face, 0.3) / 512).astype(np.float32)) != picture).any()


@pytest.mark.parametrize("confined", [True, False])
def test_the_papers_generator_draws_without_the_warped_picture(confined: bool) -> None:
    network = trained(PaperNetwork(PaperShape(64, (8, 8, 16, 16), 1, confined)))
    inputs = inputs_of(network)
    inputs[1] = inputs[1] * 4 - 3  # outside, here and there inside
    gate = network.gate(inputs[1], inputs[3])
    first = inputs[0] * gate + network(*inputs)
    inputs[0] = torch.rand_like(inputs[0])
    second = inputs[0] * gate + network(*inputs)
    # What is laid over the warped picture does not depend on it.
    torch.testing.assert_close(first, second, rtol=0, atol=1e-5)
    assert (gate.min() == 0) == confined
