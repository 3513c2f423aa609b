"""livecam here, the device in the guest: the whole measurement for a moment. No speed is asserted."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from livecam.benchmarks.glass_to_glass import command as glass_to_glass
from livecam.benchmarks.glass_to_glass import measure, relay_host

pytestmark = pytest.mark.slow


def test_pictures_go_from_here_to_a_reader_in_the_guest(guest, monkeypatch, tmp_path):
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    out = tmp_path / "figures.json"
    monkeypatch.setattr(measure, "WARM_UP_S", 0.5)
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        monkeypatch.setattr(relay_host, "MEMORY", Path(folder))
        arguments = [
            "--device-in-guest",
            "--rates",
            "30",
            "--seconds",
            "20",
            "--no-refine",
            "--json",
            str(out),
        ]
        assert glass_to_glass.main(arguments) == 0
        assert list(Path(folder).iterdir()) == []
    (row,) = json.loads(out.read_text())["runs"]
    assert row["frames"] > 3  # of about 600; a busy machine draws fewer
    assert row["black"] == 0
    # A reader that fell behind may meet a buffer that is just being written anew.
    assert row["reordered"] == 0 or row["dropped"] > 0
    assert row["unreadable"] <= row["pictures"] // 2
    assert min(row["latencies_ms"]) > 0
    relay = row["relay"]
    assert relay["pictures"] > 3
    assert relay["smallest_pickup_ms"] >= -relay["clock_uncertainty_ms"]  # the clocks are brought together
