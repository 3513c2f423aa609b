"""Names out of whatever somebody types or a file is called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam.persona import store
from livecam.studio import naming

ANYTHING = st.text(st.characters(), max_size=300)


@given(ANYTHING)
def test_whatever_is_left_can_be_used(text):
    for name in (naming.clean(text) or "x", naming.of_file(text)):
        assert store.check_name(name) == name
        assert not name.endswith((".", "-", "_"))
        assert naming.clean(name) == name
        assert len(naming.unique(name, {naming.key(name)})) <= 64


@given(ANYTHING)
def test_what_is_shown_of_a_file_is_one_line_without_a_path(text):
    shown = naming.shown(text)
    assert 0 < len(shown) <= 60
    assert not set("/\\") & set(shown)
    assert all(letter == " " or unicodedata.category(letter)[0] not in "CZ" for letter in shown)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna", "Anna"),
        ("  Ännchen von Tharau ", "Annchen-von-Tharau"),
        ("Straße", "Strasse"),
        ("Żółć", "Zolc"),
        ("a..b--c", "a.b-c"),
        (".hidden", "hidden"),
        ("../../x", "x"),
        ("con", "con-1"),
        ("COM1.x", "COM1.x-1"),
        ("李雷", ""),
        ("\u202eabc", "abc"),
        ("x" * 200, "x" * 56),
    ],
)
def test_the_nearest_name(text, name):
    assert naming.clean(text) == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Anna.png", "Anna"),
        ("C:\\Users\\me\\anna b.JPEG", "anna-b"),
        ("/etc/passwd", "passwd"),
        ("李雷.jpg", "portrait"),
        (".png", "portrait"),
        ("", "picture"),
        ("IMG 2024.01.02.heic", "IMG-2024.01.02"),
    ],
)
def test_a_name_after_a_file(file, name):
    assert naming.of_file(file) == name


def test_a_number_is_put_behind_names_that_are_taken_in_any_case():
    assert naming.unique("Eve", set()) == "Eve"
    assert naming.unique("Eve", {"eve", "eve-2"}) == "Eve-3"
