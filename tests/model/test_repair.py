"""The network of a mouth or an eye: starts as the identity, learns everywhere, keeps the picture's light, and
cannot paint over teeth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from crop_networks import inputs_of, small_network, small_shape, trained
from torch import nn

from livecam.engines import open_engine
from livecam.export.onnx_graph import to_onnx
from livecam.generator.layout import MOUTH
from livecam.model.light import USUAL_BLUE, colourfulness, correction_trust
from livecam.model.paper import PaperNetwork, PaperShape
from livecam.model.repair import MOST_SHADE, MOST_TINT, Quarters, RepairNetwork, RepairShape

NETWORKS = ("mouth", "eye")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def multiplications(network: nn.Module, inputs: dict[str, torch.Tensor]) -> int:
    """Of one run, counted in convolutions."""
    found = 0

    def count(module: nn.Module, given: object, result: torch.Tensor) -> None:
        nonlocal found
        assert isinstance(module, nn.Conv2d)
        found += module.weight.numel() * result.shape[2] * result.shape[3]

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(*inputs.values())
    return found


def test_size_and_cost_are_within_bounds() -> None:
    """6 M parameters and .8 GMAC a frame, in which both eyes move, are the most."""
    mouth, eye = (RepairNetwork(RepairShape(name)) for name in NETWORKS)
    macs = multiplications(mouth, inputs_of(mouth)) + 2 * multiplications(eye, inputs_of(eye))
    assert sum(p.numel() for network in (mouth, eye) for p in network.parameters()) < 6e6
    assert 0 < macs < 0.8e9


def test_four_pixels_to_one_place_is_what_the_library_does() -> None:
    picture = torch.rand(2, 3, 12, 8)
    torch.testing.assert_close(Quarters()(picture), F.pixel_unshuffle(picture, 2), rtol=0, atol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_starts_as_the_identity(name: str) -> None:
    network = RepairNetwork(small_shape(name))
    assert network(*inputs_of(network, 2).values()).abs().max() == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_every_weight_after_the_first_step(name: str) -> None:
    """Zero weights at the start must not stay zero: one step opens the last layer, the next reaches the
    rest."""
    network = RepairNetwork(small_shape(name))
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    inputs = inputs_of(network, 2)
    inputs["rasters"][:] = 1  # all inside: the gate is open
    truth = torch.rand_like(inputs["crop"])
    for _ in range(3):
        optimiser.zero_grad()
        (network(*inputs.values()) - truth).square().mean().backward()
        optimiser.step()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().max() > 0, key


@pytest.mark.parametrize("name", NETWORKS)
def test_the_style_matters(name: str) -> None:
    network = small_network(name)
    inputs = inputs_of(network)
    inputs["rasters"][:] = 1
    first = network(*inputs.values())
    inputs["style"] = inputs["style"] + 1
    assert (network(*inputs.values()) - first).abs().max() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_a_yellowed_face_is_repaired_in_its_own_light(name: str) -> None:
    """As it is in a usual light, then yellowed and dimmed as it is; inside the mouth less of it."""
    network = small_network(name)
    inputs = inputs_of(network)
    in_usual_light(inputs)
    varnish = torch.tensor([0.5, 0.5, 0.25]).reshape(1, 3, 1, 1)
    plain = network(*inputs.values())
    share = correction_trust(inputs["source"] * varnish, inputs["rasters"][:, MOUTH : MOUTH + 1])
    aged = inputs | {part: inputs[part] * varnish for part in ("crop", "source")}
    assert plain.abs().max() > 0.01
    assert share.min() < 0.5
    torch.testing.assert_close(network(*aged.values()), plain * varnish * share, rtol=1e-4, atol=1e-5)


def in_usual_light(inputs: dict[str, torch.Tensor]) -> None:
    """Gives the portrait as much blue as faces have in daylight."""
    source = inputs["source"]
    source[:, 2] *= USUAL_BLUE / (3 - USUAL_BLUE) * source[:, :2].sum() / source[:, 2].sum()
    assert colourfulness(source).min() == 1


@pytest.mark.parametrize("seed", range(5))
def test_teeth_are_shaded_and_never_painted_over(seed: int) -> None:
    """Whatever the weights: what is added to a tooth is the tooth itself times a field an eighth as fine as
    the crop, of `MOST_SHADE` and `MOST_TINT` at most, so that edges stay where they are."""
    torch.manual_seed(seed)
    network = small_network("mouth", 160)
    inputs = inputs_of(network)
    in_usual_light(inputs)
    inputs["crop"] = inputs["crop"] * 0.9 + 0.1  # what is black tells nothing of its shade
    across, down = network.pixels[0] // 8, network.pixels[1] // 8
    cells = torch.eye(across * down).reshape(-1, 1, down, across)
    smooth = F.interpolate(cells, size=network.pixels[::-1], mode="bilinear").flatten(1).T.double()

    def share_not_smooth() -> float:
        added, mask = network.parts(**inputs)
        field = (added / inputs["crop"])[0].flatten(1).T.double()  # (H W, 3)
        left = field - smooth @ torch.linalg.lstsq(smooth, field).solution
        if inputs["teeth"].min() == 1:
            assert mask.abs().max() == 0  # nothing is painted anew
            assert field.abs().max() <= MOST_SHADE + MOST_TINT + 1e-6
            assert field.abs().max() > 0.01  # but something is done
        return float(left.abs().max() / field.abs().max())

    inputs["teeth"][:] = 1
    assert share_not_smooth() < 1e-4  # roundings of FP32
    inputs["teeth"][:] = 0
    assert share_not_smooth() > 0.1  # elsewhere it paints


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_alone_on_the_crop_it_exports(name: str, tmp_path: Path) -> None:
    network = small_network(name)
    path = tmp_path / f"{name}.onnx"
    onnx.save(to_onnx(network, network.inputs, network.outputs, name), path)
    engine = open_engine("cpu", path, threads=1)
    assert engine.inputs == network.inputs
    inputs = inputs_of(network)
    given = engine.run({key: value.numpy() for key, value in inputs.items()})["correction"]
    np.testing.assert_allclose(given, network(*inputs.values()), rtol=0, atol=1e-4)


@pytest.mark.parametrize("confined", [True, False])
def test_the_papers_generator_draws_without_the_warped_picture(confined: bool) -> None:
    network = trained(PaperNetwork(PaperShape(64, (8, 8, 16, 16), 1, confined)))
    inputs = inputs_of(network)
    inputs["rasters"] = inputs["rasters"] * 4 - 3  # outside, here and there inside
    gate = network.gate(inputs["rasters"], inputs["source_rasters"])
    first = inputs["crop"] * gate + network(*inputs.values())
    inputs["crop"] = torch.rand_like(inputs["crop"])
    second = inputs["crop"] * gate + network(*inputs.values())
    # What is laid over the warped picture does not depend on it.
    torch.testing.assert_close(first, second, rtol=0, atol=1e-5)
    assert (gate.min() == 0) == confined
