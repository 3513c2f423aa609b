"""From the path of an ONNX graph to an engine that runs: kept, or built and checked first."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from livecam.engines.base import EngineError
from livecam.engines.trt import building, cache, checks, library
from livecam.engines.trt.building import Progress
from livecam.engines.trt.cache import Machine, Unusable
from livecam.engines.trt.checks import Samples
from livecam.engines.trt.cuda import Cuda
from livecam.engines.trt.engine import NotLoaded, TensorRtEngine

log = logging.getLogger(__name__)

FOLDER: Final = "tensorrt"
"""Beside the graphs."""
HALF: Final = "-fp16"


def half_graph(path: Path) -> Path:
    """The FP16 graph that belongs to `path`, or `path` where it is one.

    Raises:
        EngineError: there is none.
    """
    half = path if path.stem.endswith(HALF) else path.with_name(f"{path.stem}{HALF}{path.suffix}")
    if not half.is_file():
        raise EngineError(
            f"{half}: no such file. TensorRT takes its precision from the graph: write it with "
            "python -m livecam.export --half --out DIR"
        )
    return half


def open_tensorrt(
    path: str | Path,
    *,
    folder: Path | None = None,
    samples: Samples | None = None,
    progress: Progress | None = None,
    force: bool = False,
    build: bool = True,
) -> TensorRtEngine:
    """`path`: an ONNX graph; its half-precision sister is taken. `folder` keeps engines (default: tensorrt
    beside the graph). `samples`: inputs to compare on after a build, else noise. `force`: build anew.
    `build`: may it take minutes? Else only an engine that is there already is opened.

    Raises:
        EngineError: no TensorRT, GPU, graph or memory; the build failed; or the engine is not to be trusted.
    """
    tensorrt = library.load()
    graph = half_graph(Path(path))
    folder = folder or graph.parent / FOLDER
    content = graph.read_bytes()
    logger = library.make_logger(tensorrt)
    machine = this_machine(tensorrt)
    key = machine.key(content)
    kept = cache.engine_path(folder, graph.stem, key)
    if not force:
        try:
            return TensorRtEngine(tensorrt, logger, cache.read(kept, key), graph.name)
        except Unusable as reason:
            log.info("%s is built: %s", kept.name, reason)
            if kept.exists():
                log.warning("%s cannot be used (%s); it is built anew", kept, reason)
        except NotLoaded as error:
            log.warning("%s It is built anew", error)
    if not build:
        raise EngineError(
            f"tensorrt: no engine for {graph.name} is built on this machine. "
            "Run: livecam build --engine tensorrt"
        )
    return _build(tensorrt, logger, graph, content, machine, kept, samples, progress)


def this_machine(tensorrt: Any) -> Machine:
    """Raises `EngineError` where there is no GPU."""
    with Cuda() as cuda:
        return Machine(
            str(tensorrt.__version__), cuda.version(), cuda.driver(), cuda.gpu(), flags=building.FLAGS
        )


def _build(
    tensorrt: Any,
    logger: Any,
    graph: Path,
    content: bytes,
    machine: Machine,
    kept: Path,
    samples: Samples | None,
    progress: Progress | None,
) -> TensorRtEngine:
    times = cache.timing_path(kept.parent, machine.key())
    try:
        timings = cache.read(times, machine.key())
    except Unusable:
        timings = b""
    built = building.build(tensorrt, logger, content, graph.name, timings, progress)
    engine = TensorRtEngine(tensorrt, logger, built.engine, graph.name)
    try:
        checks.check_half(engine.information(), built.half_convolutions, built.full_convolutions, graph.name)
        checks.check_pictures(engine, graph, samples)
        _keep(kept, machine.key(content), built.engine)
        if built.timings:
            _keep(times, machine.key(), built.timings)
        cache.tidy(kept.parent, graph.stem, [kept])
    except BaseException:
        engine.close()
        raise
    return engine


def _keep(path: Path, key: str, content: bytes) -> None:
    """A full disk costs the next start a build, not this run its engine."""
    try:
        cache.write(path, key, content)
    except OSError as error:
        log.warning("%s cannot be kept (%s); the next start builds it again", path, error)
