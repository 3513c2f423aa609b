"""The page's own files: a fixed list, complete, safe under its policy, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest

from livecam.face import landmarks as lm
from livecam.pipeline.status import State
from livecam.web.server import Page
from livecam.web.static import PAGES, PARTS, TYPES, read

FILES = sorted({*PAGES.values(), *PARTS})
PATIENCE = 60
"""Seconds for an answer: the machine may be busy."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page() as served:
        yield served


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=PATIENCE)


def test_the_list_is_the_folder() -> None:
    assert sorted(one.name for one in files("livecam.web").joinpath("static").iterdir()) == FILES


@pytest.mark.parametrize("address", [*PAGES, *PARTS])
def test_each_is_served_under_its_name(page: Page, address: str) -> None:
    answer = get(page.url + address)
    name = PAGES.get(address, address)
    assert answer.status_code == 200
    assert answer.text == read(name)
    assert answer.headers["content-type"] == TYPES["." + name.rpartition(".")[2]]
    assert answer.headers["cache-control"] == "no-store"  # the address has the token in it


@pytest.mark.parametrize(
    "name", ["server.py", "static/studio.js", "..%2fserver.py", "../web/server.py", "studio.js/", "studio"]
)
def test_nothing_else_is(page: Page, name: str) -> None:
    # A raw path: the client would tidy it up.
    request = httpx.Request("GET", page.url)
    request.url = request.url.copy_with(raw_path=request.url.raw_path + name.encode())
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        answer = client.send(request)
    assert answer.status_code in (403, 404, 307)
    assert "import" not in answer.text


@pytest.mark.parametrize("name", sorted(PAGES.values()))
def test_pages_have_nothing_that_their_policy_would_stop(name: str) -> None:
    text = read(name)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    assert scripts
    assert all("src=" in attributes and not body for attributes, body in scripts)


@pytest.mark.parametrize("name", FILES)
def test_what_they_name_is_served_and_nothing_from_elsewhere(name: str) -> None:
    text = read(name)
    named = re.findall(r"""(?:from|import) ["']\./([^"']+)|(?:src|href)="([\w-]+\.(?:js|css))\"""", text)
    assert {one or other for one, other in named} <= {*PARTS}
    addresses = set(re.findall(r"(?:https?:|wss?:)?//[\w.-]+\.\w+", text))
    assert addresses <= {"http://www.w3.org"}  # a namespace, not a link


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_names_of_people_never_become_markup(name: str) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", read(name)
    )


def test_outlines_are_those_of_the_tracker() -> None:
    said = {
        name: json.loads(numbers)
        for name, numbers in re.findall(r"const (\w+) = ([^;]+);", read("outlines.js"))
    }
    upper_then_back = [list(one[:5] + one[:4:-1]) for one in lm.BROWS]
    assert said == {
        "POINTS": 478,
        "FACE_OVAL": list(lm.FACE_OVAL),
        "OUTER_LIPS": list(lm.OUTER_LIPS),
        "INNER_LIPS": list(lm.MOUTH),
        "LEFT_EYE": list(lm.LEFT_EYE),
        "RIGHT_EYE": list(lm.RIGHT_EYE),
        "BROWS": upper_then_back,
        "IRISES": [list(lm.LEFT_IRIS), list(lm.RIGHT_IRIS)],
    }


def test_the_page_has_words_for_every_state():
    words = read("words.js")
    assert [state.value for state in State if not re.search(rf'"?{state.value}"?: \["', words)] == []
