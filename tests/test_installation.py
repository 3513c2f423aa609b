"""What is said of installing fits how livecam was installed, and names extras that there are."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_args

import pytest

from livecam import installation
from livecam.cli import program
from livecam.doctor import machine
from livecam.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """installed(file): livecam lies in an environment with that file in it."""

    def by(mark: str) -> None:
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.setattr(installation, "__file__", str(tmp_path / "livecam" / "installation.py"))
        (tmp_path / mark).write_text("")

    return by


@pytest.mark.parametrize(
    ("mark", "name", "command"),
    [
        ("pyproject.toml", "checkout", "pip install -e '.[finetune]'"),
        ("pyvenv.cfg", "pip", "pip install 'livecam[finetune]'"),
        ("pipx_metadata.json", "pipx", "pipx install --force 'livecam[finetune]'"),
        ("uv-receipt.toml", "uv", "uv tool install 'livecam[finetune]'"),
    ],
)
def test_each_installer_has_its_commands(installed, mark, name, command):
    installed(mark)
    assert installation.installer() == name
    assert installation.with_extra("finetune") == f"Run: {command}"
    assert name in installation.again() or name == "checkout"


@pytest.mark.parametrize(
    ("mark", "todo"), [("pyvenv.cfg", "opencv-python-headless"), ("uv-receipt.toml", "apt install libgl1")]
)
def test_without_libgl_there_is_a_way_for_each(installed, mark, todo):
    """An environment of `uv tool` has no pip to swap packages with."""

    class Bare(machine.System):
        def import_error(self, module):
            return "libGL.so.1: cannot open shared object file: No such file or directory"

    installed(mark)
    assert todo in machine._opencv(Bare()).todo


def test_a_missing_package_is_one_line():
    installation.require("that", ["numpy"], "export")
    with pytest.raises(
        UserError, match=r"that: no_such, nor_this are not installed\. Run: .*\[export\]', or no"
    ):
        installation.require("that", ["numpy", "no_such", "nor_this"], "export", ", or not")


def test_a_package_that_cannot_be_imported_sends_to_the_doctor(monkeypatch, capsys):
    def broken(*_, **__):
        raise ImportError("libGL.so.1: cannot open shared object file", name="cv2")

    monkeypatch.setattr(program, "app", broken)
    monkeypatch.setattr(broken, "info", program.typer.models.TyperInfo(), raising=False)
    monkeypatch.setattr(broken, "registered_commands", [], raising=False)
    with pytest.raises(SystemExit) as done:
        program.main()
    said = capsys.readouterr().err
    assert done.value.code == 1
    assert "libGL.so.1" in said
    assert re.search(r"Run \S*livecam\S* doctor|Run .*livecam.cli doctor", said)
    assert said.count("\n") == 1


def test_every_extra_that_is_named_is_there():
    named = re.compile(r"livecam\[([a-z]+)\]|the (?!same)(\w+) extra\b")
    found = set(get_args(installation.Extra))
    for folder in ("livecam", "engines", "export", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= {one or other for one, other in named.findall(path.read_text("utf-8"))}
    assert {"finetune", "export", "gpu", "tensorrt"} <= found <= set(EXTRAS)


def test_the_extras_hold_what_is_asked_for():
    wanted = {name: {re.split("[<>=]", word)[0] for word in words} for name, words in EXTRAS.items()}
    assert wanted["finetune"] == {"torch"}
    assert wanted["export"] == set(installation.EXPORT_NEEDS)
    assert wanted["finetune"] | wanted["export"] <= wanted["train"]
