"""Uses each package with native code for a while where attempts to reach a network are written down.

    python tests/network/packages.py FOLDER [NAME...]     prints the table of docs/network.md

Every package is used in a process of its own with an empty home folder. The record of each is in FOLDER/NAME.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import watch

from livecam import assets, folders

HERE = Path(__file__).parent
TESTS = HERE.parent
SECONDS = 20
"""Of use; onnxruntime 1.32 with its telemetry on turns to the network after ten."""
PAUSE = 0.1
"""Seconds between two uses: it is the time that counts, not the work."""
DRIVER = str(assets.bundled_file(assets.DRIVER))
PORTRAIT = str(assets.bundled_file("portrait.jpg"))
Use = Callable[[], object]
_SERVERS = contextlib.ExitStack()
"""Kept until the process ends."""


def av(folder: Path) -> Use:
    """decodes the bundled clip, encodes H.264"""
    import av

    def use() -> None:
        with av.open(DRIVER) as source, av.open(str(folder / "film.mp4"), "w") as film:
            stream = film.add_stream("h264", rate=25)
            stream.width, stream.height = source.streams.video[0].width, source.streams.video[0].height
            for _, frame in zip(range(10), source.decode(video=0), strict=False):
                film.mux(stream.encode(frame.reformat(format="yuv420p")))
            film.mux(stream.encode())

    return use


def mediapipe(folder: Path) -> Use:
    """tracks, finds and masks a face"""
    from livecam.face.detector import find_faces
    from livecam.face.segmenter import person_mask
    from livecam.face.tracker import FaceTracker

    picture, tracker = _picture(), FaceTracker()
    return lambda: (
        tracker.track(picture, time.monotonic_ns()),
        find_faces(picture),
        person_mask(picture),
    )


def numba(folder: Path) -> Use:
    """compiles (llvmlite) and runs"""
    import numba

    def use() -> None:
        square = numba.njit(lambda a: (a * a).sum())
        square(np.ones(100))

    return use


def numpy(folder: Path) -> Use:
    """matrix products and solutions"""
    return lambda: np.linalg.solve(np.random.rand(99, 99), np.random.rand(99))


def onnxruntime(folder: Path) -> Use:
    """opens and runs one of the refiner's networks, as livecam does"""
    from livecam.engines import open_engine

    def use() -> None:
        engine = open_engine("cpu", assets.bundled_file("refiner/mouth.onnx"))
        engine.run({spec.name: np.zeros(spec.shape, spec.dtype) for spec in engine.inputs})
        engine.close()

    return use


def opencv_python_headless(folder: Path) -> Use:
    """decodes a clip, looks for a webcam, remaps, writes JPEG"""
    import cv2

    def use() -> None:
        _, frame = cv2.VideoCapture(DRIVER).read()
        cv2.VideoCapture(0).release()
        where = np.zeros((64, 64), np.float32)
        cv2.remap(frame, where, where, cv2.INTER_LINEAR)
        cv2.imwrite(str(folder / "frame.jpg"), frame)

    return use


def pillow(folder: Path) -> Use:
    """reads a portrait, writes it as PNG"""
    from PIL import Image

    return lambda: Image.open(PORTRAIT).save(folder / "portrait.png")


def pyvirtualcam(folder: Path) -> Use:
    """loaded, and asked for a camera; no device here"""
    import pyvirtualcam

    def use() -> None:
        with contextlib.suppress(RuntimeError):
            pyvirtualcam.Camera(1280, 720, 30).close()

    return use


def safetensors(folder: Path) -> Use:
    """writes and reads tensors"""
    from safetensors.numpy import load_file, save_file

    def use() -> None:
        save_file({"a": np.ones(100)}, folder / "a.safetensors")
        load_file(folder / "a.safetensors")

    return use


def uvicorn(folder: Path) -> Use:
    """serves the page (starlette, websockets) to a client on the loopback (httpx)"""
    import httpx
    from websockets.sync.client import connect

    from livecam.frames import OutputFrame
    from livecam.sinks import SinkFormat
    from livecam.web.server import Page

    page = Page()
    page.start()
    page.sink.open(SinkFormat(32, 16, 30))

    def use() -> object:
        httpx.get(page.url, trust_env=False).raise_for_status()
        with connect(page.url.replace("http:", "ws:") + "pictures", proxy=None) as viewer:
            numbers = itertools.count(1)
            while True:
                page.sink.write(OutputFrame(np.zeros((16, 32, 3), np.uint8), next(numbers), 0))
                with contextlib.suppress(TimeoutError):  # the page may not know its viewer yet
                    return viewer.recv(timeout=1)

    return use


def torch(folder: Path) -> Use:
    """trains one convolution"""
    import torch

    layer = torch.nn.Conv2d(3, 3, 3)
    steps = torch.optim.AdamW(layer.parameters())

    def use() -> None:
        layer(torch.rand(1, 3, 64, 64)).mean().backward()
        steps.step()

    return use


def accelerate(folder: Path) -> Use:
    """trains one layer (huggingface_hub, hf_xet and psutil come with it)"""
    import torch
    from accelerate import Accelerator

    helper = Accelerator(cpu=True)
    layer = torch.nn.Linear(8, 8)
    layer, steps = helper.prepare(layer, torch.optim.AdamW(layer.parameters()))

    def use() -> None:
        helper.backward(layer(torch.rand(1, 8)).mean())
        steps.step()

    return use


def moderngl(folder: Path) -> Use:
    """draws off screen, on EGL (glcontext)"""
    from training.heads.gpu import create_context

    context = create_context()
    target = context.simple_framebuffer((64, 64))

    def use() -> None:
        target.clear(1.0, 0.0, 0.0)
        target.read()

    return use


def onnx(folder: Path) -> Use:
    """writes, checks and reads a graph (ml_dtypes)"""
    import onnx
    from small_graph import write_graph

    return lambda: onnx.checker.check_model(onnx.load(write_graph(folder / "small.onnx")), full_check=True)


def onnxscript(folder: Path) -> Use:
    """torch.onnx.export with its optimiser"""
    import torch

    layer, given = torch.nn.Conv2d(3, 3, 3).eval(), (torch.rand(1, 3, 8, 8),)
    return lambda: torch.onnx.export(layer, given, folder / "conv.onnx", dynamo=True, verbose=False)


def scipy(folder: Path) -> Use:
    """nearest neighbours and filters"""
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    points = np.random.rand(1000, 3)
    return lambda: (cKDTree(points).query(points), gaussian_filter(points, 1))


def matplotlib(folder: Path) -> Use:
    """draws a chart"""
    from matplotlib.figure import Figure

    def use() -> None:
        figure = Figure()
        figure.subplots().plot([1, 2, 1])
        figure.savefig(folder / "chart.png")

    return use


def tritonclient(folder: Path) -> Use:
    """asks servers on the loopback over gRPC (grpcio) and HTTP (gevent)"""
    import standin_triton
    from small_graph import write_graph

    from livecam.engines import open_engine

    graph = write_graph(folder / "small.onnx", half=False)
    feeds = dict.fromkeys(("picture", "style"), np.ones((1, 1, 4, 4), np.float32))
    asked = []
    for scheme in ("grpc", "http"):
        server = _SERVERS.enter_context(standin_triton.serving(scheme, "small", graph))
        asked.append(open_engine(server.url, timeout=60.0))
    return lambda: [engine.run(feeds) for engine in asked]


PACKAGES: dict[str, Callable[[Path], Use]] = {
    use.__name__.replace("_", "-"): use
    for use in (
        *(av, mediapipe, numba, numpy, onnxruntime, opencv_python_headless, pillow, pyvirtualcam),
        *(safetensors, uvicorn, torch, accelerate, moderngl, onnx, onnxscript, scipy, matplotlib),
        tritonclient,
    )
}


def _picture() -> Any:
    from PIL import Image

    return np.array(Image.open(PORTRAIT).convert("RGB"))


def _use(name: str, folder: Path) -> None:
    use = PACKAGES[name](folder)
    end, count = time.monotonic() + SECONDS, 0
    while time.monotonic() < end or not count:
        use()
        count += 1
        time.sleep(PAUSE)
    (folder / "uses.txt").write_text(f"{count}\n")
    sys.stdout.flush()
    if threading.active_count() > 1:
        os._exit(0)  # servers on the loopback would go on


def _row(name: str, folder: Path) -> str:
    home, work = folder / "home", folder / "work"
    for made in (home, work):
        made.mkdir(parents=True)
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(path) for path in (TESTS.parent, TESTS / "engines")),
        "OMP_NUM_THREADS": "1",
        folders.CACHE_VARIABLE: str(folders.cache_folder()),
    }
    command = [sys.executable, str(Path(__file__).resolve()), "--use", name, str(work)]
    seen = watch.watch(command, folder / "record", environment)
    if seen.code:
        return f"| {name} | {metadata.version(name)} | failed, exit code {seen.code} | | | | |"
    files = sorted({path.relative_to(home).parent.as_posix() for path in home.rglob("*") if path.is_file()})
    uses = (work / "uses.txt").read_text().strip()
    cells = [name, metadata.version(name), f"{PACKAGES[name].__doc__}, {uses} times"]
    cells += [", ".join(sorted({line.split()[1] for line in seen.lookups})) or "none"]
    cells += [", ".join(sorted({line.partition(" ")[2] for line in seen.packets})) or "none"]
    cells += [str(len(seen.calls)) if seen.calls else "none"]
    cells += [", ".join(f"`~/{name}`" for name in files) or "none"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    if sys.argv[1] == "--use":
        _use(sys.argv[2], Path(sys.argv[3]))
        sys.exit()
    print("| package | version | what was done | look-ups | packets out | calls out | files in HOME |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for chosen in sys.argv[2:] or PACKAGES:
        print(_row(chosen, Path(sys.argv[1]) / chosen), flush=True)
