"""The gallery without HTTP and without a face finder."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time

import pytest

from livecam.errors import UserError
from livecam.folders import persona_folder
from livecam.persona import store
from livecam.studio import gallery as galleries
from livecam.studio import jobs, shelf

SECONDS = 60
"""For a process that ends by itself: never reached."""


def over(gallery):
    assert gallery.wait(SECONDS)
    return gallery.jobs()[-1]


def parts(error):
    return error.what, error.why, error.todo


def files_of(name):
    return sorted(path.name for path in (persona_folder() / name).iterdir())


def test_what_is_enrolled_is_listed_first_and_the_job_tells_how_far_it_is(gallery, heard, upload):
    id = upload(name="C:\\pictures\\Größte Tante.JPG")
    begun = gallery.enrol("", [id])
    assert (begun["state"], begun["phase"], begun["name"]) == ("running", "waiting", "Grosste-Tante")
    job = over(gallery)
    assert (job["kind"], job["state"], job["error"]) == ("enrol", "done", None)
    assert gallery.names()[:2] == ["Grosste-Tante", "oil"]
    assert [news["job"]["phase"] for news in heard if "job" in news][:2] == ["waiting", "reading"]
    listed, done = heard[-2:]
    assert listed == {"personas": True}, "so that its name can be used when the job is over"
    assert done == {"job": job}
    assert (
        json.loads((persona_folder() / "Grosste-Tante" / "persona.json").read_text())["name"] == job["name"]
    )
    assert list(gallery.uploads.folder.iterdir()) == [], "the upload is not kept"
    assert list((persona_folder() / ".new").iterdir()) == []
    with pytest.raises(UserError, match="not there any more"):
        gallery.enrol("", [id])


@pytest.mark.skipif(not hasattr(os, "setpriority"), reason="Windows has classes instead")
def test_the_process_gives_way_to_the_live_picture(gallery, upload):
    from livecam.studio.worker import NICENESS

    gallery.enrol("", [upload()])
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    assert f"niceness {min(19, max(nice, NICENESS))}," in over(gallery)["notes"][0]


def test_a_name_that_is_given_is_made_usable_and_unique(gallery, upload, enrolled):
    enrolled("Anna")
    assert gallery.enrol("  änna ", [upload()])["name"] == "anna-2"
    assert gallery.enrol("oil", [upload()])["name"] == "oil-2"
    assert gallery.enrol("../../etc/passwd", [upload()])["name"] == "etc-passwd"
    assert gallery.enrol("", [upload(name="../..\x00/\u202egnp.李雷")])["name"] == "gnp"
    for useless in ("李雷", "...", "//"):
        with pytest.raises(UserError, match="not usable"):
            gallery.enrol(useless, [upload()])
    over(gallery)
    assert gallery.names()[:5] == ["Anna", "anna-2", "etc-passwd", "gnp", "oil-2"]
    assert "Anna" in store.names()


def test_two_enrolments_of_one_name_are_both_kept(gallery, upload):
    names = [gallery.enrol("eve", [upload("slow")])["name"] for _ in range(3)]
    assert names == ["eve", "eve-2", "eve-3"]
    over(gallery)
    assert gallery.names()[:3] == names


def test_a_name_that_another_program_took_meanwhile_is_not_written_over(gallery, upload, enrolled, heard):
    gallery.enrol("eve", [upload("slow")])
    heard.wait_for(lambda news: news.get("job", {}).get("phase") == "reading")
    enrolled("eve")
    before = (persona_folder() / "eve" / "persona.json").read_bytes()
    assert over(gallery)["name"] == "eve-2"
    assert (persona_folder() / "eve" / "persona.json").read_bytes() == before
    assert set(gallery.names()) > {"eve", "eve-2"}


def test_a_refusal_comes_as_it_is_with_the_name_that_the_sender_knows(gallery, upload, heard):
    id = upload("refuse", "über uns.png")
    gallery.enrol("", [id])
    job = over(gallery)
    assert job["state"] == "failed"
    assert job["error"] == {"what": "über uns.png", "why": "no face was found", "todo": "Use another."}
    assert "uber-uns.png" not in job["notes"][0], "nor does a note have the path"
    assert store.names() == []
    assert {"personas": True} not in heard
    gallery.enrol("", [id], face=1)  # the picture is still there, for another try
    assert "--face-index 1" in over(gallery)["notes"][0]


@pytest.mark.parametrize(
    ("content", "why"),
    [("crash", "ended unexpectedly (code 7)"), ("noise", None)],
)
def test_a_process_that_crashes_or_babbles_is_survived(gallery, upload, content, why, caplog):
    gallery.enrol("", [upload(content)])
    job = over(gallery)
    if why is None:
        assert job["state"] == "done"
    else:
        assert why in job["error"]["why"]
        assert "no words" in caplog.text, "what it said last is in the log"
        assert store.names() == []
    gallery.enrol("next", [upload()])
    assert over(gallery)["state"] == "done"


def test_one_that_takes_too_long_is_ended(gallery, upload, monkeypatch):
    monkeypatch.setattr(galleries, "ENROL_SECONDS", 0.5)
    gallery.enrol("", [upload("hang")])
    assert over(gallery)["error"]["why"] == "it took longer than 0 seconds"
    assert store.names() == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_one_that_is_killed_leaves_nothing_half_made(gallery, upload, heard):
    gallery.enrol("", [upload("hang")])
    hanging = heard.wait_for(lambda news: news.get("job", {}).get("phase") == "hanging")
    os.kill(hanging["job"]["done"], signal.SIGKILL)
    assert "signal 9" in over(gallery)["error"]["why"]
    assert store.names() == []
    assert list((persona_folder() / ".new").iterdir()) == []


def test_a_job_is_stopped_on_demand_running_or_waiting(gallery, upload, heard):
    first = gallery.enrol("one", [upload("hang")])
    second = gallery.enrol("two", [upload()])
    heard.wait_for(lambda news: news.get("job", {}).get("phase") == "hanging")
    gallery.stop(second["id"])
    gallery.stop(first["id"])
    gallery.wait(SECONDS)
    assert [job["error"]["why"] for job in gallery.jobs()] == 2 * ["it was stopped"]
    with pytest.raises(UserError, match="over already"):
        gallery.stop(first["id"])
    with pytest.raises(UserError, match="over already"):
        gallery.stop("0")


def test_the_queue_is_short(gallery, upload, heard):
    gallery.enrol("", [upload("hang")])
    heard.wait_for(lambda news: news.get("job", {}).get("phase") == "hanging")
    for _ in range(jobs.MOST_WAITING):
        gallery.enrol("", [upload()])
    id = upload()
    with pytest.raises(UserError, match="8 wait already"):
        gallery.enrol("", [id])
    gallery.stop(gallery.jobs()[0]["id"])
    over(gallery)
    gallery.enrol("", [id])  # it was not lost


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_process_ends_with_livecam(gallery, upload, heard):
    gallery.enrol("", [upload("hang")])
    pid = heard.wait_for(lambda news: news.get("job", {}).get("phase") == "hanging")["job"]["done"]
    folder = gallery.uploads.folder
    gallery.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not folder.exists()
    with pytest.raises(UserError):
        gallery.enrol("", ["0" * 32])
    gallery.close()


def test_rename(gallery, enrolled, heard):
    for name in ("anna", "eve"):
        enrolled(name)
    assert gallery.rename("anna", "Müller, Ä.") == "Muller-A"
    assert gallery.names()[:2] == ["eve", "Muller-A"]
    assert heard == [{"personas": True}]
    assert store.load("Muller-A", 256) is not None
    assert json.loads((persona_folder() / "Muller-A" / "persona.json").read_text())["name"] == "Muller-A"
    assert gallery.rename("Muller-A", "muller-a") == "muller-a"
    for new in ("eve", "EVE", "oil", "", "///", "李"):
        with pytest.raises(UserError) as refused:
            gallery.rename("muller-a", new)
        assert "\n" not in str(refused.value)
    for name in ("oil", "nobody", "..", "../eve", "eve/", "", "\x00"):
        with pytest.raises(UserError):
            gallery.rename(name, "other")
    assert gallery.names()[:2] == ["eve", "muller-a"]


def test_delete_and_undo(gallery, enrolled, heard):
    enrolled("eve")
    before = files_of("eve")
    undo = gallery.delete("eve")
    assert "eve" not in gallery.names()
    assert gallery.undo(undo) == "eve"
    assert files_of("eve") == before
    assert store.load("eve", 256) is not None
    assert heard == 2 * [{"personas": True}]
    for gone in (undo, "0" * 32, "..", "../eve", "", "eve"):
        with pytest.raises(UserError, match="not in the trash"):
            gallery.undo(gone)
    for name in ("oil", "nobody", "..", ".trash", ""):
        with pytest.raises(UserError):
            gallery.delete(name)


def test_what_was_deleted_comes_back_beside_a_new_one_of_its_name(gallery, enrolled):
    enrolled("eve")
    first, second = gallery.delete("eve"), None
    enrolled("eve")
    second = gallery.delete("eve")
    enrolled("eve")
    restarted = galleries.Gallery(lambda news: None)  # another run
    assert [restarted.undo(undo) for undo in (first, second)] == ["eve-2", "eve-3"]
    restarted.close()
    assert gallery.names()[:3] == ["eve", "eve-2", "eve-3"]


def test_the_trash_is_emptied_after_a_day(gallery, enrolled):
    for name in ("old", "young"):
        enrolled(name)
    old, young = gallery.delete("old"), gallery.delete("young")
    yesterday = time.time() - shelf.KEPT_SECONDS - 60
    os.utime(persona_folder() / ".trash" / old, (yesterday, yesterday))
    galleries.Gallery(lambda news: None).close()
    assert gallery.undo(young) == "young"
    with pytest.raises(UserError, match="not in the trash"):
        gallery.undo(old)


def test_what_is_shown_or_being_fine_tuned_stays(stand_in, enrolled, heard, monkeypatch):
    enrolled("eve")
    gallery = galleries.Gallery(heard, lambda: "eve")
    for step in (lambda: gallery.delete("eve"), lambda: gallery.rename("eve", "other")):
        with pytest.raises(UserError, match="shown right now"):
            step()
    monkeypatch.setattr(gallery, "_shown", lambda: None)
    monkeypatch.setattr(gallery._jobs, "busy", lambda: [("tune", "eve")])
    for step in (
        lambda: gallery.delete("eve"),
        lambda: gallery.rename("eve", "other"),
        lambda: gallery.tune("eve"),
    ):
        with pytest.raises(UserError, match="being fine-tuned"):
            step()
    gallery.close()
    assert gallery.names()[0] == "eve"


def test_fine_tuning_tells_its_steps(gallery, enrolled, heard):
    enrolled("eve")
    gallery.tune("eve", 2)
    job = over(gallery)
    assert (job["kind"], job["name"], job["state"]) == ("tune", "eve", "done")
    assert (job["phase"], job["done"], job["total"]) == ("fine-tuning", 2, 2)
    for name, steps in (("oil", 2), ("nobody", 2), ("eve", 0), ("eve", "x"), ("eve", True), ("eve", 10**9)):
        with pytest.raises(UserError):
            gallery.tune(name, steps)


def test_damaged_portraits_are_left_out_and_can_be_deleted(gallery, enrolled, caplog):
    enrolled("eve")
    for name, text in (("cut", "{"), ("deep", "[" * 100_000), ("odd", '{"name": [1]}')):
        (persona_folder() / name).mkdir()
        (persona_folder() / name / "persona.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert gallery.names()[:2] == ["eve", "oil"]
        assert gallery.names()[:2] == ["eve", "oil"]
    assert len([r for r in caplog.records if "left out" in r.message]) == 3, "each once"
    gallery.delete("cut")
    assert not (persona_folder() / "cut").exists()


def test_the_list_says_what_the_page_shows(gallery, enrolled, persona):
    from dataclasses import replace

    import numpy as np

    from livecam.persona.types import Style

    store.save(replace(persona, name="eve", style=Style(np.zeros((1, 4), np.float32), "w", 100)))
    eve, oil = gallery.described()[:2]
    assert eve == {
        "name": "eve",
        "bundled": False,
        "source": "drawn",
        "sizes": [256],
        "created": "",
        "tuned": 100,
        "pictures": 1,
    }
    assert (oil["name"], oil["bundled"]) == ("oil", True)
    store.save(replace(persona, name="eve"))
    assert gallery.described()[0]["tuned"] == 0, "as soon as its file is another one"


def test_where_nothing_can_be_written_it_is_said_and_nothing_is_lost(gallery, upload, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "file"))
    id = upload()
    for _ in range(2):  # the picture is there for another try
        with pytest.raises(UserError, match="LIVECAM_DATA"):
            gallery.enrol("", [id])
    assert gallery.names()[0] == "oil"
