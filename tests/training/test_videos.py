"""Pairs from films of people: who is who, which frames are taken, and what a broken film does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

import livecam.assets
from livecam.errors import UserError
from livecam.face import bundle
from livecam.frames import RGB, OutputFrame
from livecam.sinks.base import SinkFormat
from livecam.sinks.video_file import VideoFileSink
from training import shards, videos

DRIVER = Path(livecam.assets.__file__).parent / "driver.mp4"
TRAINED, KEPT = "Ada", "id00019"
"""Names of people, of whom the second is held out: see the first test."""
needs_models = pytest.mark.skipif(
    any(bundle.problem(name, bundle.model_folder()) for name in bundle.MODEL_FILES),
    reason="the face model is not built: run `livecam build`",
)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no film")
    return path


def write(path: Path, pictures: list[RGB]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape[:2]
    sink = VideoFileSink(path)
    sink.open(SinkFormat(width, height, 25))
    for k, picture in enumerate(pictures):
        sink.write(OutputFrame(picture, k, k * 40_000_000))
    sink.close()


def test_a_name_is_a_number_and_one_in_twenty_is_held_out() -> None:
    numbers = [videos.number_of(f"id{k:05d}") for k in range(4000)]
    assert len(set(numbers)) > 3990
    assert {len(str(number)) for number in numbers} == {8}
    # 200 expected; the standard deviation is 14.
    assert 140 < sum(map(shards.is_held_out, numbers)) < 260
    assert videos.number_of("id00012") == videos.number_of("id00012")


def test_people_of_voxceleb_and_of_plain_folders(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    vox, plain = tmp_path / "vox", tmp_path / "plain"
    for name in ("id00012/abc/00001.mp4", "id00012/abc/00002.mp4", "id00017/x/00001.mp4"):
        touch(vox / "dev" / "mp4" / name)
    touch(vox / "dev" / "vox2_meta.csv")
    assert [(p.name, len(p.films)) for p in videos.people(vox)] == [("id00012", 2), ("id00017", 1)]
    # The same people with the same numbers from any folder on the way there.
    for root in (vox / "dev", vox / "dev" / "mp4", vox / "dev" / "mp4" / "id00012"):
        assert videos.people(root)[0].number == videos.number_of("id00012")
    for name in ("Ada/a.mp4", "Ada/1843/b.MOV", "Charles/c.webm", "Ada/._a.mp4", "nobody.mp4"):
        touch(plain / name)
    assert [(p.name, len(p.films)) for p in videos.people(plain)] == [("Ada", 2), ("Charles", 1)]
    assert "nobody.mp4: it lies in no person's folder" in caplog.text
    with pytest.raises(UserError, match="holds no films"):
        videos.people(vox / "dev" / "mp4" / "id00012" / "none")


def test_a_number_that_is_taken_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(videos, "number_of", lambda name: 5)
    for name in ("one/a.mp4", "two/a.mp4"):
        touch(tmp_path / name)
    assert [p.name for p in videos.people(tmp_path)] == ["one"]
    assert "two has the number of one" in caplog.text


def test_targets_are_far_from_the_portrait_and_from_each_other(face: np.ndarray) -> None:
    away = face.copy()
    away[:, 0] += 400  # out of the portrait's crop, whose sides are 2.2 faces
    looks = {
        0: with_lip_gap(face, 0.3),
        5: face,
        10: with_lip_gap(face, 0.31),
        15: turned(face, 4),  # the head moves, the face does not
        20: with_lids(face, 0.0),
        25: with_lip_gap(turned(face, 45), 0.6),
        30: away,
        35: 0.4 * with_lip_gap(face, 0.5) + 100,  # another size: somebody else
    }
    portrait, targets = videos.choose(looks, 2)
    assert portrait == 5
    assert set(targets) == {10, 20}
    assert videos.choose(looks, 9)[1][2:] == [0, 15]  # what is nearly there comes last, the rest never
    assert videos.choose({3: face}, 2) == (3, [])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people: the clip that comes with livecam and its mirror image; before and beside them bad files."""
    folder = tmp_path_factory.mktemp("films")
    shutil.copy(DRIVER, _made(folder / TRAINED / "b.mp4"))
    touch(folder / TRAINED / "a.mp4")
    mirrored = [np.ascontiguousarray(picture[::2, ::-2]) for _, picture in videos.frames(DRIVER)]
    write(folder / "dev" / "mp4" / KEPT / "abc" / "00001.mp4", mirrored)
    write(folder / "dev" / "mp4" / KEPT / "aaa" / "00001.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 4)
    touch(folder / "Nobody" / "broken.mp4")
    return folder


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, int, int]]:
    out = tmp_path_factory.mktemp("pairs")
    return out, videos.make(root, out, videos.Plan(targets=3, persona=256, several=1.0), 1)


@needs_models
def test_films_become_the_pairs_that_rendered_people_are(made: tuple[Path, tuple[int, int, int]]) -> None:
    out, counts = made
    assert counts == (2, 0, 1)
    numbers = sorted(map(videos.number_of, (TRAINED, KEPT)))
    assert shards.person_seeds(out) == numbers
    assert [shards.is_held_out(videos.number_of(name)) for name in (TRAINED, KEPT)] == [False, True]
    arrays = shards.read_person(shards.path_of(out, videos.number_of(TRAINED)))
    shapes = {name: (value.shape, value.dtype.name) for name, value in arrays.items()}
    picture, raster = ((160, 160, 3), "uint8"), ((5, 80, 80), "uint8")
    assert shapes == {
        **dict.fromkeys(("warped", "truth"), ((3, *picture[0]), "uint8")),
        **dict.fromkeys(("rasters", "truth_rasters"), ((3, *raster[0]), "uint8")),
        "source": ((1, *picture[0]), "uint8"),
        "source_rasters": ((1, *raster[0]), "uint8"),
        "source_centres": ((1, 3, 2), "float32"),
        "centres": ((3, 3, 2), "float32"),
        "teeth": ((3, 160, 160), "uint8"),
        "landmarks": ((3, 478, 2), "float32"),
        "material": ((3, 80, 80), "uint8"),
        "expression": ((3, videos.EXPRESSIONS), "float32"),
        "identity": ((1, videos.IDENTITIES), "float32"),
        "person": ((1,), "int64"),
    }
    assert not any(arrays[name].any() for name in ("material", "expression", "identity"))
    warped, truth, still = (arrays[name].astype(int) for name in ("warped", "truth", "source"))
    # The warped portrait is where the film is: nearer than the portrait itself. .6 and .7 of it measured.
    assert np.abs(warped - truth).mean() < 0.85 * np.abs(still - truth).mean()


@needs_models
def test_the_mirrored_film_is_another_person_with_the_same_face(
    made: tuple[Path, tuple[int, int, int]],
) -> None:
    """The 64 pixels of grey before it were passed over."""
    arrays = shards.read_person(shards.path_of(made[0], videos.number_of(KEPT)))
    assert arrays["truth"].std() > 20
    assert arrays["person"].tolist() == [videos.number_of(KEPT)]


@needs_models
def test_what_is_there_is_kept_and_bad_films_are_named(
    root: Path, made: tuple[Path, tuple[int, int, int]], caplog: pytest.LogCaptureFixture
) -> None:
    arguments = ["--videos", str(root), "--out", str(made[0]), "--targets", "3"]
    assert videos.main(arguments) == 0
    assert "left out: broken.mp4: it is not a video" in caplog.text
    assert "Nobody has no film that will do" in caplog.text
    assert TRAINED not in caplog.text
    assert videos.main(["--videos", str(root / "nowhere"), "--out", str(made[0])]) == 2


def test_no_film_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside, the next film is tried."""
    tried: list[str] = []

    def maker(film: Path, number: int) -> dict[str, np.ndarray]:
        tried.append(film.name)
        if film.name == "b.mp4":
            return {"person": np.array([number])}
        raise ZeroDivisionError("what nobody thought of")

    monkeypatch.setattr(videos, "_maker", maker)
    person = videos.Person("Ada", 7, [Path("a.mp4"), Path("b.mp4"), Path("c.mp4")])
    name, usable, said = videos.make_person((tmp_path, person))
    assert (name, usable, tried) == ("Ada", True, ["a.mp4", "b.mp4"])
    assert said == ["left out: a.mp4: ZeroDivisionError: what nobody thought of"]
    assert shards.person_seeds(tmp_path) == [7]


def test_files_say_what_they_were_made_of(tmp_path: Path) -> None:
    from livecam.model import tensorfile

    film, drawn = (shards.save_person(tmp_path, k, {}, *made) for k, made in enumerate([(videos.MADE,), ()]))
    assert tensorfile.read(film, "numpy")[1]["made"] == "films of people"
    assert tensorfile.read(drawn, "numpy")[1]["made"] == shards.RENDERED


@needs_models
def test_the_trainer_takes_them(made: tuple[Path, tuple[int, int, int]], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training import __main__ as command

    torch.set_num_threads(1)
    text = command.recipe_path("test").read_text("utf-8")
    recipe = tmp_path / "two-steps.toml"
    recipe.write_text(text.replace("steps = 6", "steps = 2").replace("check_every = 3", "check_every = 2"))
    arguments = [str(recipe), "--data", str(made[0]), "--out", str(tmp_path / "run"), "--device", "cpu"]
    assert command.main(arguments) == 0
    log = (tmp_path / "run" / "log.jsonl").read_text()
    assert '"step": 1' in log
    assert "refined/eyes_psnr" in log  # the mirrored film is held out
    assert (tmp_path / "run" / "sheet-000002.png").is_file()


@needs_models
def test_a_feature_network_cannot_learn_from_films(
    made: tuple[Path, tuple[int, int, int]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("torch")
    from training import perception

    arguments = ["--data", str(made[0]), "--out", str(tmp_path / "features.safetensors"), "--steps", "1"]
    assert perception.main(arguments) == 2
    assert "holds 1 from films" in caplog.text
