"""The one door to onnxruntime. Nothing else imports it: `tests/engines/test_onnx_runtime.py` sees to that.

onnxruntime 1.32 reports its use to Microsoft, with an id of the machine that it keeps in the user's cache
folder. The first report leaves about ten seconds after it is loaded. Only an environment variable stops that,
and only before: `onnxruntime.disable_telemetry_events()` comes too late. docs/network.md has the record.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Final

SILENCE: Final = {"ORT_DISABLE_TELEMETRY": "1"}
"""Read by onnxruntime while it is loaded; "0" and "" leave telemetry on."""

if "onnxruntime" in sys.modules and os.environ.get("ORT_DISABLE_TELEMETRY", "0") in ("", "0"):
    logging.getLogger(__name__).warning(
        "onnxruntime was loaded before livecam and may report its use over the network. "
        "Start the program with ORT_DISABLE_TELEMETRY=1 in its environment"
    )
os.environ.update(SILENCE)

import onnxruntime  # noqa: E402 - the variable must be set by now

__all__ = ["SILENCE", "onnxruntime", "quantization"]


def quantization() -> Any:
    """`onnxruntime.quantization`, which needs the onnx package and takes a while to import."""
    import onnxruntime.quantization

    return onnxruntime.quantization
