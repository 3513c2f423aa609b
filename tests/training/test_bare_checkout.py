"""Training runs in a checkout that nobody has installed, as on a lent GPU machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bare(*words: str) -> subprocess.CompletedProcess[str]:
    """Python in the checkout, with the packages installed here but none of their .pth files (`-S`), one of
    which may say where livecam's folders lie."""
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(packages)}
    return subprocess.run(
        [sys.executable, "-S", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_there_is_no_installation() -> None:
    """Else the other tests say nothing."""
    done = bare("-c", "import livecam, livecam.engines")
    assert "No module named 'livecam.engines'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "training", "--help"],
        ["-m", "training.gpu", "--help"],
        [  # in one process, for torch takes seconds; the last three are all that a piece needs
            "-c",
            "from training import held_out; from livecam.export import quantise; "
            "import training.gpu, training.loop, training.pairs",
        ],
    ],
    ids=" ".join,
)
def test_a_checkout_is_enough(words: list[str]) -> None:
    done = bare(*words)
    assert done.returncode == 0, done.stderr
