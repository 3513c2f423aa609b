"""What a user installs: all that runs, nothing else, under one name."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import livecam
from livecam.face import bundle

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
FOLDERS = SETUPTOOLS["package-dir"]
LEFT_OUT = ("benchmarks/results/*", "*/__pycache__/*", "*.nbi", "*.nbc")
"""Figures that are in the repository, and what running leaves."""


def package_of(folder: Path) -> str:
    """The import name of a folder of the repository."""
    top, *rest = folder.relative_to(ROOT).parts
    name = next(name for name, where in FOLDERS.items() if where == top)
    return ".".join([name, *rest])


def test_every_package_is_listed():
    found = {
        package_of(path.parent) for top in FOLDERS.values() for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(SETUPTOOLS["packages"]) == found


def test_every_file_that_is_no_module_is_listed():
    data = SETUPTOOLS["package-data"]
    for top in FOLDERS.values():
        for path in (ROOT / top).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_dir() or path.suffix == ".py" or any(fnmatch.fnmatch(name, one) for one in LEFT_OUT):
                continue
            home = path.parent
            while not (home / "__init__.py").is_file():
                home = home.parent
            inside, patterns = path.relative_to(home).as_posix(), data.get(package_of(home), [])
            assert any(fnmatch.fnmatch(inside, one) for one in patterns), f"{name} is in no wheel"


def test_files_are_looked_for_under_names_that_are_installed():
    """In the repository `export` would do: its folder lies in the current one."""
    named = re.compile(r"""\bfiles\(["']([\w.]+)["']\)""")
    sources = [path.read_text("utf-8") for top in FOLDERS.values() for path in (ROOT / top).rglob("*.py")]
    found = {name for source in sources for name in named.findall(source)}
    assert {"livecam.assets", "livecam.face"} <= found <= set(SETUPTOOLS["packages"])


# From here on the wheel itself. It is built from a copy: setuptools would keep files of older builds.

CLIP = ROOT / "livecam" / "assets" / "driver.mp4"
IGNORED = shutil.ignore_patterns(
    ".*", "build", "dist", "out", "shared", "*.egg-info", "__pycache__", "*.mp4.part"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=IGNORED)
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(folder / "source"))
    (made,) = folder.glob("livecam-*.whl")
    return made


def pip(*words: str, python: str = sys.executable) -> None:
    lock = {name: str(ROOT / "constraints.txt") for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")}
    command = [python, "-m", "pip", "--disable-pip-version-check", *words, "-q"]
    done = subprocess.run(command, env=os.environ | lock, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_wheel_holds_what_a_user_runs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(f"livecam-{livecam.__version__}.dist-info/METADATA").decode()
    assert {name.partition("/")[0] for name in names} == {
        "livecam",
        f"livecam-{livecam.__version__}.dist-info",
    }
    assert not [
        name for name in names if re.search(r"training|tests?/|heads|shaders|\.(frag|vert|glsl|toml)$", name)
    ]
    modules = {package.replace(".", "/") + "/__init__.py" for package in SETUPTOOLS["packages"]}
    others = {
        "livecam/py.typed",
        "livecam/web/static/studio.html",
        "livecam/web/static/studio.js",
        "livecam/web/static/overlay.html",
        "livecam/face/mesh.npz",
        "livecam/render/fold.npz",
        "livecam/assets/portrait.jpg",
    }
    others |= {
        "livecam/assets/refiner/mouth.onnx",
        "livecam/assets/refiner/eye.onnx",
        "livecam/export/refinement.json",
    }
    others |= {"livecam/finetune/tuning.py"}
    assert modules | others <= set(names)
    for extra in ("finetune", "export", "train", "gpu", "tensorrt", "serve"):
        assert f"Provides-Extra: {extra}" in metadata


class Installed:
    """The wheel in an environment of its own, with a home of its own, away from the repository."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
        self.bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.away = folder / "away"
        self.away.mkdir()
        pip("install", str(wheel), python=str(self.bin / "python"))
        models = folder / "cache" / bundle.model_folder().relative_to(bundle.cache_folder())
        shutil.copytree(bundle.model_folder(), models)
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "LIVECAM"))}
        self._environment = kept | {"HOME": str(folder / "home"), "LIVECAM_CACHE": str(folder / "cache")}

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.away,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def checks(self) -> dict[str, dict[str, str]]:
        return {
            check["name"]: check
            for check in json.loads(self.run("livecam", "doctor", "--json").stdout)["checks"]
        }


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    if any(bundle.problem(name, bundle.model_folder()) for name in bundle.MODEL_FILES):
        pytest.skip("the face model is not built: run `livecam build`")
    made = Installed(tmp_path_factory.mktemp("installed"), wheel)
    if "libGL" in (opencv := made.checks()["OpenCV"])["found"]:  # then what the doctor says must mend it
        for words in opencv["todo"].removeprefix("Run: pip ").split(" && pip "):
            pip(*words.split(), python=str(made.bin / "python"))
    return made


@pytest.mark.slow
def test_it_is_well(installed: Installed) -> None:
    assert installed.run("livecam", "--version").stdout.strip() == livecam.__version__
    checks = installed.checks()
    for name in ("Python", "mediapipe", "OpenCV", "face model", "refiner", "engine cpu"):
        assert checks[name]["status"] == "ok", checks[name]
    done = installed.run("python", "-c", "import livecam.engines; print(*livecam.engines.__path__)")
    assert done.stdout.startswith(str(installed.bin.parent)), done.stdout + done.stderr
    for name in ("engines", "export", "benchmarks", "training", "tests"):
        assert installed.run("python", "-c", f"import {name}").returncode == 1, name


@pytest.mark.slow
def test_the_face_model_can_be_built(installed: Installed) -> None:
    """All but the download: what is merged into the model is there."""
    done = installed.run("python", "-c", "from livecam.export import face_mesh_graph as g; g.read_blocks()")
    assert done.returncode == 0, done.stderr
    done = installed.run("livecam", "build", "--force", "--wheel", "none.whl")
    assert done.stderr.startswith("livecam: none.whl: ")


OPENCV_PROGRAM = """
import cv2
import livecam

bgr = cv2.imread("mona.jpg")
assert bgr is not None
persona = livecam.Persona.open(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
with livecam.Animator(persona) as animator, livecam.open_sink("out.mp4") as sink:
    animator(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), 0.0)
    sink.open(livecam.SinkFormat(animator.width, animator.height, 30.0))
"""


@pytest.mark.slow
def test_a_users_strict_types_know_it(installed: Installed) -> None:
    program = installed.away / "program.py"
    program.write_text(OPENCV_PROGRAM, "utf-8")
    words = ["--strict", "--python-executable", str(installed.bin / "python"), "--cache-dir", os.devnull]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *words, program.name],
        cwd=installed.away,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_the_demo_runs(installed: Installed) -> None:
    done = installed.run("livecam", "demo", "--no-page")
    assert done.returncode == 0, done.stderr
    assert (installed.away / "demo.mp4").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.parametrize("module", ["latency", "fidelity", "glass_to_glass"])
def test_benchmarks_run(installed: Installed, module: str) -> None:
    done = installed.run("python", "-m", f"livecam.benchmarks.{module}", "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "words", "extra"),
    [
        ("python", ["-m", "livecam.export", "--help"], "export"),
        ("python", ["-m", "livecam.benchmarks.peers", "--help"], "finetune"),
        ("livecam", ["enroll", "face.jpg", "--name", "ada", "--steps", "5"], "finetune"),
        ("livecam", ["build", "--engine", "cuda"], "export"),
        ("livecam", ["run", "--engine", "torch", "--driver", str(CLIP), "--sink", "null"], "finetune"),
    ],
)
def test_without_pytorch_it_is_said_what_to_install(
    installed: Installed, program: str, words: list[str], extra: str
) -> None:
    shutil.copy(ROOT / "tests" / "face" / "data" / "face.jpg", installed.away)
    done = installed.run(program, *words)
    assert done.returncode == 2
    assert f"pip install 'livecam[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr
