"""The Python door: `livecam.Persona` and `livecam.Animator`, as somebody uses them who has read one page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import GREEN, Tracked
from faces import turned, with_lip_gap
from numpy.typing import NDArray

import livecam
from livecam import assets
from livecam.face import bundle
from livecam.frames import DriverFrame
from livecam.motion.types import Motion, rest
from livecam.persona.picture import read_picture
from livecam.persona.types import PersonaData
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.matte import CutOut
from livecam.sources import read_frames

needs_models = pytest.mark.skipif(
    bundle.problem(bundle.FACE_LANDMARKER, bundle.model_folder()) is not None,
    reason="the face model is not built (python -m livecam.export.face_model)",
)
Make = Callable[..., livecam.Animator]
HEAVY = ("numpy", "cv2", "mediapipe", "onnxruntime", "torch", "numba", "av", "PIL", "pyvirtualcam")


@pytest.fixture
def animator(persona: PersonaData) -> Make:
    """animator(...) -> one of the drawn face on the CPU, without the network."""

    def make(**options: Any) -> livecam.Animator:
        return livecam.Animator(persona, engine="cpu", refine=False, **options)

    return make


def frames_of(path: Path, count: int) -> list[tuple[NDArray[np.uint8], float]]:
    """Pictures and times in seconds."""
    found = [(frame.pixels, frame.capture_ns / 1e9) for frame in read_frames(path, count)]
    return [(pixels, time_s) for pixels, time_s in found if pixels is not None]


@needs_models
def test_the_five_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(assets.bundled_file(assets.PORTRAIT), tmp_path / "mona.jpg")
    monkeypatch.chdir(tmp_path)
    pictures = []

    persona = livecam.Persona.open("mona.jpg")
    with livecam.Animator(persona, size=512) as animator:
        for frame, time_s in frames_of(assets.bundled_file(assets.DRIVER), 12):
            picture = animator(frame, time_s)
            pictures.append(picture)

    assert {(one.shape, str(one.dtype)) for one in pictures} == {((512, 512, 3), "uint8")}
    moved = np.abs(pictures[-1].astype(int) - pictures[0])
    assert moved.max() > 30  # lips or lids
    assert moved.mean() < 20  # and yet the same portrait
    assert animator.seen


@needs_models
def test_a_portrait_is_opened_by_whatever_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mona.jpg"
    shutil.copy(assets.bundled_portraits()["charcoal"], path)
    monkeypatch.chdir(tmp_path)
    picture = read_picture(path)
    opened = [livecam.Persona.open(given, 256) for given in ("mona.jpg", path, picture, "charcoal")]
    for one in opened:
        assert isinstance(one, livecam.Persona)
        np.testing.assert_array_equal(one.foreground, opened[0].foreground)
        np.testing.assert_array_equal(one.picture, picture)
    assert opened[2].picture is not picture  # what becomes of the caller's array is no matter
    opened[0].save("eve")
    assert livecam.Persona.open("eve", 256).name == "eve"
    assert repr(opened[0]).startswith("<livecam.Persona of ")
    assert {"eve", "charcoal", "oil"} <= set(livecam.Persona.names())
    default = livecam.Persona.open(size=256)
    np.testing.assert_array_equal(default.picture, read_picture(assets.bundled_file(assets.PORTRAIT)))
    other = livecam.Persona.open("eve", 512)
    assert (other.name, other.size, other.foreground.shape) == ("eve", 512, (512, 512, 4))


def test_a_path_is_a_file_even_where_a_persona_has_its_name(
    persona: PersonaData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(
        "livecam.persona.enroll.enroll_cached", lambda path, *_: asked.append(path) or persona
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oil").touch()
    livecam.Persona.open(Path("oil"), 256)
    assert asked == [tmp_path / "oil"]
    livecam.Persona.open("oil", 256)
    assert asked[1] == assets.bundled_portraits()["oil"]


GREY = np.zeros((80, 80), np.uint8)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source": GREY}, r"portrait: it is 80 x 80 uint8.*np\.dstack"),
        ({"source": np.zeros((80, 80, 4), np.uint8)}, r"80 x 80 x 4 uint8.*picture\[\.\.\., :3\]"),
        ({"source": np.zeros((80, 80, 3))}, r"80 x 80 x 3 float64.*uint8, 0 to 255"),
        ({"source": np.zeros((0, 80, 3), np.uint8)}, "0 x 80 x 3 uint8, not H x W x 3"),
        ({"source": np.zeros((8, 80, 3), np.uint8)}, "portrait: 80x8 pixels are too few"),
        ({"source": b"mona.jpg"}, "portrait: it is a bytes"),
        ({"source": "nobody"}, "nobody: neither a picture nor a persona"),
        ({"size": 500}, "size 500: not supported. Use one of 256, 512, 768"),
        ({"size": "512"}, "size '512': not a whole number"),
        ({"region": (0, 0, 10)}, r"region \(0, 0, 10\): not four whole numbers"),
        ({"region": (0, 0, 90.5, 90)}, r"region \(0, 0, 90.5, 90\): not four whole numbers"),
        ({"region": "0,0,90,90"}, "region 0,0,90,90: not four whole numbers"),
        ({"region": 7}, "region 7: not four whole numbers"),
        ({"face_index": "0"}, "face_index '0': not a whole number"),
        ({"face_index": -1}, "face_index -1: out of range"),
        ({"mouth": "hidden"}, "mouth hidden: not an answer. Use auto, visible, covered"),
    ],
)
def test_a_portrait_that_cannot_be_one_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(livecam.UserError, match=said) as caught:
        livecam.Persona.open(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": 500}, "size 500: not supported"),
        ({"size": 512.5}, "size 512.5: not a whole number"),
        ({"size": "512"}, "size '512': not a whole number"),
        ({"engine": "abacus"}, "engine abacus: unknown"),
        ({"engine": 3}, "engine 3: unknown"),
        ({"canvas": (1280, 720)}, r"canvas \(1280, 720\): not WIDTHxHEIGHT"),
        ({"canvas": 3}, "canvas 3: not WIDTHxHEIGHT"),
        ({"expression_gain": "1"}, "expression-gain '1': not a number"),
        ({"canvas": "1280x721"}, "canvas 1280x721: odd"),
        ({"expression_gain": 4}, "expression-gain 4: out of range"),
        ({"pose_gain": float("nan")}, "pose-gain nan: out of range"),
    ],
)
def test_a_setting_that_there_is_not_is_named_at_once(
    persona: PersonaData, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(livecam.UserError, match=said):
        livecam.Animator(persona, **given)


def test_a_portrait_that_was_not_opened_is_named() -> None:
    unopened: Any = "mona.jpg"
    with pytest.raises(livecam.UserError, match=r"persona: it is a str.*Persona\.open"):
        livecam.Animator(unopened)


FACE = np.zeros((478, 3), np.float32)
PICTURE = np.zeros((48, 64, 3), np.uint8)
SHARES = np.random.default_rng(0).uniform(-0.4, 1.4, (478, 3))
"""Of a frame that the face fills and more."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frame": PICTURE[..., 0]}, "frame: it is 48 x 64 uint8"),
        ({"frame": PICTURE / 255}, "frame: it is 48 x 64 x 3 float64"),
        ({"frame": PICTURE.transpose(2, 0, 1)}, "frame: it is 3 x 48 x 64 uint8"),
        ({"frame": PICTURE[:0]}, "frame: it is 0 x 64 x 3"),
        ({"frame": "frame.jpg"}, "frame: it is a str"),
        ({"landmarks": FACE[:468]}, r"landmarks: its shape is \(468, 3\)"),
        ({"landmarks": FACE[:, :2]}, r"landmarks: its shape is \(478, 2\)"),
        ({"landmarks": FACE * np.nan}, "landmarks: not all of them are finite"),
        ({"landmarks": FACE}, "landmarks: they have no width or no height"),
        ({"landmarks": SHARES}, "landmarks: they look like shares .* Multiply by its width and height"),
        ({"landmarks": [[0.0, 0.0, 0.0]]}, "landmarks: it is a list"),
        ({"landmarks": FACE.astype(object)}, "landmarks: it is a object array"),
        ({"frame": PICTURE, "landmarks": FACE}, "frame and landmarks: both"),
        ({"time_s": float("nan")}, "time_s nan: not a finite number"),
        ({"landmarks": np.float64(1e38) * (1 + 1e3 * SHARES)}, "landmarks: not all of them are finite"),
        ({"time_s": True}, "time_s True: not a finite number"),
        ({"time_s": "now"}, "time_s 'now': not a finite number"),
        ({"time_s": "1"}, "time_s '1': not a finite number"),
        ({"time_s": 10**400}, r"time_s 1000.*: not a finite number"),
        ({"time_s": 1.5}, "time_s 1.5: it goes back: the last was 2"),
    ],
)
def test_wrong_input_is_named_and_changes_nothing(
    animator: Make, face: NDArray[np.float32], given: dict[str, Any], said: str
) -> None:
    with animator() as moving, animator() as other:
        before = [one(time_s=2.0, landmarks=face) for one in (moving, other)]
        with pytest.raises(livecam.UserError, match=said), np.errstate(all="raise"):
            moving(**{"time_s": 2.5} | given)
        after = [one(time_s=2.1, landmarks=with_lip_gap(face, 0.4)) for one in (moving, other)]
    np.testing.assert_array_equal(*before)
    np.testing.assert_array_equal(*after)


def test_landmarks_move_the_portrait_and_need_no_tracker(
    animator: Make, face: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("livecam.face.tracker.FaceTracker")
    with animator(canvas="source", motion=livecam.MotionSettings(idle=False)) as moving:
        shut = moving(time_s=0.0, landmarks=face)
        wide = moving(time_s=0.1, landmarks=with_lip_gap(face, 0.4).astype(np.float64))
        nobody = [moving(time_s=0.1 + 0.5 * k) for k in range(1, 5)]
        resting = moving.resting()
    assert shut.shape == (moving.height, moving.width, 3) == moving.persona.picture.shape
    assert np.abs(wide.astype(int) - shut).max() > 60
    np.testing.assert_array_equal(nobody[-1], resting)


def test_landmarks_may_lie_anywhere_and_be_mirrored(animator: Make, face: NDArray[np.float32]) -> None:
    """Nobody says how large their frame is."""
    left, right = turned(face, yaw=-14), turned(face, yaw=14)
    far = np.array([9000, -700, 0], np.float32)
    pictures = []
    for options, points in (({}, right), ({"mirror": True}, left), ({}, left)):
        with animator(**options) as moving:
            moving(time_s=0.0, landmarks=face + far)
            pictures.append([moving(time_s=0.1 * k, landmarks=points + far) for k in range(1, 9)][-1])
    same, other = (np.abs(pictures[0].astype(int) - one).mean() for one in pictures[1:])
    assert same < other / 4
    settings = livecam.MotionSettings(mirror=True)
    with animator(motion=settings) as moving:
        moving(time_s=0.0, landmarks=face + far)
        again = [moving(time_s=0.1 * k, landmarks=left + far) for k in range(1, 9)][-1]
    np.testing.assert_array_equal(again, pictures[1])


def test_frames_may_be_views_and_of_any_size(animator: Make, face: NDArray[np.float32]) -> None:
    """BGR turned round, as OpenCV's users do it, is no array in one piece."""
    seen: list[NDArray[np.uint8]] = []

    class Looking(Tracked):
        def track(self, image: NDArray[np.uint8], capture_ns: int) -> Any:
            seen.append(image)
            return super().track(image, capture_ns)

    picture = np.full((64, 64, 3), GREEN, np.uint8)
    with animator(tracker=Looking(face)) as moving:
        for frame in (picture[..., ::-1], picture[:, ::2], picture[::-1, :5]):
            assert moving(frame).shape == (256, 256, 3)
            np.testing.assert_array_equal(seen[-1], frame)
            assert seen[-1].flags.c_contiguous


@pytest.mark.parametrize("seed", range(3))
def test_points_that_are_no_face_leave_the_portrait_whole(
    animator: Make, face: NDArray[np.float32], seed: int
) -> None:
    """Whatever a tracker gives, before and after the neutral face is known: pictures, never an error."""
    rng = np.random.default_rng(seed)
    line = face.copy()
    line[:, 0] = face[:, 1]
    noise = [rng.normal(0, sd, (478, 3)) for sd in (1.0, 300.0, 1e9, 1e30)]
    for first in (line, *noise):
        with animator() as moving:
            for k, points in enumerate([first, face, first, face]):
                assert moving(time_s=k / 10, landmarks=points).shape == (256, 256, 3)


def test_a_recorded_face_that_is_one_point_is_none(animator: Make) -> None:
    with animator() as moving:
        point = DriverFrame(0, 0, 512, 512, landmarks=np.full((478, 3), 7, np.float32))
        assert moving.observe(point) is None


def test_points_on_a_line_are_nobody(animator: Make) -> None:
    """Level, upright and aslant, near the corner and far from it, with what float32 makes of it. NumPy's
    warnings are errors here."""
    along = np.linspace(0, 300, 478)
    for x, y, away in ((1, 0, 100), (0, 1, 100), (1, 1, 0), (1, -0.3, 1e4)):
        line = (np.stack([x * along, y * along, along], 1) + away).astype(np.float32)
        with animator() as moving, np.errstate(all="raise"):
            assert moving.observe(DriverFrame(0, 0, 0, 0, landmarks=line)) is None


def test_what_is_no_face_is_recorded_as_none(persona: PersonaData, face: NDArray[np.float32]) -> None:
    recorded: list[NDArray[np.float32] | None] = []
    with livecam.Animator(
        persona, engine="cpu", refine=False, record=lambda time, points, *size: recorded.append(points)
    ) as moving:
        for points in (face, np.full_like(face, np.inf), np.full_like(face, 3e38)):
            moving.observe(DriverFrame(0, 0, 512, 512, landmarks=points))
    assert [points is None for points in recorded] == [False, True, True]


def test_no_time_means_now(animator: Make, face: NDArray[np.float32]) -> None:
    with animator() as moving:
        moving(landmarks=face)
        moving(landmarks=face)


@pytest.mark.parametrize("times", [(None, -104), (8e9, None)])
def test_times_of_some_frames_alone_are_seen(
    animator: Make, face: NDArray[np.float32], times: tuple[float | None, float | None]
) -> None:
    first, then = times
    with animator() as moving:
        moving(time_s=first, landmarks=face)
        with pytest.raises(livecam.UserError, match=f"time_s {then}: times must all be given, or none"):
            moving(time_s=then, landmarks=face)


@needs_models
def test_a_region_may_be_an_array() -> None:
    picture = read_picture(assets.bundled_file(assets.PORTRAIT))
    region: Any = np.array([0, 0, picture.shape[1], picture.shape[0]])
    assert livecam.Persona.open(picture, 256, region=region).size == 256


def test_another_size_is_prepared(
    persona: PersonaData, face: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    from faces import ellipse_mask

    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    with livecam.Animator(persona, size=512, engine="cpu", refine=False) as moving:
        assert moving(landmarks=face).shape == (512, 512, 3)
    assert persona.size == 256


def motions_of(persona: PersonaData, face: NDArray[np.float32]) -> list[Motion]:
    """At rest, and moved in several ways."""
    moving = livecam.Animator(persona)
    moving.calibrate(face, 0.0)
    shifted = face + np.array([60, 0, 0], np.float32)
    return [rest(persona.landmarks)] + [
        moving.animate(points.astype(np.float32), 1.0)
        for points in (shifted, turned(face, yaw=15), with_lip_gap(face, 0.3))
    ]


def test_alpha_is_what_the_renderer_blends_with(persona: PersonaData, face: NDArray[np.float32]) -> None:
    """A white person before a black background is drawn as its own alpha."""
    matte = persona.foreground[..., 3:]
    white = np.concatenate([np.full_like(persona.foreground[..., :3], 255), matte], 2)
    bare = replace(
        persona,
        foreground=np.ascontiguousarray(white),
        background=np.zeros_like(persona.background),
        interior=np.full_like(persona.interior, 255),
    )
    renderer, cut_out = CpuRenderer(bare), CutOut(bare)
    for motion in motions_of(persona, face):
        drawn, alpha = renderer.render(motion)[..., 0].astype(int), cut_out.alpha(motion)
        edge = alpha < 255  # within the person lids and lips are drawn, too
        assert edge.mean() > 0.1
        assert np.abs(drawn - alpha)[edge].max() <= 1
        np.testing.assert_array_equal(renderer.alpha, alpha)  # so that nobody has to work it out twice


def test_alpha_follows_the_head_and_lies_back_without_a_rim(
    persona: PersonaData, face: NDArray[np.float32]
) -> None:
    renderer, cut_out = CpuRenderer(persona), CutOut(persona)
    middles = []
    for motion in motions_of(persona, face):
        picture = renderer.render(motion)
        cut = cut_out(picture, motion)
        colours, alpha = cut[..., :3].astype(float), cut[..., 3:] / 255
        again = colours * alpha + persona.background * (1 - alpha)
        assert np.abs(again - picture).max() <= 1.01  # two roundings
        x, y = (motion.landmarks[1, :2] * persona.size).astype(int)  # the nose's tip
        assert cut[y, x, 3] == 255
        assert (cut[0, 0, 3], cut[0, -1, 3]) == (0, 0)
        rows = alpha[: persona.size // 2, :, 0]  # above the shoulders, which stand still
        middles.append((rows.sum(0) * np.arange(persona.size)).sum() / rows.sum())
    moved = (motions_of(persona, face)[1].landmarks - persona.landmarks)[:, 0].mean() * persona.size
    assert moved > 4
    assert middles[1] - middles[0] > moved / 2


def test_the_fourth_channel_is_alpha(animator: Make, face: NDArray[np.float32]) -> None:
    with animator(alpha=True) as moving, animator() as other:
        for k, points in enumerate([face, with_lip_gap(face, 0.3), turned(face, yaw=10)]):
            cut, picture = (one(time_s=k / 10, landmarks=points) for one in (moving, other))
            assert (cut.shape, cut.dtype) == ((256, 256, 4), np.uint8)
            solid = cut[..., 3] == 255
            np.testing.assert_array_equal(cut[solid, :3], picture[solid])
        assert moving.resting().shape == (256, 256, 4)


class Closable:
    """A renderer or a tracker that knows whether it was closed."""

    name = "mine"

    def __init__(self) -> None:
        self.closed = False

    def __enter__(self) -> Closable:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def track(self, image: NDArray[np.uint8], capture_ns: int) -> None:
        return None

    def render(self, motion: Motion) -> NDArray[np.uint8]:
        return np.full((256, 256, 3), 90, np.uint8)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("own", [False, True])
def test_it_closes_what_it_opened_and_only_that(
    persona: PersonaData, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    renderer, tracker = Closable(), Closable()
    monkeypatch.setattr("livecam.render.choose.make_renderer", lambda *_: renderer)
    monkeypatch.setattr("livecam.face.tracker.FaceTracker", lambda: tracker)
    given: dict[str, Any] = {"renderer": renderer, "tracker": tracker} if own else {}
    with livecam.Animator(persona, **given) as moving:
        moving(PICTURE)
        assert (renderer.closed, tracker.closed) == (False, False)
    assert (renderer.closed, tracker.closed) == (not own, not own)
    for use in (moving, moving.resting):
        with pytest.raises(livecam.UserError, match="animator: it is closed"):
            use()
    moving.close()  # twice does no harm


def test_importing_it_takes_nothing_heavy() -> None:
    code = (
        "import sys, json, livecam; first = sorted(sys.modules); names = dir(livecam);"
        "livecam.UserError, livecam.open_sink;"
        "print(json.dumps([first, names, sorted(sys.modules)]))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    first, names, later = json.loads(told)
    assert [name for name in first if name.startswith("livecam.")] == []
    assert not set(HEAVY) & set(first)
    assert names == sorted(names)
    assert {"Animator", "Persona", "UserError", "animate_clip", "open_source"} <= set(names)
    assert not set(HEAVY) - {"numpy"} & set(later)


def test_every_name_is_there_and_no_other() -> None:
    for name in livecam.__all__:
        assert getattr(livecam, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Persone'"):
        getattr(livecam, "Persone")  # noqa: B009


@needs_models
def test_a_clip_is_animated_as_the_command_does_it(tmp_path: Path) -> None:
    from livecam import session
    from livecam.settings import Settings

    driver = assets.bundled_file(assets.DRIVER)
    request = session.Request(None, str(driver), (str(tmp_path / "%05d.png"),))
    session.run(request, Settings(size=256, canvas="source", engine="cpu", max_frames=4))
    persona = livecam.Persona.open(size=256)
    with (
        livecam.open_source(str(driver)) as source,
        livecam.Animator(persona, engine="cpu", canvas="source") as animator,
    ):
        frames = list(livecam.animate_clip(source, animator, max_frames=4))
    assert len(frames) == 4
    for frame in frames:
        written = read_picture(tmp_path / f"{frame.index:05d}.png")
        np.testing.assert_array_equal(frame.pixels, written)
