"""Reactions as they lie in files: what is read, what is refused, and how they go between two frames."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
from faces import turned, with_lids

from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face.mirror import mirrored
from livecam.motion.reaction import LONGEST, MOST_BYTES, SHORTEST, Reaction
from livecam.sources.recording import PerformanceWriter
from livecam.studio.reactions import BUNDLED, found

SIZE = 512


def write(path, times, points, mirror=False):
    with PerformanceWriter(path, mirror=mirror) as writer:
        for time, one in zip(times, points, strict=True):
            writer.add(round(time * 1e9), one, SIZE, SIZE)
    return path


@pytest.fixture
def nods(face):
    """(times, points): down and up again, once a second."""
    times = np.arange(11) / 10
    return times, [turned(face, pitch=10 * np.sin(np.pi * t) ** 2) for t in times]


def test_those_that_come_with_livecam():
    """Five, small, of one to three seconds; what nods or shakes leaves mouth and eyes to the driver."""
    for one in found():
        reaction = Reaction.load(one.path)
        assert one.path.stat().st_size < 60_000
        assert 1 <= reaction.seconds <= 3
        still = one.name in ("nod", "shake")
        assert (reaction.eyes < 0.01, reaction.mouth < 0.01) == (still, still)
        if not still:
            assert min(reaction.eyes, reaction.mouth) > 0.9
        end = reaction.at(reaction.seconds)
        np.testing.assert_allclose(end, reaction.at(0), atol=0.1)  # pixels of 512: it ends as it began
    assert [one.name for one in found()] == list(BUNDLED)


def test_it_is_at_its_frames_what_they_are_and_smooth_between(tmp_path, nods):
    times, points = nods
    reaction = Reaction.load(write(tmp_path / "own.livecam", times, points))
    for time, one in zip(times, points, strict=True):
        np.testing.assert_allclose(reaction.at(time), one, atol=0.02)  # half a step of the file is .004
    chin = np.array([reaction.at(t)[152, 1] for t in np.linspace(0, 1, 301)])
    low, high = min(p[152, 1] for p in points), max(p[152, 1] for p in points)
    assert low - 0.05 <= chin.min()  # nothing overshoots
    assert chin.max() <= high + 0.05
    bends = np.abs(np.diff(chin, 2)).max()
    linear = np.interp(np.linspace(0, 1, 301), times, [p[152, 1] for p in points])
    assert bends < 0.4 * np.abs(np.diff(linear, 2)).max()
    np.testing.assert_array_equal(reaction.at(-1), reaction.at(0))
    np.testing.assert_array_equal(reaction.at(9), reaction.at(1))


def test_frames_without_a_face_are_none(tmp_path, nods):
    times, points = nods
    points[4:7] = [None] * 3
    reaction = Reaction.load(write(tmp_path / "own.livecam", times, points))
    assert reaction.at(0.51) is None
    assert reaction.at(0.31) is not None
    assert reaction.at(0.39) is not None  # between a face and none it is the face
    assert reaction.at(0.91) is not None


def test_what_a_part_does_by_itself_is_seen_however_the_head_turns(face):
    times = np.arange(6) / 5
    winks = [turned(with_lids(face, 1 - 0.9 * (k in (2, 3))), yaw=3 * k) for k in range(6)]
    reaction = Reaction("wink", times, winks)
    assert reaction.eyes == 1
    assert reaction.mouth < 0.2


def test_as_in_a_mirror_where_it_was_recorded_so(tmp_path, face):
    times, points = np.arange(3) / 2, [turned(face, yaw=5 * k) for k in range(3)]
    reaction = Reaction.load(write(tmp_path / "own.livecam", times, points, mirror=True))
    np.testing.assert_allclose(reaction.at(0.5), mirrored(points[1], SIZE), atol=0.02)


@pytest.mark.parametrize(
    ("times", "which", "why"),
    [
        ([0, 0.1], "ff", "lasts 0.1 s"),
        ([0.0], "f", "lasts 0 s"),
        ([0, 1, 6.1], "fff", "lasts 6.1 s"),
        ([0, 1e9], "ff", "lasts 1e+09 s"),
        ([0, 0.5, 1], "-ff", "first frame shows no face"),
        ([0, 0.5, 1], "f.f", "landmarks are no face"),
        ([0, 0.5, 1], "f|f", "landmarks are no face"),
        ([0, 0.5, 1], "f*f", "landmarks are no face"),
    ],
)
def test_what_is_no_reaction_is_refused_in_one_line(tmp_path, face, times, which, why):
    line = np.full_like(face, 200)
    line[:, 1] += np.arange(len(face))
    # All that a pose is read off in one place.
    poseless = face.copy()
    poseless[list(lm.STABLE)] = 256
    faces = {"f": face, "*": poseless, "-": None, ".": np.full_like(face, 200), "|": line}
    points = [faces[one] for one in which]
    path = write(tmp_path / "own.livecam", times, points)
    with pytest.raises(UserError, match=why.replace("+", r"\+")) as refused:
        Reaction.load(path)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("own.livecam: ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x00" * 200,
        b"\xff" * 200,
        safetensors.numpy.save({"points": np.zeros((2, 478, 3), np.int16)}, {"format": "other"}),
        safetensors.numpy.save({"times": np.zeros(2, np.int64)}, {"format": "livecam performance"}),
        b"\x00" * (MOST_BYTES + 1),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, content):
    path = tmp_path / "own.livecam"
    path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        Reaction.load(path)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_gone_is_told_of(tmp_path):
    with pytest.raises(UserError, match=r"own\.livecam"):
        Reaction.load(tmp_path / "own.livecam")


def test_the_bounds_leave_room_for_what_is_recorded():
    from livecam.cli.reactions import SECONDS

    assert SECONDS.low >= SHORTEST
    assert SECONDS.high <= LONGEST
