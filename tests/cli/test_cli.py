"""The commands as a person types them: what comes out, and one clear line for everything that cannot work."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import draw_face


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A short film of noise: a video, without a face."""
    import av

    path = tmp_path_factory.mktemp("clip") / "noise.mp4"
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(8):
            picture = rng.integers(0, 255, (240, 320, 3), np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return path


def complains(result, *words):
    code, _, err = result
    assert code == 2, err
    assert err.count("\n") == 1, "one line"
    assert err.startswith("livecam: ")
    for word in words:
        assert word in err


def test_version_and_help(livecam):
    from livecam import __version__

    assert livecam("--version")[:2] == (0, f"{__version__}\n")
    code, out, _ = livecam("--help")
    assert code == 0
    for command in ("run", "demo", "enroll", "personas", "doctor", "build", "bench"):
        assert command in out


def test_wrong_words(livecam):
    complains(livecam("runn"), "runn")
    complains(livecam("run", "--sizee", "3"), "--sizee")
    complains(livecam("run", "--fps", "fast"), "--fps", "number")


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["run", "--fps", "fast"], ". See `livecam run --help`."),
        (["run", "--sizee", "3"], " See `livecam run --help`."),
        (["run", "--what", "3"], ". See `livecam run --help`."),
        (["enroll", "x.png"], ". See `livecam enroll --help`."),
        (["camera-setup", "more"], ". See `livecam camera-setup --help`."),
        (["runn"], " See `livecam --help`."),
        (["--what"], ". See `livecam --help`."),
    ],
)
def test_wrong_words_name_the_help_of_their_command(livecam, monkeypatch, words, end):
    monkeypatch.setattr("livecam.cli.program.as_typed", lambda text: text)
    complaint = livecam(*words)[2].rstrip()
    assert complaint.endswith(end), complaint
    assert complaint.removesuffix(f" See{end.partition(' See')[2]}")[-1] in ".?!"
    assert ".." not in complaint


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["missing.jpg", "--driver", "CLIP"], ["missing.jpg", "no such file"]),
        (["nobody", "--driver", "CLIP"], ["nobody", "neither a picture nor a persona"]),
        (["PORTRAIT", "--driver", "missing.mp4"], ["missing.mp4"]),
        (["PORTRAIT", "--driver", "TEXT"], ["words.mp4"]),
        (["PORTRAIT", "--driver", "EMPTY"], ["empty.mp4"]),
        (["PORTRAIT", "--driver", "camera:97"], ["97"]),
        (["TEXTJPG", "--driver", "CLIP"], ["words.jpg", "not a picture"]),
        (["PORTRAIT", "--driver", "CLIP"], ["drawn.png", "no face"]),
        (["--canvas", "641x480", "--driver", "CLIP"], ["641x480", "odd"]),
        (["--canvas", "wide", "--driver", "CLIP"], ["wide", "WIDTHxHEIGHT"]),
        (["--size", "300", "--driver", "CLIP"], ["300", "256, 512, 768"]),
        (["--engine", "magic", "--driver", "CLIP"], ["magic"]),
        (["--max-frames", "0", "--driver", "CLIP"], ["max-frames", "1 to "]),
        (["--expression-gain", "nan", "--driver", "CLIP"], ["--expression-gain nan", "0 to 3"]),
        (["--pose-gain", "inf", "--driver", "CLIP"], ["--pose-gain inf", "0 to 3"]),
        (["--follow", "me", "--driver", "CLIP"], ["follow me", "head, frame, all"]),
        (["--fps", "nan", "--driver", "CLIP"], ["--fps nan", "1 to 240"]),
        (["--neutral", "-5", "--driver", "CLIP"], ["--neutral -5", "0 to "]),
        (["--neutral", "9999", "--driver", "CLIP"], ["9999", "has 8 frames", "--neutral 0 to 7"]),
        (["--face-index", "-1", "--driver", "CLIP"], ["--face-index -1", "0 to "]),
        (["--sink", "out.xyz", "--driver", "CLIP"], ["out.xyz"]),
        (["--sink", "no/such/folder/out.mp4", "--driver", "CLIP"], ["no/such/folder"]),
        (["--report", "no/such/folder/r.json", "--driver", "CLIP"], ["r.json", "cannot be written"]),
        (["PORTRAIT", "--crop", "1,2,3", "--driver", "CLIP"], ["1,2,3", "x,y,width,height"]),
        (["PORTRAIT", "--crop", "9000,0,10,10", "--driver", "CLIP"], ["9000"]),
    ],
)
def test_bad_input_gets_one_clear_line(livecam, clip, face, tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    drawn = tmp_path / "drawn.png"
    cv2.imwrite(str(drawn), np.full((300, 300, 3), 90, np.uint8))
    (tmp_path / "words.mp4").write_text("not a film")
    (tmp_path / "words.jpg").write_text("not a picture")
    (tmp_path / "empty.mp4").touch()
    places = {
        "PORTRAIT": drawn,
        "CLIP": clip,
        "TEXT": "words.mp4",
        "TEXTJPG": "words.jpg",
        "EMPTY": "empty.mp4",
    }
    words = [str(places.get(w, w)) for w in words]
    if "--sink" not in words:
        words += ["--sink", "null"]
    complains(livecam("run", *words), *expected)


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
@pytest.mark.parametrize(
    "words",
    [
        ("bench", "--screen", "--seconds"),
        ("bench", "--screen", "--load"),
        ("enroll", "x.png", "--name", "x", "--steps"),
    ],
)
def test_numbers_of_other_commands_have_ranges_too(livecam, words, value):
    complains(livecam(*words, value), words[-1])


def test_the_help_of_every_number_says_its_range():
    from typing import Annotated, get_args, get_origin, get_type_hints

    from livecam.cli.commands import app

    numbers = 0
    for command in app.registered_commands:
        for name, hint in get_type_hints(command.callback, include_extras=True).items():
            if get_origin(hint) is Annotated and {int, float} & {hint.__origin__, *get_args(hint.__origin__)}:
                numbers += 1
                assert re.search(r"\([\d.]+ to \d+\)|\(256, 512, 768\)$", hint.__metadata__[0].help), name
    assert numbers >= 10


def test_a_corrupt_persona_and_how_to_mend_it(livecam, clip, persona):
    from dataclasses import replace

    from livecam.persona import store

    store.save(replace(persona, name="eve"))
    tensors = store.tensor_path("eve", 256)
    tensors.write_bytes(tensors.read_bytes()[:1000])
    result = livecam("run", "eve", "--size", "256", "--driver", clip, "--sink", "null")
    complains(result, "persona eve", "damaged", "livecam enroll")


def test_a_corrupt_face_model_and_how_to_mend_it(livecam, clip, persona, monkeypatch, tmp_path):
    import shutil
    from dataclasses import replace

    from livecam.face import bundle
    from livecam.persona import store

    store.save(replace(persona, name="eve"))
    whole = bundle.model_folder()
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
    words = ("run", "eve", "--size", "256", "--driver", clip, "--sink", "null")
    complains(livecam(*words), "face model", "missing", "livecam build")
    shutil.copytree(whole, bundle.model_folder())
    model = bundle.model_folder() / bundle.FACE_LANDMARKER
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    complains(livecam(*words), "face model", "corrupt", "livecam build")


def test_a_clip_without_a_face_is_an_error_and_what_was_written_stays(livecam, clip, persona, tmp_path):
    """The portrait rests in it. The report says what was measured."""
    from dataclasses import replace

    from livecam.persona import store

    store.save(replace(persona, name="eve"))
    report = tmp_path / "r.json"
    words = ("run", "eve", "--size", "256", "--canvas", "source", "--driver", clip)
    result = livecam(*words, "--sink", f"{tmp_path}/frames/%05d.png", "--sink", "null", "--report", report)
    code, out, err = result
    wrote, _, complaint = err.partition("\n")
    assert wrote.startswith("Wrote ")
    complains((code, out, complaint), "noise.mp4", "no face was found in its 8 frames", "stays")
    names = sorted(p.name for p in (tmp_path / "frames").iterdir())
    assert names == [f"{k:05d}.png" for k in range(8)]
    picture = cv2.imread(str(tmp_path / "frames" / "00003.png"))[..., ::-1]
    assert picture.shape == persona.picture.shape
    measured = json.loads(report.read_text())
    assert measured["frames"] == 8
    assert measured["dropped"] == 0
    assert measured["engine"] == "cpu"
    assert set(measured["stages"]) == {"capture", "track", "motion", "generate", "canvas", "sink", "total"}
    for name in ("fps", "cpu_ms_per_frame", "rss_mb"):
        assert measured[name] > 0


def test_enroll_and_personas(livecam, face, tmp_path, monkeypatch):
    from dataclasses import dataclass

    @dataclass
    class Found:
        landmarks: np.ndarray
        plausible: bool = True

    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(face.copy())])
    picture = tmp_path / "ada.png"
    cv2.imwrite(str(picture), draw_face(face)[..., ::-1])
    code, out, err = livecam("enroll", picture, "--name", "ada", "--size", "256")
    assert code == 0, err
    assert "livecam run ada" in out
    code, out, _ = livecam("personas", "--json")
    assert json.loads(out)["personas"][0]["name"] == "ada"
    assert json.loads(out)["personas"][0]["sizes"] == [256]
    assert "ada" in livecam("personas")[1]
    complains(livecam("enroll", picture, "--name", "../ada"), "not usable")


def test_doctor_speaks_to_people_and_to_programs(livecam):
    _, out, _ = livecam("doctor", "--json")
    checks = json.loads(out)
    assert checks
    assert "Python" in livecam("doctor")[1]


def test_a_failed_check_is_the_exit_code(livecam, monkeypatch):
    from livecam import doctor

    monkeypatch.setattr(doctor, "diagnose", lambda: [doctor.Check("memory", "fail", "none", "Buy some.")])
    assert livecam("doctor")[0] == 1
    monkeypatch.setattr(doctor, "diagnose", lambda: [doctor.Check("memory", "ok", "some")])
    assert livecam("doctor")[0] == 0


@pytest.fixture
def benches(monkeypatch):
    """Which measurement was asked for, with what."""
    from livecam.benchmarks.glass_to_glass import command as glass_to_glass
    from livecam.benchmarks.glass_to_glass import screen
    from livecam.benchmarks.latency import command as latency

    asked = []
    for name, module in (("glass_to_glass", glass_to_glass), ("screen", screen), ("latency", latency)):
        monkeypatch.setattr(
            module, "measure_and_print", lambda *given, name=name: asked.append((name, *given))
        )
    return asked


def test_bench_hands_its_options_on(livecam, benches, tmp_path):
    out = tmp_path / "out.json"
    assert livecam("bench", "--json", out)[0] == 0
    assert livecam("bench", "--glass-to-glass", "--load", "2", "--html", "a.html")[0] == 0
    assert livecam("bench", "--screen")[0] == 0
    words = ("--driver", "camera:1", "--sink", "camera:10", "--seconds", "5", "--load", "1", "--json", out)
    assert livecam("bench", "--screen", *words)[0] == 0
    assert benches == [
        ("latency", out),
        ("glass_to_glass", None, Path("a.html"), 2),
        ("screen", "camera", None, 60.0, None, 0),
        ("screen", "camera:1", "camera:10", 5.0, out, 1),
    ]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--load", "2"], "--load"),
        (["--glass-to-glass", "--driver", "camera"], "--driver"),
        (["--screen", "--html", "a.html"], "--html"),
        (["--screen", "--glass-to-glass"], "--screen"),
    ],
)
def test_bench_refuses_what_it_would_ignore(livecam, benches, words, named):
    complains(livecam("bench", *words), named)
    assert benches == []


def test_the_command_line_is_quick_to_import():
    """Nothing heavy before it is needed."""
    code = (
        "import sys, livecam.cli.commands;"
        "heavy = {'torch', 'mediapipe', 'cv2', 'numba', 'av', 'onnxruntime', 'matplotlib', 'uvicorn'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


@pytest.mark.parametrize(
    ("words", "variable", "idle"),
    [((), None, True), (("--no-idle",), None, False), ((), "false", False), (("--idle",), "false", True)],
)
def test_a_run_is_told_whether_the_portrait_is_idle(livecam, clip, monkeypatch, words, variable, idle):
    seen = []
    if variable is not None:
        monkeypatch.setenv("LIVECAM_MOTION_IDLE", variable)
    monkeypatch.setattr("livecam.session.run", lambda request, settings, *more: seen.append(settings))
    code, _, err = livecam("run", "--driver", str(clip), "--sink", "null", *words)
    assert code == 0, err
    assert [settings.motion.idle for settings in seen] == [idle]
