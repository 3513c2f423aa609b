"""All settings of a run in one frozen tree: defaults here, then a file, the environment, the flags.

The file is TOML, `settings.toml` in the user's configuration folder or the one named by LIVECAM_SETTINGS.
A variable LIVECAM_SIZE=256 or LIVECAM_MOTION_POSE_GAIN=0.8 beats the file; a flag beats both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from livecam.errors import UserError

SIZES = (256, 512, 768)


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How the driver's motion is passed on."""

    expression_gain: float = 1.0
    pose_gain: float = 1.0
    pose_limits: tuple[float, float, float] = (0.60, 0.50, 0.65)
    """Yaw, pitch and roll in radians that are never exceeded; the warp is convincing to about 20 degrees."""
    shift_limit: float = 0.22
    """How far the head may move from its place, as a share of the crop's side."""
    mirror: bool | None = None
    """None: as the source suggests (webcams mirrored, files not)."""
    neutral_seconds: float = 2.0
    """How long to look for a neutral frame at the start."""
    neutral_frame: int | None = None
    """Number of the driver's frame to take as neutral instead, from 0."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the pipeline."""

    size: int = 512
    """Side in pixels of the square in which the face is rendered."""
    canvas: str = "1280x720"
    """WIDTHxHEIGHT, or "source" for the portrait's own pixel grid."""
    fps: float | None = None
    """Rate of live sinks; None: 30, or the driver file's own."""
    engine: str = "auto"
    refine: bool = True
    loop: bool = False
    max_frames: int | None = None
    motion: MotionSettings = field(default_factory=MotionSettings)

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise UserError(f"size {self.size}", "not supported", f"Use one of {', '.join(map(str, SIZES))}.")
        if self.fps is not None and not 1 <= self.fps <= 240:
            raise UserError(f"fps {self.fps:g}", "out of range", "Use a rate from 1 to 240.")
        if self.max_frames is not None and self.max_frames < 1:
            raise UserError(f"max-frames {self.max_frames}", "nothing to do", "Use 1 or more.")
        if self.engine not in ("auto", "cpu", "cuda", "tensorrt", "torch") and "://" not in self.engine:
            todo = "Use auto, cpu, cuda, tensorrt, torch, or grpc://HOST:8001/MODEL."
            raise UserError(f"engine {self.engine}", "unknown", todo)


def load(environ: Mapping[str, str] = os.environ, path: Path | None = None) -> Settings:
    """Settings from the file and the environment.

    Raises:
        UserError: a file that is not TOML, an unknown name, a value of the wrong type.
    """
    settings = Settings()
    if path is None:
        named = environ.get("LIVECAM_SETTINGS")
        path = Path(named) if named else _default_path()
        if named and not path.is_file():
            raise UserError(f"settings file {path}", "not found", "Unset LIVECAM_SETTINGS or name a file.")
    if path.is_file():
        settings = _apply(settings, _read_toml(path), str(path))
    return _apply(settings, _from_environment(environ), "the environment")


def _default_path() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("livecam")) / "settings.toml"


def _read_toml(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"settings file {path}", str(error), "Mend or remove it.") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """LIVECAM_A=x and LIVECAM_MOTION_B=y as a nested dictionary of strings; other variables are ignored."""
    out: dict[str, Any] = {}
    for name in (f.name for f in fields(Settings)):
        if name != "motion" and (value := environ.get(f"LIVECAM_{name.upper()}")) is not None:
            out[name] = value
    motion = {f.name: environ.get(f"LIVECAM_MOTION_{f.name.upper()}") for f in fields(MotionSettings)}
    out["motion"] = {k: v for k, v in motion.items() if v is not None}
    return out


T = TypeVar("T", Settings, MotionSettings)


def _apply(settings: T, values: Mapping[str, Any], where: str) -> T:
    known = get_type_hints(type(settings))
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            choices = ", ".join(known)
            raise UserError(f"{name} in {where}", "no such setting", f"Known are: {choices}.")
        current = getattr(settings, name)
        if is_dataclass(current):
            if not isinstance(value, Mapping):
                raise UserError(f"{name} in {where}", "not a table", f"Write it as [{name}].")
            changes[name] = _apply(current, value, where)  # type: ignore[type-var]
        else:
            changes[name] = _convert(name, value, str(known[name]), where)
    return replace(settings, **changes)


def _convert(name: str, value: Any, kind: str, where: str) -> Any:
    """A TOML value or a string of the environment as the field's type."""
    try:
        if "tuple" in kind:
            parts = value.split(",") if isinstance(value, str) else list(value)
            if len(parts) != 3:
                raise ValueError
            return tuple(float(p) for p in parts)
        if "bool" in kind:
            if isinstance(value, bool):
                return value
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                str(value).lower()
            ]
        if "float" in kind:
            return float(value)
        if "int" in kind:
            return int(value)
        return str(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{name} = {value!r} in {where}", f"not a {kind}", "Correct or remove it.") from error


def as_dict(settings: Settings) -> dict[str, Any]:
    """For reports."""
    return asdict(settings)
