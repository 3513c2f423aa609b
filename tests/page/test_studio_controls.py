"""Every control has a widget that sets it; keys; two pages; what cannot be is said."""

from __future__ import annotations

from typing import Any

import pytest
from page_browser import opened
from stand_in import StandIn, until

from livecam.control import Action, Value
from livecam.control.catalogue import CATALOGUE
from livecam.errors import UserError
from livecam.ranges import Range

pytestmark = pytest.mark.slow
NEW = (
    Value("warmth", "Warmth", "Of the light.", "number", 2, "Light", Range(0, 4, whole=True)),
    Value("lamp", "Lamp", "Whether it is lit.", "flag", False, "Light", key="l"),
    Value("caption", "Caption", "What is written.", "text", "", "Light"),
    Value("glow", "Glow", "Of the lamp.", "colour", "#ffffff", "Light"),
    Action("flash", "Flash", "Once.", "Light"),
    Action("say", "Say", "A sentence.", "Light", takes="sentence"),
)


def widget(page: Any, name: str) -> Any:
    return page.locator(f"[data-control='{name}']")


def becomes(studio: StandIn, name: str, value: Any) -> None:
    until(lambda: studio.registry.value(name) == value)


def test_every_control_of_the_catalogue_has_its_place(page: Any) -> None:
    elsewhere = {"persona": "#personas [aria-pressed]", "react": "#reaction-buttons button"}
    elsewhere |= {
        "next-persona": "[aria-label='Next portrait']",
        "previous-persona": "[aria-label='Previous portrait']",
    }
    for control in CATALOGUE:
        place = page.locator(elsewhere.get(control.name, f"[data-control='{control.name}']"))
        assert place.count() >= 1, control.name


@pytest.mark.parametrize("name", ["freeze", "hide", "mirror", "record"])
def test_large_buttons_turn_flags(page: Any, studio: StandIn, name: str) -> None:
    from playwright.sync_api import expect

    before = studio.registry.value(name)
    for value in (not before, before):
        widget(page, name).click()
        becomes(studio, name, value)
        expect(widget(page, name)).to_have_attribute("aria-pressed", str(value).lower())


@pytest.mark.parametrize("name", ["idle", "camera-out", "stream", "remember"])
def test_switches(page: Any, studio: StandIn, name: str) -> None:
    before = studio.registry.value(name)
    widget(page, name).locator("input").click()
    becomes(studio, name, not before)


@pytest.mark.parametrize("name", ["expression-gain", "pose-gain", "gaze-gain", "smoothing", "zoom"])
def test_sliders_and_their_reset(page: Any, studio: StandIn, name: str) -> None:
    from playwright.sync_api import expect

    slider = widget(page, name).locator("input")
    default = studio.registry.value(name)
    reset = widget(page, name).get_by_role("button", name="Reset")
    expect(reset).to_be_hidden()
    slider.focus()
    page.keyboard.press("ArrowRight")
    becomes(studio, name, default + 0.05)
    expect(widget(page, name).locator("output")).to_contain_text(f"{default + 0.05:.2f}")
    slider.fill(str(slider.get_attribute("max")))
    becomes(studio, name, float(slider.get_attribute("max")))
    reset.click()
    becomes(studio, name, default)
    expect(reset).to_be_hidden()


def test_a_slider_that_is_dragged_sends_the_newest_alone(page: Any, studio: StandIn) -> None:
    slider = widget(page, "zoom").locator("input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box["x"] + box["width"] / 2 + step * box["width"] / 130, box["y"] + box["height"] / 2)
    page.mouse.up()
    shown = float(slider.input_value())
    assert shown > 1.3
    becomes(studio, "zoom", shown)
    assert len(studio.posts("controls/zoom")) <= 60


@pytest.mark.parametrize("value", ["blurred", "colour", "green", "transparent", "picture", "original"])
def test_backgrounds(page: Any, studio: StandIn, value: str) -> None:
    from playwright.sync_api import expect

    if value == "original":
        studio.registry.set("background", "green")
        expect(widget(page, "background").locator("input[value=green]")).to_be_checked()
    widget(page, "background").locator(f"input[value={value}]").click(force=True)
    becomes(studio, "background", value)
    expect(widget(page, "background-colour")).to_be_visible(visible=value == "colour")


def test_size_engine_follow_colour_and_address(page: Any, studio: StandIn) -> None:
    widget(page, "size").locator("input[value='256']").click(force=True)
    becomes(studio, "size", "256")
    widget(page, "engine").locator("select").select_option("cpu")
    becomes(studio, "engine", "cpu")
    widget(page, "follow").locator("select").select_option("all")
    becomes(studio, "follow", "all")
    studio.registry.set("background", "colour")
    widget(page, "background-colour").locator("input").fill("#123456")
    becomes(studio, "background-colour", "#123456")
    widget(page, "stream-address").locator("input").fill("rtmp://127.0.0.1/live")
    page.keyboard.press("Enter")
    becomes(studio, "stream-address", "rtmp://127.0.0.1/live")


def test_what_is_not_possible_says_why(page: Any) -> None:
    from playwright.sync_api import expect

    engine = widget(page, "engine")
    assert engine.locator("option[value=cuda]").is_disabled()
    engine.locator("summary").click()
    expect(engine.locator(".reasons")).to_contain_text("No NVIDIA GPU is in this computer.")
    expect(widget(page, "camera").locator(".reasons")).to_contain_text("1 is not possible here")


def test_choices_that_come_later_are_offered(page: Any, studio: StandIn) -> None:
    from livecam.control import Choice

    studio.registry.offer("camera", [Choice("camera", "The first camera"), Choice("b", "USB camera")])
    widget(page, "camera").locator("select").select_option(label="USB camera")
    becomes(studio, "camera", "b")


def test_a_control_that_is_added_appears_in_its_group(browser: Any) -> None:
    from playwright.sync_api import expect

    with StandIn((*CATALOGUE, *NEW)) as studio, opened(browser, studio.url) as page:
        group = page.locator("#group-light")
        for control in NEW:
            expect(group.locator(f"[data-control={control.name}]")).to_be_visible()
        group.locator("[data-control=warmth] input").fill("4")
        becomes(studio, "warmth", 4)
        group.locator("[data-control=caption] input").fill("Hello")
        page.keyboard.press("Tab")
        becomes(studio, "caption", "Hello")
        group.locator("[data-control=flash] button").click()
        until(lambda: studio.posts("controls/flash") == [{}])
        group.locator("[data-control=say] input").fill("Good evening")
        group.locator("[data-control=say] button").click()
        until(lambda: studio.posts("controls/say") == [{"value": "Good evening"}])
        page.locator("h1").click()
        page.keyboard.press("l")
        becomes(studio, "lamp", True)
        assert page.problems == []


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("f", "freeze", True),
        ("h", "hide", True),
        ("m", "mirror", False),
        ("r", "record", True),
        ("F", "freeze", True),
    ],
)
def test_keys_turn_flags(page: Any, studio: StandIn, key: str, name: str, value: Any) -> None:
    page.keyboard.press(key)
    becomes(studio, name, value)


def test_keys_for_portraits(page: Any, studio: StandIn) -> None:
    page.keyboard.press("3")
    becomes(studio, "persona", "charcoal")
    page.keyboard.press("9")  # there is none
    for key, name in (("n", "next-persona"), ("p", "previous-persona")):
        page.keyboard.press(key)
        until(lambda name=name: studio.posts(f"controls/{name}") == [{}])
    assert studio.registry.value("persona") == "charcoal"


def test_keys_rest_while_one_types_or_holds_another_key(page: Any, studio: StandIn) -> None:
    widget(page, "stream-address").locator("input").focus()
    page.keyboard.type("fhm1")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("Control+f")
    page.keyboard.press("?")
    page.keyboard.press("f")  # help is open
    page.keyboard.press("Escape")
    page.keyboard.press("m")  # what must arrive, after all that must not
    becomes(studio, "mirror", False)
    assert [studio.registry.value(name) for name in ("freeze", "hide", "persona")] == [
        False,
        False,
        "photograph",
    ]


def test_help_lists_the_keys(page: Any) -> None:
    from playwright.sync_api import expect

    page.keyboard.press("?")
    for text in (
        "Calibrate",
        "Freeze",
        "Hide",
        "Mirror",
        "Record",
        "Next portrait",
        "Previous portrait",
        "1 – 9",
    ):
        expect(page.locator("#help-keys")).to_contain_text(text)
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_two_pages_and_the_shell_agree(browser: Any, studio: StandIn, page: Any) -> None:
    from playwright.sync_api import expect

    with opened(browser, studio.url) as other:
        other.wait_for_selector("#personas img")
        widget(page, "freeze").click()
        expect(widget(other, "freeze")).to_have_attribute("aria-pressed", "true")
        expect(other.locator("#state")).to_have_text("Frozen")
        widget(other, "zoom").locator("input").fill("1.5")
        expect(widget(page, "zoom").locator("output")).to_have_text("1.50 ×")
        other.keyboard.press("4")
        expect(page.locator("[data-persona=cartoon]")).to_have_attribute("aria-pressed", "true")
        studio.registry.set("background", "blurred")  # `livecam control background blurred`
        for one in (page, other):
            expect(widget(one, "background").locator("input[value=blurred]")).to_be_checked()
            one.reload()
            expect(widget(one, "zoom").locator("output")).to_have_text("1.50 ×")


def test_a_refused_change_goes_back_and_says_why(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    def refuse(_: Any) -> None:
        raise UserError("engine cpu", "it is busy", "Try again.")

    for name in ("zoom", "idle", "size", "freeze"):
        studio.registry.handle(name, refuse)
    said = "engine cpu: it is busy. Try again."
    widget(page, "zoom").locator("input").fill("1.5")
    expect(widget(page, "zoom").locator(".problem")).to_have_text(said)
    expect(widget(page, "zoom").locator("output")).to_have_text("1.00 ×")
    widget(page, "idle").locator("input").click()
    expect(widget(page, "idle").locator(".problem")).to_have_text(said)
    expect(widget(page, "idle").locator("input")).to_be_checked()
    widget(page, "size").locator("input[value='256']").click(force=True)
    expect(widget(page, "size").locator("input[value='512']")).to_be_checked()
    widget(page, "freeze").click()
    expect(page.locator("#alerts")).to_contain_text(said)
    expect(widget(page, "freeze")).to_have_attribute("aria-pressed", "false")


def test_quit_is_asked_for_twice(page: Any, studio: StandIn) -> None:
    widget(page, "quit").locator("button").click()
    page.get_by_role("button", name="Cancel").click()
    widget(page, "quit").locator("button").click()
    assert studio.posts("controls/quit") == []
    page.get_by_role("button", name="Quit livecam").click()
    until(lambda: studio.posts("controls/quit") == [{}])


def test_reactions(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name="Wink").click()
    until(lambda: studio.posts("controls/react") == [{"value": "wink"}])
    expect(page.locator("[data-reaction=wink]")).to_have_class("chip lit")
    page.keyboard.press("j")  # the nod's own key
    until(lambda: studio.posts("controls/react")[1:] == [{"value": "nod"}])


def test_where_it_goes_is_listed_with_what_is_wrong(page: Any) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#group-where-it-goes #sinks")).to_contain_text("refused; tried again in 4 s")
    expect(page.locator("#sinks [data-tone=bad]")).to_have_count(1)
