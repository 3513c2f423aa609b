"""A frame here and a frame there: `python -m livecam.benchmarks.peers`.

FOMM's and LivePortrait's networks by the shapes of their layers, timed in turns with livecam's own renderer
and refiner in the same process: what counts is the ratio. Shape-equivalent stand-ins with random weights, in
PyTorch; their face detection, cropping and pasting is not counted, nor is livecam's tracking.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from livecam.benchmarks import command_line
from livecam.benchmarks.machine import describe
from livecam.benchmarks.peers.networks import Fomm, LivePortrait

WARM_UP: Final = 1


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to time: what it draws, and what it takes."""

    name: str
    size: int
    frame: Callable[[], Any]
    parameters: int | None = None
    multiplications: int | None = None


def multiplications(module: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds of the convolutions and linear layers of one call."""
    total = 0

    def count(layer: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal total
        weight = layer.weight
        assert isinstance(weight, Tensor)
        total += output.numel() * weight[0].numel()

    kinds = (nn.Conv2d, nn.Conv3d, nn.Linear)
    hooks = [layer.register_forward_hook(count) for layer in module.modules() if isinstance(layer, kinds)]
    with torch.inference_mode():
        module(*inputs)
    for hook in hooks:
        hook.remove()
    return total


def peers() -> list[Work]:
    """FOMM at 256 and LivePortrait at 512, with random weights."""
    torch.manual_seed(0)
    made = []
    for name, size, network, inputs in (
        ("FOMM", 256, Fomm(), (torch.rand(1, 3, 256, 256), torch.rand(1, 3, 256, 256))),
        ("LivePortrait", 512, LivePortrait(), (torch.rand(1, 32, 16, 64, 64), torch.rand(1, 3, 256, 256))),
    ):
        made.append(_work(name, size, network.eval(), *inputs))
    return made


def _work(name: str, size: int, network: nn.Module, *inputs: Tensor) -> Work:
    def frame() -> None:
        with torch.inference_mode():
            network(*inputs)

    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Work(name, size, frame, parameters, multiplications(network, *inputs))


class MouthAndEyes(nn.Module):
    """A frame of the refiner: one run for the mouth, two for the eyes."""

    def __init__(self) -> None:
        super().__init__()
        from livecam.model.repair import RepairNetwork, RepairShape

        self.mouth, self.eye = (RepairNetwork(RepairShape(name)) for name in ("mouth", "eye"))
        self.inputs = (*self.mouth.inputs, *self.eye.inputs)

    def forward(self, *inputs: Tensor) -> list[Tensor]:
        count = len(self.mouth.inputs)
        return [self.mouth(*inputs[:count]), *(self.eye(*inputs[count:]) for _ in range(2))]


def ours(size: int) -> list[Work]:
    """The renderer as it draws live on a CPU, and the refiner's networks alone, as where mouth and eyes
    move."""
    from livecam.finetune.own_pairs import unseen_expressions
    from livecam.generator.weights import find_weights
    from livecam.motion.transfer import MotionTransfer
    from livecam.persona.opening import open_persona
    from livecam.render.choose import make_renderer

    persona = open_persona(None, size)
    own = persona.landmarks
    renderer = make_renderer(persona, "cpu", find_weights() is not None)
    # Speaking with lids half shut: at rest no network runs.
    face, moved = (np.float32(size) * points for points in (own, unseen_expressions(own)[-1]))
    motion = MotionTransfer(own, face)(moved)
    label = "livecam, warp and refine" if find_weights() is not None else "livecam, warp"
    networks = MouthAndEyes().eval()
    inputs = [torch.rand(spec.shape) for spec in networks.inputs]
    refiner = _work("livecam's refiner in PyTorch", 160, networks, *inputs)
    return [Work(f"{label}, {size}", size, lambda: renderer.render(motion)), refiner]


def measure(works: Sequence[Work], frames: int, threads: int) -> list[dict[str, Any]]:
    """In turns, so that whatever else the machine does meets all alike. Medians of wall and CPU ms."""
    import cv2

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    times: dict[str, list[tuple[float, float]]] = {work.name: [] for work in works}
    for turn in range(WARM_UP + frames):
        for work in works:
            wall, cpu = time.perf_counter(), time.process_time()
            work.frame()
            if turn >= WARM_UP:
                spent = (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3
                times[work.name].append(spent)
    rows = []
    base = statistics.median(cpu for _, cpu in times[works[0].name])
    for work in works:
        wall_ms, cpu_ms = (statistics.median(column) for column in zip(*times[work.name], strict=True))
        rows.append(
            {
                "name": work.name,
                "size": work.size,
                "threads": threads,
                "wall_ms": round(wall_ms, 2),
                "cpu_ms": round(cpu_ms, 2),
                "cpu_ratio": round(cpu_ms / base, 1),
                "parameters": work.parameters,
                "multiply_adds": work.multiplications,
            }
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m livecam.benchmarks.peers", description="Peers' networks, timed."
    )
    parser.add_argument("--frames", type=command_line.count, default=5)
    parser.add_argument("--threads", type=command_line.count, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, metavar="FILE.json")
    options = parser.parse_args(arguments)
    works = [*ours(512), *peers()]
    rows = [row for threads in options.threads for row in measure(works, options.frames, threads)]
    header = f"{'':30}{'threads':>8}{'wall ms':>10}{'CPU ms':>10}{'ratio':>8}{'M params':>10}{'GMAC':>8}"
    print(header)
    for row in rows:
        millions = "" if row["parameters"] is None else f"{row['parameters'] / 1e6:.1f}"
        billions = "" if row["multiply_adds"] is None else f"{row['multiply_adds'] / 1e9:.1f}"
        print(
            f"{row['name']:30}{row['threads']:8}{row['wall_ms']:10.1f}{row['cpu_ms']:10.1f}"
            f"{row['cpu_ratio']:8.1f}{millions:>10}{billions:>8}"
        )
    print("Peers: shape-equivalent networks with random weights. Ratio: of CPU time to the first line's.")
    if options.json:
        report = {"machine": describe(), "frames": options.frames, "rows": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
