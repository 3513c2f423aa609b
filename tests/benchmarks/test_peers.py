"""The peers' networks have the sizes that are published; nothing is said of speed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from livecam.benchmarks.peers import command as peers
from livecam.benchmarks.peers.networks import Fomm, LivePortrait


def millions(module: nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


def test_parameters_are_those_of_the_originals() -> None:
    """FOMM: 14.2 M for the detector, 45.6 M for the rest. LivePortrait's own list: 28.12, 45.53, 55.37 M."""
    fomm, live = Fomm(), LivePortrait()
    detector = millions(fomm.detector) + millions(fomm.heat) + millions(fomm.jacobian)
    assert detector == pytest.approx(14.2, rel=0.01)
    assert millions(fomm) == pytest.approx(59.8, rel=0.01)
    assert millions(live.extractor) == pytest.approx(28.12, rel=0.01)
    parts = (live.compress, live.motion, live.mask, live.occlusion, live.third, live.fourth)
    warping = sum(millions(part) for part in parts)
    assert warping == pytest.approx(45.53, rel=0.01)
    assert millions(live) - millions(live.extractor) - warping == pytest.approx(55.37, rel=0.01)


def test_multiplications_are_counted_as_by_hand() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=8))
    by_hand = 16 * 16 * (8 * 3 * 9 + 8 * 9)
    assert peers.multiplications(module, torch.zeros(1, 3, 16, 16)) == by_hand
    assert peers.multiplications(nn.Linear(5, 7), torch.zeros(2, 5)) == 70
    assert not module[0]._forward_hooks  # and leaves no trace


def test_things_are_timed_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    works = [
        peers.Work("ours", 512, lambda: order.append("ours")),
        peers.Work("theirs", 256, lambda: order.append("theirs"), 10, 20),
    ]
    monkeypatch.setattr(peers, "ours", lambda size: works[:1])
    monkeypatch.setattr(peers, "peers", lambda: works[1:])
    before = torch.get_num_threads()
    assert peers.main(["--frames", "2", "--threads", "1", "--json", str(tmp_path / "peers.json")]) == 0
    torch.set_num_threads(before)
    assert order == ["ours", "theirs"] * 3  # one to warm up
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert [row["name"] for row in rows] == ["ours", "theirs"]
    assert rows[1]["multiply_adds"] == 20
