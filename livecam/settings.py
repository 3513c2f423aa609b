"""All settings of a run in one frozen tree: defaults here, then a file, the environment, the flags.

The file is TOML, `settings.toml` in the user's configuration folder or the one named by LIVECAM_SETTINGS.
A variable LIVECAM_SIZE=256 or LIVECAM_MOTION_POSE_GAIN=0.8 beats the file; a flag beats both.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

from livecam.errors import UserError
from livecam.ranges import Limits, OneOf, Range, check_fields, check_flag, declared_limits, short_text

SIZES = (256, 512, 768)
"""Sides in pixels of the square in which the face is rendered; graphs are exported for them."""
ENGINES = ("auto", "cpu", "cuda", "tensorrt", "torch")
"""Names of engines; a server's address is one, too."""
MOST_FRAMES = 100_000_000
"""Frames of a run that may be counted: 38 days at 30 a second."""
FOLLOWS = ("head", "frame", "all")
"""What of the driver's place the portrait follows."""
CANVAS_SIDE = Range(64, 4096, whole=True)
"""Pixels of the canvas's width and of its height."""
FACE_INDEX = Range(0, 99, whole=True)
"""Which face of a picture, counted from the left."""


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How the driver's motion is passed on.

    Raises:
        UserError: a number outside its range, or no such way to follow.
    """

    expression_gain: Annotated[float, Range(0, 3)] = 1.0
    pose_gain: Annotated[float, Range(0, 3)] = 1.0
    gaze_gain: Annotated[float, Range(0, 1.5)] = 1.0
    """0: the eyes look straight ahead."""
    smoothing: Annotated[float, Range(0, 1)] = 0.0
    """How much steadier landmarks are made beyond what is always done, and so later."""
    pose_limits: Annotated[tuple[float, float, float], Range(0, 1.5)] = (0.90, 0.60, 0.65)
    """Yaw, pitch and roll in radians that are never exceeded. A portrait that is turned itself may have a
    lower limit for yaw (`livecam.motion.pose_limits`), unless more than .9 is asked for."""
    shift_limit: Annotated[float, Range(0, 2)] = 0.22
    """How far the head may move from its place, as a share of the crop's side."""
    follow: str = "head"
    """"head": how the head moves, not where the driver sits: place, distance and slow tilt are let go of.
    "frame": so, and the picture pans and zooms a little with the driver. "all": place and distance as the
    driver's, for comparisons: the head may move farther than the picture can show."""
    mirror: bool | None = None
    """None: as the source suggests (webcams mirrored, films not, performances as when recorded)."""
    neutral_seconds: Annotated[float, Range(0, 60)] = 2.0
    """How long to look for a neutral frame at the start."""
    neutral_frame: Annotated[int, Range(0, MOST_FRAMES, whole=True)] | None = None
    """Number of the driver's frame to take as neutral instead, from 0 among those with a face."""
    idle: bool = True
    """Whether the portrait breathes, blinks and moves a little while nobody is there, or is quite still."""

    def __post_init__(self) -> None:
        if not isinstance(self.pose_limits, tuple) or len(self.pose_limits) != 3:
            raise UserError(
                f"pose-limits {short_text(self.pose_limits)}", "not three numbers", "Give three angles."
            )
        check_fields(self)
        check_flag("idle", self.idle)
        if not isinstance(self.follow, str) or self.follow not in FOLLOWS:
            raise UserError(f"follow {short_text(self.follow)}", "unknown", f"Use {', '.join(FOLLOWS)}.")
        if self.mirror is not None:
            check_flag("mirror", self.mirror)


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the pipeline.

    Raises:
        UserError: a number outside its range, no such canvas, or an engine that nobody knows.
    """

    size: Annotated[int, OneOf(SIZES)] = 512
    """Side in pixels of the square in which the face is rendered."""
    canvas: str = "1280x720"
    """WIDTHxHEIGHT, or "source" for the portrait's own pixel grid."""
    fps: Annotated[float, Range(1, 240)] | None = None
    """Rate of live sinks; None: 30, or the driver file's own."""
    engine: str = "auto"
    refine: bool = True
    loop: bool = False
    max_frames: Annotated[int, Range(1, MOST_FRAMES, whole=True)] | None = None
    motion: MotionSettings = field(default_factory=MotionSettings)

    def __post_init__(self) -> None:
        check_fields(self)
        check_flag("refine", self.refine)
        check_flag("loop", self.loop)
        parse_size(self.canvas)
        check_engine(self.engine)


def check_engine(name: str) -> None:
    """Raises `UserError` for an engine that nobody knows; whether it can run here is not looked at."""
    if not isinstance(name, str) or (name not in ENGINES and "://" not in name):
        todo = f"Use {', '.join(ENGINES)}, or grpc://HOST:8001/MODEL."
        raise UserError(f"engine {short_text(name)}", "unknown", todo)


def parse_size(text: str) -> tuple[int, int] | None:
    """(width, height) of a canvas in pixels, or None for "source".

    Raises:
        UserError: not WIDTHxHEIGHT, odd, or out of range.
    """
    if text == "source":
        return None
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text) if isinstance(text, str) else None
    if not match:
        raise UserError(
            f"canvas {short_text(text)}", "not WIDTHxHEIGHT", 'Write it like 1280x720, or "source".'
        )
    width, height = int(match[1]), int(match[2])
    if width % 2 or height % 2:
        todo = f"Use {width + width % 2}x{height + height % 2}."
        raise UserError(f"canvas {text}", "odd sizes show black in some callers", todo)
    for side in (width, height):
        CANVAS_SIDE.check(f"canvas {text}", side)
    return width, height


def limits(name: str) -> Limits:
    """What the setting of that name may be, in either table."""
    return (declared_limits(Settings) | declared_limits(MotionSettings))[name][0]  # type: ignore[operator]


def load(environ: Mapping[str, str] = os.environ, path: Path | None = None) -> Settings:
    """Settings from the file and the environment.

    Raises:
        UserError: a file that is not TOML, an unknown name, a value of the wrong type or outside its range.
    """
    settings = Settings()
    if path is None:
        path = file(environ)
        if environ.get("LIVECAM_SETTINGS") and not path.is_file():
            raise UserError(f"settings file {path}", "not found", "Unset LIVECAM_SETTINGS or name a file.")
    if path.is_file():
        settings = _apply(settings, _read_toml(path), str(path))
    return _apply(settings, _from_environment(environ), "the environment")


def file(environ: Mapping[str, str] = os.environ) -> Path:
    """The settings file, which need not be there; LIVECAM_SETTINGS names another one."""
    named = environ.get("LIVECAM_SETTINGS")
    return Path(named) if named else _default_path()


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
    except (OSError, ValueError, RecursionError) as error:  # no text, no TOML, or nested too deeply
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
            _check(type(settings), name, changes[name], where)
    return replace(settings, **changes)


def _check(owner: type, name: str, value: Any, where: str) -> None:
    if name in declared_limits(owner):
        for one in value if isinstance(value, tuple) else (value,):
            declared_limits(owner)[name][0].check(f"{name} = {short_text(value)} in {where}", one)


_IN_WORDS = {"tuple": "three numbers", "bool": "true or false", "float": "a number", "int": "a whole number"}


def _convert(name: str, value: Any, kind: str, where: str) -> Any:
    """A TOML value or a string of the environment as the field's type."""
    try:
        if "tuple" in kind:
            parts = value.split(",") if isinstance(value, str) else list(value)
            if len(parts) != 3:
                raise ValueError
            return tuple(_number(p, float) for p in parts)
        if "bool" in kind:
            if isinstance(value, bool):
                return value
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                str(value).lower()
            ]
        if "float" in kind:
            return _number(value, float)
        if "int" in kind:
            return _number(value, int)
        return str(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        what = f"{name} = {short_text(value)} in {where}"
        wanted = next((words for word, words in _IN_WORDS.items() if word in kind), "text")
        raise UserError(what, f"not {wanted}", "Correct or remove it.") from error


def _number(value: Any, kind: type[float] | type[int]) -> float | int:
    """Raises ValueError where a value of a file would have to be changed to be one: true, or 2.5 for int."""
    if isinstance(value, bool):
        raise ValueError
    number = kind(value)
    if not isinstance(value, str) and number != value and value == value:  # NaN is refused by its range
        raise ValueError
    return number


def as_dict(settings: Settings) -> dict[str, Any]:
    """For reports."""
    return asdict(settings)
