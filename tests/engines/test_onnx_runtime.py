"""onnxruntime comes through one door, with its telemetry off before it is loaded."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_graph import write_graph

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("benchmarks", "engines", "export", "livecam", "tests", "training")
DOOR = ROOT / "engines" / "onnx_runtime.py"
PACKAGE = "onnxruntime"
IMPORTERS = {"import_module", "__import__", "importorskip", "run_module"}
CODE = re.compile(rf"(^|[;\n:])\s*(import|from)\s+(\w+\s*,\s*)*{PACKAGE}\b(?!:)")
"""Within a string that is run elsewhere."""


def imports(source: str) -> Iterator[int]:
    """The lines that import onnxruntime or a part of it, by whatever means."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in IMPORTERS and isinstance(node.args[0], ast.Constant):
                names = [str(node.args[0].value)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.search(node.value):
            names = [PACKAGE]
        if any(name.split(".")[0] == PACKAGE for name in names):
            yield node.lineno  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "source",
    [
        "import onnxruntime",
        "def f():\n    import onnxruntime as ort",
        "import os, onnxruntime.quantization",
        "from onnxruntime.quantization import QuantType",
        "import importlib\nimportlib.import_module('onnxruntime')",
        "__import__('onnxruntime.capi')",
        "ort = pytest.importorskip('onnxruntime')",
        "CODE = 'import sys; import onnxruntime'",
        "CODE = f'''\nfrom onnxruntime import InferenceSession\nprint({1})\n'''",
    ],
)
def test_every_way_in_is_seen(source: str) -> None:
    assert list(imports(source))


@pytest.mark.parametrize(
    "source",
    [
        "from livecam.engines.onnx_runtime import onnxruntime",
        "from .onnxruntime import x",
        "find_spec('onnxruntime')",
        "log.info('onnxruntime is not installed')",
    ],
)
def test_the_door_itself_may_be_used_and_named(source: str) -> None:
    assert not list(imports(source))


def test_only_the_door_imports_onnxruntime() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = {path: list(imports(path.read_text("utf-8"))) for path in files if path != Path(__file__)}
    assert found.pop(DOOR), "the door is not where this test looks"
    assert len(found) > 300  # of 420: the whole tree was read
    ways = [f"{path.relative_to(ROOT)}:{line}" for path, lines in found.items() for line in lines]
    assert not ways, f"take it from livecam.engines.onnx_runtime: {', '.join(ways)}"


AT_THE_DOOR = """
import ctypes, sys
from importlib.abc import MetaPathFinder

class Witness(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            read = ctypes.CDLL(None).getenv  # as the library itself reads it
            read.restype = ctypes.c_char_p
            print(read(b"ORT_DISABLE_TELEMETRY"), flush=True)

sys.meta_path.insert(0, Witness())
from livecam import engines
engines.open_engine("cpu", sys.argv[1])
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return write_graph(tmp_path / "sum.onnx")


def run(code: str, graph: Path, home: str, **more: str) -> subprocess.CompletedProcess:
    """`code` in a process of its own, whose home is `home`.

    It inherits no variable that could quiet onnxruntime: ours, or one by which it knows a build server.
    """
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment = kept | {"HOME": home, "PYTHONPATH": str(ROOT)} | more
    return subprocess.run(
        [sys.executable, "-c", code, str(graph)], capture_output=True, text=True, env=environment, check=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="looks at the C library's environment")
@pytest.mark.parametrize("before", [{}, {"ORT_DISABLE_TELEMETRY": "0"}])
def test_telemetry_is_off_before_the_library_is_loaded(graph: Path, tmp_path: Path, before) -> None:  # type: ignore[no-untyped-def]
    *looked_for, imported = run(AT_THE_DOOR, graph, str(tmp_path), **before).stdout.split()
    assert imported == "b'1'", looked_for  # before that `find_spec` asks whether it is installed


OPENED = "import sys; from livecam import engines; engines.open_engine('cpu', sys.argv[1]).close()"


def test_no_file_is_left_in_the_home_folder(graph: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    run(OPENED, graph, str(home))
    assert list(home.rglob("*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root can write to")
def test_a_home_folder_that_cannot_be_written_is_no_matter(graph: Path) -> None:
    assert run(OPENED, graph, "/proc/nobody").stderr == ""


def test_says_when_it_comes_too_late(graph: Path, tmp_path: Path) -> None:
    """Somebody else's program loaded the library first."""
    (tmp_path / "onnxruntime.py").write_text("")
    code = "import onnxruntime; import livecam.engines.onnx_runtime"
    paths = f"{tmp_path}{os.pathsep}{ROOT}"
    assert "ORT_DISABLE_TELEMETRY=1" in run(code, graph, str(tmp_path), PYTHONPATH=paths).stderr
    quiet = run(code, graph, str(tmp_path), PYTHONPATH=paths, ORT_DISABLE_TELEMETRY="1")
    assert quiet.stderr == ""


def test_the_part_that_quantises_comes_through_the_door_too() -> None:
    from livecam.engines.onnx_runtime import onnxruntime, quantization

    assert quantization() is onnxruntime.quantization
