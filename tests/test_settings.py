"""Every number of a run has a range, wherever it comes from; NaN is in none."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam import settings
from livecam.errors import UserError
from livecam.ranges import OneOf, Range, declared_limits
from livecam.settings import MotionSettings, Settings

NUMBERS = [(owner, name) for owner in (Settings, MotionSettings) for name in declared_limits(owner)]
EVERY_NUMBER = st.floats() | st.integers() | st.sampled_from([10**400, True, 512, 30, 0.5])
NEVER = [math.nan, math.inf, -math.inf, 10**400]


def environment(owner, name, text):
    return {f"LIVECAM_{'MOTION_' if owner is MotionSettings else ''}{name.upper()}": text}


def allowed(limits, value):
    if isinstance(limits, OneOf):
        return value in limits.values
    return limits.low <= value <= limits.high


def test_every_number_declares_what_it_may_be():
    """A new setting that is a number fails here until it says its range."""
    for owner in (Settings, MotionSettings):
        numeric = {f.name for f in fields(owner) if "int" in str(f.type) or "float" in str(f.type)}
        assert numeric == set(declared_limits(owner))


def fits(owner, name, value):
    limits = declared_limits(owner)[name][0]
    return isinstance(value, int) or not (isinstance(limits, OneOf) or limits.whole)


@pytest.mark.parametrize(("owner", "name"), NUMBERS)
@given(value=EVERY_NUMBER)
def test_any_number_is_in_its_range_or_refused(owner, name, value):
    given = (value,) * 3 if name == "pose_limits" else value
    if allowed(declared_limits(owner)[name][0], value) and value is not True:
        # A whole number's field takes no float, not even a round one.
        with nullcontext() if fits(owner, name, value) else pytest.raises(UserError, match="whole"):
            assert getattr(owner(**{name: given}), name) == given
        return
    with pytest.raises(UserError, match=name.replace("_", "-")) as caught:
        owner(**{name: given})
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("owner", "name"), NUMBERS)
@given(value=EVERY_NUMBER.filter(lambda v: abs(v) < 10**400))
def test_the_environment_is_held_to_the_same_ranges(owner, name, value, tmp_path_factory):
    text = ",".join([str(value)] * 3) if name == "pose_limits" else str(value)
    nowhere = tmp_path_factory.getbasetemp() / "no-settings.toml"
    if value is True or not allowed(declared_limits(owner)[name][0], value) or not fits(owner, name, value):
        with pytest.raises(UserError, match="in the environment"):
            settings.load(environment(owner, name, text), nowhere)
        return
    made = settings.load(environment(owner, name, text), nowhere)
    got = getattr(made.motion if owner is MotionSettings else made, name)
    assert got == ((value,) * 3 if name == "pose_limits" else value)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "0x" + "f" * 9000, "true", "2.5e-7", "-1"])
@pytest.mark.parametrize(("owner", "name"), NUMBERS)
def test_a_file_is_held_to_the_same_ranges(owner, name, value, tmp_path):
    path = tmp_path / "settings.toml"
    written = f"[{value}, {value}, {value}]" if name == "pose_limits" else value
    path.write_text(("[motion]\n" if owner is MotionSettings else "") + f"{name} = {written}\n")
    limits = declared_limits(owner)[name][0]
    if value == "2.5e-7" and isinstance(limits, Range) and not limits.whole and limits.low == 0:
        settings.load({}, path)
        return
    with pytest.raises(UserError) as caught:
        settings.load({}, path)
    assert len(str(caught.value)) < 300 + len(str(path))


@pytest.mark.parametrize("value", ["2.5", "true", '"fast"', "[1]"])
def test_what_would_have_to_be_changed_to_fit_is_refused(value, tmp_path):
    """512.5 pixels are not 512, and true is not 1."""
    path = tmp_path / "settings.toml"
    path.write_text(f"max_frames = {value}\n")
    with pytest.raises(UserError, match="not a whole number"):
        settings.load({}, path)


def test_the_error_of_a_file_names_value_place_and_range(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[motion]\nexpression_gain = nan\n")
    with pytest.raises(UserError, match=r"expression_gain = nan in .*settings.toml: .*Use 0 to 3\."):
        settings.load({}, path)


def test_a_canvas_in_a_file_is_looked_at_before_the_run(tmp_path):
    with pytest.raises(UserError, match="canvas 641x480"):
        settings.load({"LIVECAM_CANVAS": "641x480"}, tmp_path / "none")


def test_defaults_and_ends_of_ranges_are_allowed():
    assert replace(Settings(), fps=1).fps == 1
    assert replace(Settings(), fps=240.0).fps == 240.0
    assert MotionSettings(neutral_frame=0).neutral_frame == 0
    assert str(Range(0, 1.5)) == "0 to 1.5"
    assert str(settings.limits("size")) == "256, 512, 768"
    for bad in NEVER:
        with pytest.raises(UserError, match="Use 0 to 3"):
            MotionSettings(pose_gain=bad)


def test_a_settings_file_nested_too_deeply_says_so(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("a=" + "[" * 20_000)
    with pytest.raises(UserError, match="settings file"):
        settings.load({"LIVECAM_SETTINGS": str(path)})


TOML_VALUES = st.recursive(
    st.sampled_from(
        ["inf", "-inf", "nan", "true", "1e400", "9" * 5000, "0", "-1", "0.5", '"x"', '""', "1979-05-27"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
        | inner.map(lambda part: f"{{a = {part}}}")
    ),
    max_leaves=6,
)
NAMES = [f.name for f in fields(Settings)] + [f"motion.{f.name}" for f in fields(MotionSettings)]


@given(st.dictionaries(st.sampled_from(NAMES), TOML_VALUES, max_size=3))
def test_whatever_a_settings_file_says_it_is_taken_or_refused(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    path.write_text("\n".join(f"{name} = {value}" for name, value in values.items()))
    check_loaded(path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_whatever_a_settings_file_is_it_is_taken_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    path.write_bytes(data)
    check_loaded(path)


def check_loaded(path):
    refused = ""
    try:
        loaded = settings.load({"LIVECAM_SETTINGS": str(path)})
    except UserError as error:
        refused = str(error)
    assert "\n" not in refused
    assert len(refused) < 700
    if refused:
        return
    for owner, name in NUMBERS:
        value = getattr(loaded if owner is Settings else loaded.motion, name)
        for one in value if isinstance(value, tuple) else (value,):
            assert one is None or allowed(declared_limits(owner)[name][0], one)
