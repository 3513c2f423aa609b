"""What the pages name exists: files that they link to, headings, commands and modules."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
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
MODULE = re.compile(r"python -m ((?:livecam|training|benchmarks|export|engines)[\w.]*\w)")
COMMAND = re.compile(r"(?:^\s*|[`/ ])livecam (?:--verbose )?([a-z][a-z-]+)((?: +(?!#)[^\s`]+)*)", re.MULTILINE)
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
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
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


def test_modules_exist(page: Path) -> None:
    for name in MODULE.findall(page.read_text("utf-8")):
        spec = importlib.util.find_spec(name)
        assert spec is not None, f"{page.name} names python -m {name}"
        if spec.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{name}.__main__"), f"python -m {name} cannot be run"
        assert name.split(".")[0] in ("livecam", "training"), f"{name} is not what is installed"


def test_commands_and_options_exist(page: Path) -> None:
    known = commands()
    for text in code(page):
        for name, rest in COMMAND.findall(text.strip("`")):
            assert name in known, f"{page.name} names livecam {name}"
            for option in re.findall(r"--[a-z][a-z-]+", rest):
                assert option in known[name] | {"--help"}, f"{page.name}: livecam {name} has no {option}"


def test_the_patterns_find_what_they_are_for() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert LINK.findall(text)
    assert any(name == "run" for name, _ in COMMAND.findall(text))
    assert MODULE.findall((ROOT / "docs" / "benchmarks.md").read_text("utf-8"))
    assert PATH.findall((ROOT / "docs" / "architecture.md").read_text("utf-8"))
