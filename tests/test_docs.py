"""What the pages name exists: files that they link to, headings, commands and modules.

Code names modules, too, in help and in errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from livecam.cli.commands import app

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for folder, pattern in [(".", "*.md"), ("docs", "**/*.md"), ("livecam/assets", "**/*.md")]
    for page in (ROOT / folder).glob(pattern)
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(r"python -m ((?:livecam|training|benchmarks|export|engines)(?:\.\w+)*)")
COMMAND = re.compile(r"(?:^\s*|[`/ ])livecam (?:--verbose )?([a-z][a-z-]+)((?: +(?!#)[^\s`]+)*)", re.M)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(r"`((?:livecam|engines|export|benchmarks|training|tests|docs)/[\w./-]+?)`")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def code(page: Path) -> Iterator[str]:
    for found in CODE.findall(page.read_text("utf-8")):
        yield found.removeprefix("```").removesuffix("```") if "\n" in found else found


def anchors(page: Path) -> set[str]:
    """As GitHub names headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> dict[str, set[str]]:
    """Every command's options, as they are typed."""
    group = typer.main.get_command(app)
    return {
        name: {option for flag in command.params for option in (*flag.opts, *flag.secondary_opts)}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in anchors(linked), f"{page.name} links to {target}"


def test_paths_exist(page: Path) -> None:
    named = PATH.findall(page.read_text("utf-8"))
    missing = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert not missing


def can_be_run(module: str) -> bool:
    """By `python -m`, from anywhere that livecam is installed; `training` from a checkout."""
    if module.split(".")[0] not in ("livecam", "training") or (spec := find_spec(module)) is None:
        return False
    return spec.submodule_search_locations is None or find_spec(f"{module}.__main__") is not None


def test_modules_can_be_run(page: Path) -> None:
    named = set(MODULE.findall(page.read_text("utf-8")))
    assert not {name for name in named if not can_be_run(name)}


def test_modules_that_code_names_can_be_run() -> None:
    """In help, errors and docstrings."""
    named = {
        (str(path.relative_to(ROOT)), name)
        for folder in ("livecam", "engines", "export", "benchmarks", "training")
        for path in (ROOT / folder).rglob("*.py")
        for name in MODULE.findall(path.read_text("utf-8").replace("{name}", "NAME"))
        if not name.endswith(".NAME")
    }
    assert {name for _, name in named} >= {"livecam.export", "training"}
    assert not {(path, name) for path, name in named if not can_be_run(name)}


def test_commands_and_options_exist(page: Path) -> None:
    known = commands()
    for text in code(page):
        for name, rest in COMMAND.findall(text.strip("`")):
            assert name in known, f"{page.name} names livecam {name}"
            for option in re.findall(r"--[a-z][a-z-]+", rest):
                assert option in known[name] | {"--help"}, f"{page.name}: livecam {name} has no {option}"


def test_targets_of_make_and_variables_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = {name for block in code(page) for name in re.findall(r"(?:^|`)make ([a-z-]+)", block, re.M)}
    assert named <= targets
    sources = [
        ".ci/run",
        *(str(path) for folder in ("livecam", "tests") for path in (ROOT / folder).rglob("*.py")),
    ]
    known = "".join((ROOT / name).read_text("utf-8") for name in sources)
    assert not [name for name in re.findall(r"LIVECAM_[A-Z_]+", text) if name not in known]


def test_extras_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    listed = (ROOT / "pyproject.toml").read_text("utf-8").split("[project.optional-dependencies]")[1]
    known = set(re.findall(r"^(\w+) = \[", listed.split("\n[")[0], re.M))
    named = set(re.findall(r"`(\w+)` extra", text))
    named |= {name for names in re.findall(r"install '\S*?\[([\w,]+)\]'", text) for name in names.split(",")}
    assert named <= known


def test_the_patterns_find_what_they_are_for() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert LINK.findall(text)
    assert any(name == "run" for name, _ in COMMAND.findall(text))
    assert MODULE.findall((ROOT / "docs" / "benchmarks.md").read_text("utf-8"))
    assert PATH.findall((ROOT / "docs" / "architecture.md").read_text("utf-8"))
