"""What modules import, read from their source: nothing is imported to find out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One module imports another, or a package that is none of ours, in a line of its file."""

    importer: str
    imported: str
    line: int
    at_the_top: bool
    """Run as the importer is imported: not in a function, not for types alone."""

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}, imports {self.imported}"


def modules_in(house: Path, folders: Mapping[str, str]) -> dict[str, Path]:
    """Every module's name and file."""
    found = {}
    for package, folder in folders.items():
        for path in sorted((house / folder).rglob("*.py")):
            names = [package, *path.relative_to(house / folder).with_suffix("").parts]
            found[".".join(names[:-1] if names[-1] == "__init__" else names)] = path
    return found


def imports_of(module: str, path: Path, modules: Mapping[str, Path]) -> Iterator[Import]:
    """All of a module's imports, each by the name of the module that it loads."""

    def visit(node: ast.AST, top: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            )
            for name in _named(child, module, path, modules):
                yield Import(module, name, child.lineno, top)  # type: ignore[attr-defined]
            yield from visit(child, top and not lazy)

    yield from visit(ast.parse(path.read_text("utf-8")), True)


def _named(node: ast.AST, module: str, path: Path, modules: Mapping[str, Path]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
    own = {alias.name: f"{base}.{alias.name}" for alias in node.names}
    return sorted({full if full in modules else base for full in own.values()})


def all_imports(house: Path, folders: Mapping[str, str]) -> list[Import]:
    modules = modules_in(house, folders)
    return [found for module, path in modules.items() for found in imports_of(module, path, modules)]


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def room_of(module: str, floors: Sequence[Sequence[str]]) -> tuple[int, str] | None:
    """Number of the floor and name of the room; the door (`livecam`) is a room of that one module."""
    rooms = [(number, room) for number, floor in enumerate(floors) for room in floor]
    own = [
        (number, room)
        for number, room in rooms
        if module == room or (room != "livecam" and inside(module, room))
    ]
    return max(own, key=lambda found: len(found[1]), default=None)


def upward(imports: Sequence[Import], floors: Sequence[Sequence[str]]) -> list[str]:
    """Imports that lead up, or to the room next door."""
    found = []
    for one in imports:
        own, other = room_of(one.importer, floors), room_of(one.imported, floors)
        if own is not None and other is not None and own[1] != other[1] and other[0] >= own[0]:
            found.append(str(one))
    return found


def reaching(package: str, imports: Sequence[Import]) -> set[str]:
    """The modules that import a package, or a module that does."""
    found: set[str] = set()
    while (
        more := {one.importer for one in imports if inside(one.imported, package) or one.imported in found}
        - found
    ):
        found |= more
    return found


def circles(imports: Sequence[Import]) -> list[list[str]]:
    """Modules that reach themselves, each circle once, sorted."""
    knows: dict[str, set[str]] = {}
    for one in imports:
        if one.imported != one.importer:
            knows.setdefault(one.importer, set()).add(one.imported)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        rest = list(knows.get(start, ()))
        while rest:
            module = rest.pop()
            if module not in seen:
                seen.add(module)
                rest += knows.get(module, ())
        return seen

    reach = {module: reached(module) for module in knows}
    found = {
        tuple(sorted(other for other in reach[module] if module in reach.get(other, ())))
        for module in knows
        if module in reach[module]
    }
    return sorted(map(list, found))
