"""The refiner's training and the rendered people it learns from: in the repository, not in what is installed.

A checkout is enough to train (a lent GPU machine has no more): an installation puts the folders engines,
export and benchmarks into `livecam`; where there is none they are looked for beside this one.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import livecam

if find_spec("livecam.engines") is None:
    livecam.__path__.append(str(Path(__file__).parent.parent))
