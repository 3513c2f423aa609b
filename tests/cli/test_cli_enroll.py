"""`livecam enroll` with several pictures and fine-tuning, and runs with weights that are damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from faces import draw_face, ellipse_mask, with_lip_gap

from livecam.generator import weights as shipped
from livecam.persona import store


@dataclass
class Found:
    landmarks: np.ndarray
    plausible: bool = True


@pytest.fixture
def pictures(face, tmp_path, monkeypatch):
    """Two pictures of the drawn face, and a detector that finds it."""
    monkeypatch.setattr("livecam.face.detector.find_faces", lambda image: [Found(face.copy())])
    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    paths = [tmp_path / "one.png", tmp_path / "two.png"]
    for path, gap in zip(paths, (0.0, 0.4), strict=True):
        cv2.imwrite(str(path), draw_face(with_lip_gap(face, gap))[..., ::-1])
    return paths


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from refiner_weights import write_weights

    return write_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def installed(weights, monkeypatch):
    monkeypatch.setenv(shipped.VARIABLE, str(weights.folder))
    return weights


def complains(result, *words):
    code, _, err = result
    assert code == 2, err
    assert err.count("\n") == 1, "one line"
    for word in words:
        assert word in err


def test_the_style_of_all_pictures_is_stored(livecam, pictures, installed):
    code, out, err = livecam("enroll", *pictures, "--name", "ada", "--size", "256")
    assert code == 0, err
    assert "from 2 pictures" in out
    persona = store.load("ada", 256)
    assert persona is not None
    assert persona.shots is not None
    assert len(persona.shots) == 2
    assert persona.style is not None
    assert (persona.style.weights, persona.style.steps) == (installed.name, 0)


def test_enrolling_over_a_name_is_said_and_nothing_of_the_old_one_stays(livecam, pictures, face, monkeypatch):
    """Two pictures and two sizes: what is used at any size is the portrait enrolled last."""
    from livecam.persona.opening import open_persona

    one, two = pictures
    code, out, err = livecam("enroll", one, "--name", "ada", "--size", "512")
    assert code == 0, err
    assert "replacing" not in out
    assert "livecam run ada --sink page" in out
    code, out, err = livecam("enroll", two, "--name", "ada", "--size", "256")
    assert code == 0, err
    assert ", replacing the one from one.png." in out
    for size in (512, 256, 768):
        persona = open_persona("ada", size)
        assert persona.meta["source"] == "two.png"
        np.testing.assert_array_equal(persona.picture, cv2.imread(str(two))[..., ::-1])
    assert store.sizes("ada") == [768, 512, 256]
    (store.persona_folder() / "ada" / "persona.json").write_text("{")
    code, out, err = livecam("enroll", one, "--name", "ada", "--size", "256")
    assert code == 0, err
    assert ", replacing the one before." in out


def test_a_mistyped_picture_is_an_error_and_nothing_is_stored(livecam, pictures):
    complains(livecam("enroll", pictures[0], "zzz.jpg", "--name", "two"), "zzz.jpg", "no such file")
    assert not store.exists("two")


def test_names_of_bundled_portraits_are_taken(livecam, pictures):
    complains(livecam("enroll", *pictures, "--name", "oil", "--size", "256"), "oil", "comes with livecam")
    assert not store.exists("oil")


def test_a_fine_tuned_style_is_stored_only_if_it_is_better(livecam, pictures, installed, monkeypatch):
    from livecam.finetune.tuning import StyleRating

    words = ("enroll", *pictures, "--size", "256", "--steps", "2")
    monkeypatch.setattr(StyleRating, "beats", lambda self, start: False)
    code, out, err = livecam(*words, "--name", "ada")
    assert code == 0, err
    assert "the start is kept" in out
    ada = store.load("ada", 256)
    monkeypatch.setattr(StyleRating, "beats", lambda self, start: True)
    monkeypatch.setattr("livecam.finetune.tuning.Tuner.judge", falling())
    code, out, err = livecam(*words, "--name", "eve")
    assert code == 0, err
    assert "% nearer" in out
    eve = store.load("eve", 256)
    assert ada is not None
    assert eve is not None
    assert ada.style is not None
    assert eve.style is not None
    assert (ada.style.steps, eve.style.steps) == (0, 2)
    assert (ada.style.values != eve.style.values).any()


def test_what_is_enrolled_already_is_fine_tuned_from_its_own_pictures(
    livecam, pictures, installed, monkeypatch
):
    """What is no better leaves the portrait as it was."""
    from livecam.finetune import tuning
    from livecam.persona.opening import open_persona

    monkeypatch.setenv("LIVECAM_SIZE", "256")
    code, _, err = livecam("enroll", *pictures, "--name", "eve")
    assert code == 0, err
    before = open_persona("eve", 256).style
    monkeypatch.setattr(tuning.StyleRating, "beats", lambda self, start: False)
    code, out, err = livecam("tune", "eve", "--steps", "2")
    assert code == 0, err
    assert "the start is kept" in out
    monkeypatch.setattr(tuning.StyleRating, "beats", lambda self, start: True)
    monkeypatch.setattr(tuning.Tuner, "judge", falling())
    code, out, err = livecam("tune", "eve", "--steps", "2")
    assert code == 0, err
    assert "% nearer" in out
    after = open_persona("eve", 256).style
    assert before is not None
    assert after is not None
    assert (before.steps, after.steps) == (0, 2)
    assert (before.values != after.values).any()
    complains(livecam("tune", "nobody"), "nobody", "Enrolled: eve")
    complains(livecam("tune", "oil"), "none of that name is enrolled")


def falling():
    """A judge to whom every style is better than the one before."""
    from livecam.finetune.tuning import StyleRating

    errors = iter(1 / n for n in range(1, 100))
    return lambda self, kept, far, style: StyleRating(next(errors), 1.0, 0.0)


def test_fine_tuning_needs_weights_and_pytorch(livecam, pictures, monkeypatch, tmp_path, caplog):
    words = ("enroll", *pictures, "--name", "ada", "--steps", "2")
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    monkeypatch.delenv(shipped.VARIABLE, raising=False)
    complains(livecam(*words), "--steps", "no refiner's weights")
    real = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else real(name))
    complains(livecam(*words), "--steps", "torch is not installed", "[finetune]")
    assert not store.exists("ada")


def test_damaged_weights_are_one_clear_line(livecam, persona, installed, tmp_path, monkeypatch):
    import shutil
    from dataclasses import replace

    store.save(replace(persona, name="eve"))
    folder = tmp_path / "refiner"
    shutil.copytree(installed.folder, folder)
    (folder / shipped.EMBEDDER).write_bytes(b"no graph")
    monkeypatch.setenv(shipped.VARIABLE, str(folder))
    words = ("run", "eve", "--size", "256", "--driver", tmp_path / "none.mp4", "--sink", "null")
    complains(livecam(*words), "none.mp4")  # the driver is looked at first
    (tmp_path / "clip.mp4").write_bytes(clip())
    words = ("run", "eve", "--size", "256", "--driver", tmp_path / "clip.mp4", "--sink", "null")
    complains(livecam(*words), "embedder.onnx", "damaged", "--no-refine")
    complains(livecam(*words, "--no-refine"), "no face")  # it ran


def clip() -> bytes:
    """Two grey frames."""
    import io

    import av

    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(2):
            picture = np.full((240, 320, 3), 90, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return memory.getvalue()


def test_bad_folders_are_named_and_the_others_listed(livecam, persona):
    """One line of warning for each; a folder is called by its own name, whatever its file says."""
    folder = store.save(persona).parent
    (folder / "drawn").rename(folder / "moved")
    bad = {"empty": "{}", "deep": "[" * 100_000, "my folder": "{}", "cut": "{", "list": '{"name": [1]}'}
    for name, text in bad.items():
        (folder / name).mkdir()
        (folder / name / "persona.json").write_text(text)
    code, out, err = livecam("personas")
    assert code == 0, err
    assert out.startswith("moved ")
    assert "oil" in out
    assert not any(name in out for name in bad)
    code, out, _ = livecam("personas", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)["personas"]] == ["moved"]
    done = subprocess.run(
        [sys.executable, "-m", "livecam.cli", "personas"], capture_output=True, text=True, check=True
    )
    assert len(done.stderr.splitlines()) == len(bad)
    assert all(name in done.stderr for name in bad)
