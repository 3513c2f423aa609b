"""A gallery whose process is `enroller`, so that no picture is looked at."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from livecam.persona import store
from livecam.studio import gallery as galleries
from livecam.studio import worker


@pytest.fixture(scope="session")
def template(persona, tmp_path_factory):
    """A persona's folder."""
    return store.save(replace(persona, name="anyone"), tmp_path_factory.mktemp("template"))


@pytest.fixture
def enrolled(persona):
    """enrolled(name) puts the drawn face there."""
    return lambda name: store.save(replace(persona, name=name))


@pytest.fixture
def stand_in(monkeypatch, template):
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path[:0] = [{here!r}]; import enroller; enroller.main({str(template)!r})"
    monkeypatch.setattr(worker, "PROGRAM", program)


class Heard(list):
    """The gallery's news."""

    def __init__(self):
        self._more = threading.Condition()

    def __call__(self, news):
        with self._more:
            self.append(news)
            self._more.notify_all()

    def wait_for(self, wanted):
        """The first news of which that is true."""
        with self._more:
            assert self._more.wait_for(lambda: any(map(wanted, self)), 30), list(self)
        return next(news for news in self if wanted(news))

    def jobs(self):
        return [news["job"] for news in self if "job" in news]


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def gallery(stand_in, heard):
    made = galleries.Gallery(heard)
    yield made
    made.close()


@pytest.fixture
def upload(gallery):
    """upload(content, name) -> id"""

    def send(content="good", name="Anna.png"):
        with gallery.uploads.begin(name) as incoming:
            incoming.write(content.encode() if isinstance(content, str) else content)
            return incoming.finish()

    return send
