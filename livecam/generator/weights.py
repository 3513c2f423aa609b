"""The refiner's weights as they ship: where they lie, and whether they are whole. No torch.

    livecam/assets/refiner/
      manifest.json         what the files are, with their checksums
      mouth.onnx, eye.onnx  correct the crops of the parts, for CPUs (face.onnx: both at once)
      mouth-int8.onnx ...   the same in INT8, for CPUs that are quicker with it; may be missing
      embedder.onnx         a picture's style
      painter.safetensors   all in FP16, for the generator's graph and for fine-tuning
      MODEL_CARD.md

`python -m training.ship` writes such a folder. LIVECAM_REFINER names another one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from livecam.errors import UserError
from livecam.files import expanded
from livecam.generator.parts import OF_NETWORK

FORMAT: Final = 2
"""Raised whenever older folders can no longer be used."""
VARIABLE: Final = "LIVECAM_REFINER"
MANIFEST, CARD = "manifest.json", "MODEL_CARD.md"
EMBEDDER, PAINTER = "embedder.onnx", "painter.safetensors"


def graph_file(network: str) -> str:
    """The network's own graph, for CPUs."""
    return f"{network}.onnx"


def small_file(network: str) -> str:
    """The same in INT8. Written by `python -m livecam.export.quantise`, where it is worth it."""
    return f"{network}-int8.onnx"


@dataclass(frozen=True, slots=True)
class Weights:
    """`name` changes with every training: styles belong to the weights that made them.

    size: C, pixels along the face-aligned square. styles: of the numbers a person has, how many each network
    takes, by its name and in that order. checksums: SHA-256 by file.
    """

    folder: Path
    name: str
    size: int
    styles: Mapping[str, int]
    checksums: Mapping[str, str]

    @property
    def style(self) -> int:
        """N, the numbers a person has."""
        return sum(self.styles.values())

    def __contains__(self, name: object) -> bool:
        """Whether the manifest names such a file."""
        return name in self.checksums

    def file(self, name: str) -> Path:
        """The path of one of its files.

        Raises:
            UserError: it is missing, or not what was shipped.
        """
        path = self.folder / name
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise _broken(path, f"cannot be read ({error.strerror})") from error
        if found != self.checksums[name]:
            raise _broken(path, "damaged (its checksum is wrong)")
        return path


def find_weights(environ: Mapping[str, str] = os.environ) -> Weights | None:
    """The weights that are used; None where none were ever put in.

    Raises:
        UserError: the folder that LIVECAM_REFINER names holds none, or the manifest is damaged.
    """
    named = environ.get(VARIABLE)
    folder = expanded(named) if named else _shipped()
    path = folder / MANIFEST
    if not path.is_file():
        if named:
            raise UserError(f"{VARIABLE}={named}", f"there is no {MANIFEST}", "Unset it, or name a folder.")
        return None
    try:
        said = json.loads(path.read_text("utf-8"))
        if said["format"] != FORMAT:
            raise ValueError(f"format {said['format']}")
        styles = {str(name): int(count) for name, count in said["styles"].items()}
        if not styles or not styles.keys() <= OF_NETWORK.keys():
            raise ValueError(f"networks {', '.join(styles) or 'none'}")
        needed, small = _files(styles)
        names = [*needed, *(name for name in small if name in said["files"])]
        checksums = {name: str(said["files"][name]["sha256"]) for name in names}
        return Weights(folder, str(said["name"]), int(said["size"]), styles, checksums)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _broken(path, f"not a manifest that can be used ({error})") from error


def _files(styles: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """What must be there, and what may be."""
    return [*map(graph_file, styles), EMBEDDER, PAINTER], [*map(small_file, styles)]


def write_manifest(folder: Path, size: int, styles: Mapping[str, int], notes: Mapping[str, Any]) -> Weights:
    """Describe the files that lie in `folder`; `notes` is added for people. Returns what `find_weights`
    would."""
    needed, small = _files(styles)
    names = [*needed, *(name for name in small if (folder / name).is_file())]
    contents = {name: (folder / name).read_bytes() for name in names}
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    name = checksums[PAINTER][:12]
    entries = {key: {"sha256": checksums[key], "bytes": len(content)} for key, content in contents.items()}
    said = {
        "format": FORMAT,
        "name": name,
        "size": size,
        "styles": dict(styles),
        "files": entries,
        **notes,
    }
    (folder / MANIFEST).write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    return Weights(folder, name, size, dict(styles), checksums)


def renew_manifest(environ: Mapping[str, str] = os.environ) -> None:
    """Describe the files anew, after one in INT8 has come or gone. Raises `UserError` as
    `find_weights` does."""
    weights = find_weights(environ)
    if weights is None:
        return
    said = json.loads((weights.folder / MANIFEST).read_text("utf-8"))
    known = ("format", "name", "size", "styles", "files")
    notes = {name: value for name, value in said.items() if name not in known}
    write_manifest(weights.folder, weights.size, weights.styles, notes)


def _shipped() -> Path:
    return Path(str(files("livecam.assets"))) / "refiner"


def _broken(path: Path, why: str) -> UserError:
    if path.parent == _shipped():
        return UserError(f"the refiner's {path}", why, "Install livecam again, or add --no-refine.")
    return UserError(f"{VARIABLE}'s {path}", why, "Unset it, name another folder, or add --no-refine.")
