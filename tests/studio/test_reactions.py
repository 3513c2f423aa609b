"""Reactions by name: which there are, which names can be had, and what is recorded under one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from faces import turned, with_lip_gap

from livecam.control import Registry
from livecam.control.catalogue import CATALOGUE
from livecam.errors import SourceLost, UserError
from livecam.folders import reactions_folder
from livecam.frames import DriverFrame
from livecam.motion.reaction import Reaction
from livecam.sources.base import SourceInfo
from livecam.sources.recording import PerformanceSource, PerformanceWriter
from livecam.studio import reaction_recorder as recorder
from livecam.studio import reactions
from livecam.studio.reactions import BUNDLED


class Camera:
    """Gives the landmarks of each moment, 20 times a second, as a camera's frames."""

    def __init__(self, face_at, seconds, live=True, mirror=True):
        self.info = SourceInfo("camera", 512, 512, 20.0, live, mirror=mirror)
        self._frames = [(k / 20, face_at(k / 20)) for k in range(round(seconds * 20))]
        self.lost = False

    def read(self):
        if self.lost:
            raise SourceLost("unplugged")
        if not self._frames:
            return None
        time, points = self._frames.pop(0)
        return DriverFrame(0, round(time * 1e9), 512, 512, landmarks=points)


def nobody(image, capture_ns):
    raise AssertionError("there are no pictures")


def record(path, points, times=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with PerformanceWriter(path) as writer:
        for k, one in enumerate(points):
            writer.add(round((k / 10 if times is None else times[k]) * 1e9), one, 512, 512)


def test_bundled_ones_come_first_and_then_ones_own(face):
    folder = reactions_folder()
    for name in ("wow", "high-five", "nod", "Wink", "half.part", "con", ".hidden", "a b"):
        record(folder / f"{name}.livecam", [face] * 10)
    (folder / "notes.txt").write_text("no reaction")
    (folder / "folder.livecam").mkdir()
    there = reactions.found()
    assert [one.name for one in there] == [*BUNDLED, "high-five", "wow"]
    assert there[5].described() == {"name": "high-five", "label": "High five", "key": ""}
    assert there[0].described() == {"name": "nod", "label": "Nod", "key": "y"}
    assert "assets" in str(there[0].path)  # an own one cannot stand in for it
    assert reactions.opened("wow").seconds == pytest.approx(0.9)


def test_keys_are_free():
    keys = [one.key for one in CATALOGUE if getattr(one, "key", "")] + [one.key for one in reactions.found()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", [None, "", "nobody", "../nod", "/etc/passwd", "x" * 10_000, "nod\n", "."])
def test_what_there_is_not_is_refused_in_one_line(name):
    with pytest.raises(UserError) as refused:
        reactions.opened(name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ["nod", "NOD", "a/b", "..", "", "a b", "a.part", "con", "ä", "x" * 100])
def test_names_that_cannot_be_had(name):
    with pytest.raises(UserError) as refused:
        reactions.own_path(name)
    assert "\n" not in str(refused.value)


def test_none_is_written_over_unless_asked_for(face):
    path = reactions.own_path("wow")
    record(path, [face] * 10)
    with pytest.raises(UserError, match="--replace"):
        reactions.own_path("wow")
    assert reactions.own_path("wow", replace=True) == path


def performance(face, begin, seconds):
    """At rest, an open mouth and a turned head for so long from then on, at rest."""

    def at(t):
        share = float(np.clip(min(t - begin, begin + seconds - t) / 0.2, 0, 1))
        noise = np.random.default_rng(round(t * 1000)).normal(0, 0.3, face.shape)
        return (turned(with_lip_gap(face, 0.4 * share), yaw=12 * share) + noise).astype(np.float32)

    return at


@pytest.mark.parametrize(("live", "begin"), [(True, 4.5), (False, 1.5)])
def test_what_is_recorded_begins_and_ends_with_the_rest_around_it(face, live, begin):
    said = []
    source = Camera(performance(face, begin, 1.2), 12, live)
    frames = recorder.trimmed(recorder.performed(source, nobody, 5.0, said.append))
    path = reactions.own_path("wow")
    recorder.keep(path, frames, mirror=True)
    reaction = Reaction.load(path)
    assert 1.2 <= reaction.seconds <= 1.2 + recorder.LEAD_SECONDS + recorder.TAIL_SECONDS + 0.1
    assert reaction.mouth > 0.5
    with PerformanceSource(path) as kept:
        assert kept.info.mirror
        np.testing.assert_allclose(kept.read().landmarks, face, atol=4)  # pixels: it has just begun
    counted = ["3 ...", "2 ...", "1 ..."]
    assert said == (["Look into the camera with a neutral face.", *counted, said[-1]] if live else [])


def test_no_more_is_recorded_than_may_be_played(face):
    source = Camera(lambda t: turned(face, yaw=8 * np.sin(t)), 20)
    frames = recorder.trimmed(recorder.performed(source, nobody, 5.0, lambda text: None))
    assert recorder.keep(reactions.own_path("long"), frames, mirror=False).seconds <= 5


def test_without_a_face_nothing_is_recorded(face):
    source = Camera(lambda t: None, 100)
    with pytest.raises(UserError, match="no face was seen"):
        recorder.performed(source, nobody, 5.0, lambda text: None)
    assert source.read() is not None  # it did not wait to the end
    source.lost = True
    with pytest.raises(UserError, match="the camera was lost"):
        recorder.performed(source, nobody, 5.0, lambda text: None)


def test_too_little_is_not_kept():
    with pytest.raises(UserError):
        recorder.keep(reactions.own_path("short"), [(0, np.ones((478, 3), np.float32), 512, 512)], False)
    assert not reactions_folder().exists()


def test_livecam_record_reaction(livecam, tmp_path, face):
    film = tmp_path / "film.livecam"
    record(film, [performance(face, 1, 1.2)(k / 20) for k in range(80)], np.arange(80) / 20)
    code, out, err = livecam("record-reaction", "wow", "--driver", film)
    assert (code, err) == (0, "")
    assert out.startswith("wow: 1.")
    assert reactions.opened("wow").mouth > 0.5
    code, _, err = livecam("record-reaction", "wow", "--driver", film)
    assert code == 2
    assert "there is one of that name" in err
    assert livecam("record-reaction", "wow", "--driver", film, "--replace")[0] == 0
    code, _, err = livecam("record-reaction", "other", "--driver", film, "--seconds", "9")
    assert code == 2
    assert "0.5 to 5" in err


def test_the_control_plays_the_one_that_is_named():
    from livecam.studio.desk import Desk

    played = []
    pipeline = SimpleNamespace(react=played.append)
    registry = Registry(CATALOGUE)
    desk = Desk(registry, pipeline, None, None, None, list, print)
    try:
        registry.do("react", "wink")
        with pytest.raises(UserError, match="no reaction is named"):
            registry.do("react")
        with pytest.raises(UserError, match="none of that name"):
            registry.do("react", "../wink")
    finally:
        desk.close()
    assert [one.name for one in played] == ["wink.livecam"]
