"""Names and files become portraits; what comes with livecam is there and works."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from doubles import Clip, Collected, Tracked
from faces import turned

from livecam import assets, session
from livecam.errors import UserError
from livecam.face import bundle
from livecam.persona import store
from livecam.persona.opening import open_persona
from livecam.settings import Settings

needs_models = pytest.mark.skipif(
    bundle.problem(bundle.FACE_LANDMARKER, bundle.model_folder()) is not None,
    reason="the face model is not built (python -m livecam.export.face_model)",
)


def test_six_portraits_and_a_clip_come_with_livecam_and_stay_small():
    portraits = assets.bundled_portraits()
    assert len(portraits) == 6
    files = [*portraits.values(), assets.bundled_file(assets.DRIVER)]
    assert sum(f.stat().st_size for f in files) < 3_000_000  # what one may add to a download


@needs_models
@pytest.mark.parametrize("name", sorted(assets.bundled_portraits()))
def test_every_bundled_portrait_can_be_enrolled(name):
    persona = open_persona(name, 256)
    assert persona.size == 256
    assert persona.foreground[..., 3].mean() > 60  # a person fills a good part of the crop


def test_a_persona_of_another_size_is_made_anew(persona, monkeypatch):
    from dataclasses import replace

    from faces import ellipse_mask

    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    store.save(replace(persona, name="eve"))
    assert open_persona("eve", 512).size == 512
    assert store.sizes("eve") == [512, 256]


@pytest.mark.parametrize("version", [store.VERSION - 1, store.VERSION + 1, None])
def test_a_persona_of_another_format_is_made_anew_from_its_picture(persona, monkeypatch, version, caplog):
    """Whatever its layers look like. Other sizes are forgotten, and come back when asked for."""
    import json
    from dataclasses import replace

    import safetensors.numpy as tensors
    from faces import ellipse_mask

    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    folder = store.save(replace(persona, name="eve"))
    assert open_persona("eve", 512).size == 512
    description = json.loads((folder / "persona.json").read_text())
    for key in ("tensors", "checksum", "portrait"):  # which formats up to 16 did not have
        del description[key]
    (folder / "persona.json").write_text(json.dumps(description | {"version": version}))
    for path in folder.glob("*.safetensors"):
        kept = tensors.load_file(path)
        old = folder / f"{path.name.rpartition('-')[0]}.safetensors"
        tensors.save_file({name: kept[name] for name in ("picture", "landmarks")}, old)
        path.unlink()
    assert store.sizes("eve") == [512, 256]
    with pytest.raises(UserError, match="another version"):
        store.load("eve", 256)
    made = open_persona("eve", 256)
    np.testing.assert_array_equal(made.interior, persona.interior)
    np.testing.assert_allclose(made.landmarks, persona.landmarks, atol=1e-5)
    assert made.meta == persona.meta
    assert "enrol it again" in caplog.text
    assert not store.outdated("eve")
    assert store.sizes("eve") == [256]


@pytest.mark.parametrize("lost", ["picture", "landmarks", "crop", "tensors"])
def test_a_persona_of_another_format_without_its_picture_is_one_clear_line(persona, lost):
    import json
    from dataclasses import replace

    import safetensors.numpy as tensors

    folder = store.save(replace(persona, name="eve"))
    description = json.loads((folder / "persona.json").read_text()) | {"version": 3}
    del description["tensors"]
    path = store.tensor_path("eve", 256).rename(folder / "tensors-256.safetensors")
    kept = tensors.load_file(path)
    if lost == "crop":
        del description["crop"]
    elif lost == "tensors":
        path.unlink()
    else:
        del kept[lost]
        tensors.save_file(kept, path)
    (folder / "persona.json").write_text(json.dumps(description))
    with pytest.raises(UserError, match=r"persona eve: its files are damaged.*livecam enroll IMAGE"):
        open_persona("eve", 256)


def test_an_enrolled_name_beats_a_bundled_one(persona):
    from dataclasses import replace

    store.save(replace(persona, name="charcoal"))
    assert open_persona("charcoal", 256).meta["source"] == "drawn"


@pytest.mark.parametrize(("name", "kind"), [("mona", "a persona"), ("oil", "a bundled portrait")])
def test_a_name_that_is_a_file_too_is_answered_with_which_is_taken(
    persona, tmp_path, monkeypatch, caplog, name, kind
):
    from dataclasses import replace

    enrolled = []
    monkeypatch.setattr(
        "livecam.persona.enroll.enroll_cached", lambda path, *_: enrolled.append(path) or persona
    )
    if name == "mona":
        store.save(replace(persona, name=name))
    monkeypatch.chdir(tmp_path)
    open_persona(name, 256)
    assert caplog.text == ""
    (tmp_path / name).touch()
    open_persona(name, 256)
    assert kind in caplog.text
    assert f"./{name}" in caplog.text
    assert enrolled == ([] if name == "mona" else 2 * [assets.bundled_portraits()[name]])
    open_persona(f"./{name}", 256)
    assert str(enrolled[-1]) == name


def test_an_empty_name_is_no_portrait():
    with pytest.raises(UserError, match="empty"):
        open_persona("", 256)


def test_a_run_has_the_doctors_words_for_a_virtual_camera_that_is_not_there(monkeypatch):
    def none_there(which, advice):
        raise UserError("virtual camera", "there is none", advice())

    monkeypatch.setattr("livecam.sinks.virtual_camera.VirtualCameraSink", none_there)
    monkeypatch.setattr("livecam.doctor.cameras.how_to_get_a_virtual_camera", lambda: "What the doctor says.")
    with pytest.raises(UserError, match="What the doctor says"):
        session.run(session.Request(sinks=("camera",)), Settings())


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(UserError, match="watercolour"):
        open_persona("nobody", 256)


class Webcam(Clip):
    """Its frames show a face that turns, as seen by a camera that a person expects to be a mirror."""

    def __init__(self, mirror):
        super().__init__(4, fps=25.0)
        self.info = replace(self.info, mirror=mirror)


@contextlib.contextmanager
def tracker(*answers):
    yield Tracked(*answers)


@pytest.fixture
def played(persona, face, monkeypatch, tmp_path):
    """played(driver, mirror=..., record=...) -> the pictures that a run shows."""
    monkeypatch.setattr("livecam.face.tracker.FaceTracker", lambda: tracker(face, turned(face, yaw=14)))
    monkeypatch.setattr("livecam.render.refiner_setup.weights_for", lambda refine: None)
    store.save(replace(persona, name="eve"))

    def play(driver, mirror=None, record=None):
        from livecam import sources
        from livecam.settings import MotionSettings

        real = sources.open_source
        if not isinstance(driver, str):
            monkeypatch.setattr(sources, "open_source", lambda *words, **more: driver)
        out = Collected()
        settings = Settings(size=256, canvas="source", engine="cpu", motion=MotionSettings(mirror=mirror))
        request = session.Request("eve", str(driver), record=record)
        session.run(request, settings, session.Hooks(extra_sinks=[out]))
        monkeypatch.setattr(sources, "open_source", real)
        return [frame.pixels for frame in out.frames]

    return play


@pytest.mark.parametrize(("webcam", "asked"), [(True, None), (False, None), (True, False), (False, True)])
def test_a_replay_moves_the_way_that_was_seen_live(played, tmp_path, webcam, asked):
    recorded = tmp_path / "p.livecam"
    seen = played(Webcam(webcam), asked, recorded)
    again = played(str(recorded))
    # Points are kept to 1/32767 of half a face: at most one level of a pixel here and there.
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(seen, again, strict=True)) < 0.1
    other = played(str(recorded), not (webcam if asked is None else asked))
    assert np.abs(other[-1].astype(int) - seen[-1]).mean() > 1  # asked for, the other way


def test_a_recording_of_a_replay_is_the_same_again(played, tmp_path):
    first, second = tmp_path / "1.livecam", tmp_path / "2.livecam"
    seen = played(Webcam(True), None, first)
    played(str(first), None, second)
    again = played(str(second))
    assert np.abs(again[-1].astype(int) - seen[-1]).mean() < 0.1


@pytest.mark.parametrize(
    ("meant", "files"), [("eve", []), ("charcoal", []), ("mona.jpg", ["mona.jpg"]), ("ada.png", ["ada.png"])]
)
def test_a_mistyped_name_is_answered_with_the_nearest(persona, tmp_path, monkeypatch, meant, files):
    monkeypatch.chdir(tmp_path)
    for name in files:
        (tmp_path / name).touch()
    store.save(replace(persona, name="eve"))
    typed = {"eve": "evve", "charcoal": "Charcol", "mona.jpg": "mnoa.jpg", "ada.png": "ada"}[meant]
    with pytest.raises(UserError, match=f"Did you mean {meant}\\?"):
        open_persona(typed, 256)
    with pytest.raises(UserError) as caught:
        open_persona("qqqqqqq", 256)
    assert "Did you mean" not in str(caught.value)


def test_a_film_as_a_portrait_is_told_what_makes_a_persona_of_it(tmp_path):
    film = tmp_path / "my clip.mp4"
    film.write_bytes(b"\0\0\0\x20ftypisom" + bytes(64))
    with pytest.raises(UserError, match=r"a film, not a picture.*livecam enroll '.*my clip.mp4' --name NAME"):
        open_persona(str(film), 256)
