"""The tensorrt module itself: found, new enough, and its words passed on to `logging`."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from livecam.engines.base import EngineError

log = logging.getLogger(__name__)

OLDEST: Final = (10, 9)
"""Strong typing, named weights and the refitter of ONNX graphs are as they are here from this version on."""


def load() -> Any:
    """The module.

    Raises:
        EngineError: it is not installed, its libraries do not load, or it is too old.
    """
    try:
        import tensorrt
    except ImportError as error:
        raise EngineError(
            f"tensorrt: it cannot be imported ({error}). Install livecam with the tensorrt extra, "
            "see docs/engines.md, or choose another engine"
        ) from error
    except Exception as error:  # its package loads libraries and raises what it likes
        raise EngineError(
            f"tensorrt: its libraries do not load ({_first_line(error)}). "
            "They come from NVIDIA's own package index: see docs/engines.md, or choose another engine"
        ) from error
    if version(tensorrt) < OLDEST:
        raise EngineError(
            f"tensorrt {tensorrt.__version__}: too old. Install 10.9 or newer, or choose another engine"
        )
    return tensorrt


def version(tensorrt: Any) -> tuple[int, ...]:
    """(10, 9, 0, 34) of "10.9.0.34"."""
    return tuple(int(number) for number in re.findall(r"\d+", str(tensorrt.__version__))[:4])


def make_logger(tensorrt: Any) -> Any:
    """An `ILogger` that hands TensorRT's messages to `logging` and keeps its last error in `last_error`."""

    class Logger(tensorrt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            tensorrt.ILogger.__init__(self)
            self.last_error = ""

        def log(self, severity: Any, msg: str) -> None:
            if severity in (tensorrt.ILogger.INTERNAL_ERROR, tensorrt.ILogger.ERROR):
                self.last_error = msg.strip()
                log.error("TensorRT: %s", msg)
            elif severity == tensorrt.ILogger.WARNING:
                log.warning("TensorRT: %s", msg)
            else:
                log.debug("TensorRT: %s", msg)

    return Logger()


def why(logger: Any) -> str:
    """The last error's first line, for a message of our own; TensorRT itself only says that it failed."""
    lines = str(logger.last_error).splitlines()
    return lines[0].rstrip(".") if lines else "TensorRT does not say why"


def parser_errors(parser: Any) -> str:
    """What an `OnnxParser` or `OnnxParserRefitter` did not like, the first three."""
    found = [str(parser.get_error(index).desc()).strip() for index in range(min(parser.num_errors, 3))]
    return "; ".join(found).rstrip(".") or "the parser does not say why"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
