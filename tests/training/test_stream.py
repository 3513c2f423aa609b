"""People come from their files in episodes: shuffled, shared out, only what is asked for; clear errors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("safetensors")

from safetensors.numpy import save_file

from livecam.errors import UserError
from training.heads.stream import Episodes, iterable

FRAMES = 6


def person(seed: int) -> dict[str, np.ndarray]:
    """Every number says whose it is and in which picture."""
    frame = np.arange(FRAMES)
    images = np.zeros((FRAMES, 4, 4, 3), np.uint8)
    images[..., 0], images[..., 1] = seed, frame[:, None, None]
    landmarks = np.zeros((FRAMES, 478, 3), np.float32)
    landmarks[:] = (seed * 100 + frame)[:, None, None]
    return {
        "images": images,
        "landmarks": landmarks,
        "identity": np.full(100, seed, np.float32),
        "seed": np.array(seed),
    }


@pytest.fixture
def folder(tmp_path):
    for seed in range(20):
        save_file(person(seed), tmp_path / f"person-{seed:08d}.safetensors")
    return tmp_path


def test_an_episode_is_k_different_pictures_of_one_person(folder):
    for episode in Episodes(folder, 4, ("images", "landmarks", "identity")).epoch(0):
        assert len(set(episode.frames.tolist())) == 4
        assert episode.arrays["images"].shape == (4, 4, 4, 3)
        assert episode.arrays["images"].dtype == np.uint8
        np.testing.assert_array_equal(episode.arrays["images"][:, 0, 0, 0], episode.person)
        np.testing.assert_array_equal(episode.arrays["images"][:, 0, 0, 1], episode.frames)
        np.testing.assert_array_equal(
            episode.arrays["landmarks"][:, 0, 0], episode.person * 100 + episode.frames
        )
        assert episode.arrays["identity"].tolist() == [episode.person] * 100


def test_every_epoch_shows_everybody_once_in_an_order_of_its_own(folder):
    people = Episodes(folder, 2, seed=3)
    first, second = ([episode.person for episode in people.epoch(k)] for k in (0, 1))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert first != list(range(20))


def test_the_same_seed_repeats_and_another_does_not(folder):
    def told(seed):
        return [(e.person, e.frames.tolist()) for e in Episodes(folder, 3, seed=seed).epoch(5)]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_shares_are_disjoint_and_whole(folder):
    people = Episodes(folder, 2)
    shares = [[episode.person for episode in people.epoch(4, rank, 3)] for rank in range(3)]
    assert sorted(person for share in shares for person in share) == list(range(20))
    assert {len(share) for share in shares} == {6, 7}


def test_a_portrait_comes_first_where_it_is_wanted(folder):
    for episode in Episodes(folder, FRAMES, portrait=True).epoch(0):
        assert episode.frames[0] == 0
        assert sorted(episode.frames.tolist()) == list(range(FRAMES))


def test_it_is_a_map_style_dataset_too(folder):
    people = Episodes(folder, 2)
    assert len(people) == 20
    assert people[3].person == 3
    assert people[-1].person == 19
    with pytest.raises(IndexError):
        people[20]


@pytest.mark.parametrize("left", [0, 5, 300, -100])
def test_a_truncated_file_gets_one_clear_line(folder, left):
    path = folder / "person-00000007.safetensors"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(
        UserError, match=r"person-00000007.*cannot be read.*render the person again"
    ) as caught:
        list(Episodes(folder, 2).epoch(0))
    assert "\n" not in str(caught.value)


def test_a_bad_file_may_be_skipped(folder, caplog):
    (folder / "person-00000007.safetensors").write_bytes(b"no tensors")
    found = [episode.person for episode in Episodes(folder, 2, skip_bad=True).epoch(0)]
    assert sorted(found) == [k for k in range(20) if k != 7]
    assert caplog.text.count("person-00000007") == 1


def test_too_few_pictures_and_missing_truth_are_told(folder, tmp_path):
    with pytest.raises(UserError, match=r"holds 6 pictures where 7 are wanted.*--frames 7"):
        Episodes(folder, 7)[0]
    with pytest.raises(UserError, match="has no gaze"):
        Episodes(folder, 2, ("gaze",))[0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no rendered people"):
        Episodes(tmp_path / "empty", 2)


def test_only_what_is_asked_for_is_read(folder, monkeypatch):
    import safetensors

    asked = []
    real = safetensors.safe_open

    class Watched:
        def __init__(self, *arguments):
            self._real = real(*arguments)

        def __enter__(self):
            self._file = self._real.__enter__()
            return self

        def __exit__(self, *error):
            return self._real.__exit__(*error)

        def keys(self):
            return self._file.keys()

        def get_slice(self, name):
            asked.append(name)
            return self._file.get_slice(name)

        def get_tensor(self, name):
            raise AssertionError(f"all of {name} was read")

    monkeypatch.setattr(safetensors, "safe_open", Watched)
    Episodes(folder, 2, ("landmarks",))[0]
    # Of the images only their number is asked.
    assert asked == ["images", "landmarks"]


def test_torch_is_not_imported_until_it_is_wanted(folder):
    code = "import sys; from training.heads.stream import Episodes; from pathlib import Path; "
    code += f"next(Episodes(Path({str(folder)!r}), 2).epoch(0)); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)


def test_torch_loaders_share_the_people_among_their_workers(folder, monkeypatch):
    data = pytest.importorskip("torch.utils.data")
    from types import SimpleNamespace

    seen = []
    for worker in range(2):
        # As a loader's worker sees itself; starting real ones takes seconds.
        monkeypatch.setattr(
            data, "get_worker_info", lambda worker=worker: SimpleNamespace(id=worker, num_workers=2)
        )
        dataset = iterable(Episodes(folder, 2))
        assert isinstance(dataset, data.IterableDataset)
        seen += [episode.person for episode in dataset]
    assert sorted(seen) == list(range(20))


def test_each_pass_over_a_torch_dataset_is_another_epoch(folder):
    pytest.importorskip("torch")
    dataset = iterable(Episodes(folder, 2))
    first, second = ([episode.person for episode in dataset] for _ in range(2))
    assert sorted(first) == sorted(second)
    assert first != second
