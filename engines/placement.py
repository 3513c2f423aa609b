"""Where onnxruntime puts every node of a graph, told by its own profile of one run.

A provider that lacks an operator leaves it to the CPU without a word: old builds did so with GridSample.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from livecam.engines.base import EngineError

log = logging.getLogger(__name__)

HEAVY: Final = ("Conv", "ConvTranspose", "GridSample", "Resize")
"""Operators that make a GPU pointless where they run on the CPU, fused with others or not."""


def placement(ort: Any, path: Path, providers: Sequence[Any], options: Any) -> dict[str, list[str]]:
    """Provider -> "GridSample sampled/GridSample", ... of the nodes that it ran, in the order of the run.

    Opens a session of its own with `options` (which it changes: profiling is switched on) and runs it once on
    zeros. Nodes that onnxruntime has folded away or fused into others do not appear.

    Raises:
        Exception: as onnxruntime raises.
    """
    with tempfile.TemporaryDirectory(prefix="livecam-placement-") as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = ort.InferenceSession(str(path), options, providers=list(providers))
        feeds = {
            node.name: np.zeros(node.shape, _DTYPES.get(node.type, np.float32))
            for node in session.get_inputs()
        }
        session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    return of_events(events)


def of_events(events: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The same from a profile that is there already."""
    found: dict[str, list[str]] = {}
    for event in events:
        told = event.get("args") or {}
        if event.get("cat") == "Node" and event.get("name", "").endswith("_kernel_time"):
            name = f"{told.get('op_name', '?')} {event['name'].removesuffix('_kernel_time')}"
            found.setdefault(str(told.get("provider", "?")), []).append(name)
    return found


def check(found: Mapping[str, Sequence[str]], wanted: str, graph: str) -> bool:
    """Whether every node runs on `wanted`. Says so in the log, with the names of the others where it is not.

    Raises:
        EngineError: one that does the work does not.
    """
    elsewhere = [name for provider, names in found.items() if provider != wanted for name in names]
    heavy = [name for name in elsewhere if name.removeprefix("Fused").startswith(HEAVY)]
    if heavy:
        raise EngineError(
            f"{graph}: onnxruntime leaves {', '.join(heavy[:3])} to the CPU. "
            "Install a newer onnxruntime-gpu, or choose the cpu engine"
        )
    here = len(found.get(wanted, ()))
    if elsewhere:
        names = ", ".join(elsewhere[:5])
        log.warning("%s: %d nodes on %s, %d elsewhere (%s)", graph, here, wanted, len(elsewhere), names)
    else:
        log.info("%s: all %d nodes on %s", graph, here, wanted)
    return not elsewhere


_DTYPES: Final = {
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
