"""The page as a whole: states, calibrating, recording, tracking, delay, checks, restarts, widths, readers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from page_browser import opened
from stand_in import FRAME, StandIn, until

from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.web.server import Page

pytestmark = pytest.mark.slow
MISSING = [
    {"name": "camera", "ok": None, "text": "none", "todo": "Connect one."},
    {
        "name": "virtual camera",
        "ok": None,
        "text": "v4l2loopback is not loaded",
        "todo": "Run: sudo modprobe v4l2loopback exclusive_caps=1 `livecam camera-setup` shows every step.",
    },
    {"name": "engine cuda", "ok": None, "text": "no NVIDIA GPU", "todo": ""},
]
REFUSED = {"what": "cat.jpg", "why": "no face was found", "todo": "Use a picture in which one is seen."}


@pytest.mark.parametrize(
    ("state", "words", "hint"),
    [
        ("starting", "Starting", ""),
        ("live", "Live", ""),
        ("no face", "No face", "Come into your camera's view"),
        ("camera lost", "Camera lost", "until your camera is back"),
        ("frozen", "Frozen", "held as it is"),
        ("hidden", "Hidden", "your face moves it no more"),
        ("dreaming", "dreaming", ""),
    ],
)
def test_states_in_words(page: Any, studio: StandIn, state: str, words: str, hint: str) -> None:
    from playwright.sync_api import expect

    studio.status["state"] = state
    expect(page.locator("#state")).to_have_text(words)
    expect(page.locator("#note")).to_contain_text(hint)
    studio.status["message"] = "The camera was changed."
    expect(page.locator("#note")).to_have_text("The camera was changed.")


def test_the_picture_is_drawn_and_called_synthetic(page: Any) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#picture")).to_be_visible()
    assert page.evaluate("document.querySelector('#picture').width") == 1280
    expect(page.locator("footer")).to_contain_text("Synthetic picture.")
    assert page.title() == "livecam"
    box = page.locator(".stage").bounding_box()
    assert (
        box["width"] * box["height"] > 0.3 * 1440 * 900
    )  # it dominates: nothing else has a third of the page


def test_calibrating_counts_down_first(browser: Any, studio: StandIn, page: Any) -> None:
    from playwright.sync_api import expect

    countdown = page.locator("#countdown")
    with opened(browser, studio.url) as other:
        other.wait_for_selector("#personas img")
        page.keyboard.press("c")
        for left in "321":
            expect(countdown.locator("b")).to_have_text(left)
            assert studio.posts("controls/calibrate") == []
        expect(countdown).to_contain_text("Look straight, mouth shut")
        expect(other.locator("#countdown")).to_contain_text("Look straight, mouth shut")
        assert studio.posts("controls/calibrate") == [{}]
        expect(page.locator("#notices")).to_contain_text("Calibrated")
        expect(countdown).to_be_hidden()


def test_calibrating_can_be_cancelled_or_refused(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.locator("[data-control=calibrate]").click()
    expect(page.locator("#countdown")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#countdown")).to_be_hidden()

    def refuse(_: Any) -> None:
        raise UserError("calibrate", "no face is seen", "Come into the camera's view.")

    studio.registry.handle("calibrate", refuse)
    page.keyboard.press("c")
    expect(page.locator("#alerts")).to_contain_text(
        "calibrate: no face is seen. Come into the camera's view."
    )
    expect(page.locator("#countdown")).to_be_hidden()
    assert len(studio.posts("controls/calibrate")) == 1


def test_recording_has_a_clock(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.keyboard.press("r")
    until(lambda: studio.status["recording"] is not None)
    studio.status["recording"] = 73.4
    expect(page.locator("#badge")).to_have_text("REC 1:13")
    expect(page.get_by_role("button", name="Stop recording")).to_contain_text("1:13")
    studio.status["recording"] = 3723
    expect(page.locator("#badge")).to_have_text("REC 1:02:03")
    page.get_by_role("button", name="Stop recording").click()
    expect(page.locator("#badge")).to_be_hidden()


def drawn(page: Any, canvas: str) -> int:
    """How many of its pixels are not see-through."""
    count = """node => node.width && node.getContext("2d").getImageData(0, 0, node.width, node.height)
      .data.filter((value, place) => place % 4 === 3 && value > 0).length"""
    return int(page.locator(canvas).evaluate(count))


def test_tracking_is_drawn_from_landmarks_alone(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#landmarks[data-face=yes]")).to_be_visible()
    assert drawn(page, "#landmarks") > 1000
    box = page.locator("#tracking").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(FRAME[0] / FRAME[1], rel=0.02)
    studio.face = False
    expect(page.locator("#tracked")).to_have_text("No face")
    assert drawn(page, "#landmarks") == 0
    assert studio.watching_camera == studio.asked["camera"] == 0


@pytest.mark.parametrize("by", ["mouse", "touch", "key"])
def test_ones_own_picture_is_shown_only_while_held(browser: Any, studio: StandIn, by: str) -> None:
    from playwright.sync_api import expect

    with opened(browser, studio.url, has_touch=True) as page:
        button, own = page.locator("#show-me"), page.locator("#own-picture")
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        if by == "mouse":
            page.mouse.move(box["x"] + 9, box["y"] + 9)
            page.mouse.down()
        elif by == "touch":
            button.dispatch_event("pointerdown", {"pointerType": "touch", "button": 0})
        else:
            button.focus()
            page.keyboard.down(" ")
        expect(own).to_be_visible()
        until(lambda: studio.watching_camera == 1)
        if by == "mouse":
            page.mouse.up()
        elif by == "touch":
            button.dispatch_event("pointercancel", {"pointerType": "touch"})
        else:
            page.keyboard.up(" ")
        expect(own).to_be_hidden()
        until(lambda: studio.watching_camera == 0)
        assert drawn(page, "#own-picture") == 0  # nothing of it stays
        assert page.problems == []


def test_delay_is_shown_stage_by_stage(browser: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    with opened(browser, studio.url) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        legend = page.locator("#legend")
        for words in ("Camera 4.1 ms", "Tracking 17 ms", "Drawing 21 ms", "Sending 3.0 ms"):
            expect(legend).to_contain_text(words)
        expect(legend.locator("li")).to_have_count(7)  # not their sum
        expect(page.locator("#fps")).to_have_text("30 fps")
        expect(page.locator("#dropped")).to_have_text("2 left out")
        widths = page.locator("#bar [data-stage=track]").evaluate(
            "node => node.offsetWidth / node.parentNode.offsetWidth"
        )
        assert widths == pytest.approx(17.2 / 100, abs=0.01)
        page.get_by_role("button", name="Copy the audio offset").click()
        expect(page.locator("#offset-copy")).to_contain_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == "95"
        studio.status["audio_offset_ms"] = None
        expect(page.locator("#offset-row")).to_be_hidden()


def test_what_is_missing_turns_green_by_itself(browser: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.checks = MISSING
    studio.status["source"] = {"name": "driver.mp4", "demo": True}
    with opened(browser, studio.url) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        expect(page.locator("#checks")).to_contain_text("v4l2loopback is not loaded")
        expect(page.locator("#checks-list")).not_to_contain_text("engine cuda")  # nobody must have one
        expect(page.locator("#checks-rest summary")).to_have_text("1 more checks")
        expect(page.locator("#note")).to_have_text("No camera is in use: a sample clip moves the portrait.")
        commands = page.locator("#checks code").all_inner_texts()
        assert commands == ["sudo modprobe v4l2loopback exclusive_caps=1", "livecam camera-setup"]
        page.get_by_role("button", name="Copy: sudo modprobe").click()
        until(lambda: page.evaluate("navigator.clipboard.readText()") == commands[0])
        studio.checks = [one | {"ok": True, "text": "found"} for one in MISSING]
        studio.events.tell({"checks": True})
        expect(page.locator("#checks-title")).to_have_text("All is ready")
        expect(page.locator("#checks-list [data-tone=good]")).to_have_count(2)
        expect(page.locator("#checks")).to_be_hidden()


def test_what_is_missing_can_be_put_away(browser: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.checks = MISSING
    with opened(browser, studio.url) as page:
        page.get_by_role("button", name="Not now").click()
        expect(page.locator("#checks")).to_be_hidden()
        studio.checks = [
            *MISSING,
            {"name": "refiner", "ok": False, "text": "damaged", "todo": "Run: livecam build"},
        ]
        studio.events.tell({"checks": True})
        expect(page.locator("#checks")).to_contain_text("damaged")


def test_notices_of_livecam_are_shown(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.events.notice("The graphics card was lost; the processor draws on.", "bad")
    expect(page.locator("#alerts")).to_contain_text("the processor draws on")


def test_a_hidden_page_asks_for_nothing(browser: Any, studio: StandIn) -> None:
    with opened(browser, studio.url) as page:
        page.wait_for_selector("#picture:not([hidden])")
        page.evaluate(
            "Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })"
        )
        turn = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
        page.evaluate(turn, True)
        page.wait_for_timeout(500)  # what was on its way
        before, number = studio.asked["landmarks"], studio.page.sink._picture.number
        page.wait_for_timeout(1000)
        assert studio.asked["landmarks"] == before
        assert studio.page.sink._picture.number == number  # not even encoded
        page.evaluate(turn, False)
        until(lambda: studio.asked["landmarks"] > before and studio.page.sink._picture.number > number)


def test_a_restart_is_said_and_the_page_comes_back(browser: Any) -> None:
    from playwright.sync_api import expect

    with StandIn() as studio, opened(browser, studio.url) as page:
        expect(page.locator("#state")).to_have_text("Live")
        port, token = int(studio.url.split(":")[2].split("/")[0]), studio.page._token
        studio.page.stop()
        expect(page.locator("#state")).to_have_text("Stopped")
        expect(page.locator("#note")).to_contain_text("This page tries again by itself")
        assert page.locator("[data-control=freeze]").evaluate("node => Boolean(node.closest('[inert]'))")
        page.keyboard.press("f")  # asks for nothing
        with StandIn(port=port, token=token) as again:
            again.registry.set("zoom", 1.4)
            expect(page.locator("#state")).to_have_text("Live")
            expect(page.locator("[data-control=zoom] output")).to_have_text("1.40 ×")
            page.keyboard.press("m")
            until(lambda: again.registry.value("mirror") is False)
            until(lambda: again.page.sink.viewers == 1)
            assert again.posts("controls/freeze") == []


def test_another_livecam_at_that_port_is_said(browser: Any) -> None:
    from playwright.sync_api import expect

    with StandIn() as studio, opened(browser, studio.url) as page:
        expect(page.locator("#state")).to_have_text("Live")
        port = int(studio.url.split(":")[2].split("/")[0])
        studio.page.stop()
        with StandIn(port=port):
            expect(page.locator("#note")).to_contain_text("has another address")


def test_a_livecam_without_controls_is_only_watched(browser: Any) -> None:
    from playwright.sync_api import expect

    with Page(status=lambda: {"state": "live", "portrait": "Anna", "latency_ms": 50}) as bare:
        bare.sink.open(SinkFormat(32, 16, 30))
        with opened(browser, bare.url) as page:
            until(lambda: bare.sink.viewers == 1)
            bare.sink.write(OutputFrame(np.zeros((16, 32, 3), np.uint8), 1, 0))
            expect(page.locator("#state")).to_have_text("Live")
            expect(page.locator("#portrait")).to_have_text("Anna")
            expect(page.locator("#picture")).to_be_visible()
            expect(page.locator("#delay")).to_contain_text("ms from camera to here")
            for part in ("#transport", "#gallery", ".right"):
                expect(page.locator(part)).to_be_hidden()


CUT = """() => [...document.querySelectorAll("body *")].filter((node) => {
  if (!node.checkVisibility() || node.closest("#personas, code, .unseen, svg")) return false;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const wide = node.scrollWidth > node.clientWidth + 1;
  const cut = !node.children.length && wide && style.overflowX === "hidden";
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1 || cut);
}).map((node) => node.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [360, 620, 700, 1000, 1440, 3840])
def test_nothing_is_cut_at_any_width(browser: Any, studio: StandIn, width: int) -> None:
    studio.checks = MISSING
    studio.registry.set("background", "colour")
    with opened(browser, studio.url, viewport={"width": width, "height": 800}) as page:
        page.wait_for_selector("#picture:not([hidden])")
        page.wait_for_selector("#checks code")
        page.locator("[data-control=engine] summary").click()
        studio.job(id="lost", state="failed", error=REFUSED)
        page.wait_for_selector(".refusal")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        page.keyboard.press("?")
        assert page.evaluate(CUT) == []


def test_everything_is_reached_by_keyboard_with_the_focus_seen(page: Any, studio: StandIn) -> None:
    wanted = """() => {
      const nodes = [...document.querySelectorAll("button, input, select, summary, a[href]")].filter(
        (node) => node.checkVisibility({ visibilityProperty: true }) && !node.matches("dialog *, :disabled"));
      const radios = new Set();
      const first = (node) => !radios.has(node.name) && radios.add(node.name);
      return nodes.filter((node) => node.type !== "radio" || first(node)).length;
    }"""
    seen = """() => {
      const node = document.activeElement;
      const shown = node.type === "radio" ? node.nextElementSibling : node;
      window.reached = (window.reached || new Set()).add(node);
      const style = getComputedStyle(shown);
      const wide = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      const outlined = wide && Number(style.opacity) === 1;
      return [node === document.body || outlined, node.outerHTML.slice(0, 100)];
    }"""
    count = page.evaluate(wanted)
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        good, node = page.evaluate(seen)
        assert good, f"no focus is seen on {node}"
        if page.evaluate("document.activeElement === document.body"):
            break
    assert page.evaluate("[...reached].filter((node) => node !== document.body).length") == count
    page.locator("[data-control=freeze]").focus()
    page.keyboard.press(" ")
    until(lambda: studio.registry.value("freeze") is True)
    page.locator("[data-control=background] input:checked").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: studio.registry.value("background") == "blurred")
    page.locator("[data-persona=cartoon]").focus()
    page.keyboard.press("Enter")
    until(lambda: studio.registry.value("persona") == "cartoon")
    assert (
        page.evaluate("document.activeElement.dataset.persona") == "cartoon"
    )  # though the list was drawn anew


def serious(page: Any) -> list[str]:
    """What axe-core calls serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, scheme: str) -> None:
    with StandIn() as studio:
        studio.checks = MISSING
        # Colours that fade are no colours to judge; axe is put into the page, which its policy forbids.
        with opened(
            browser, studio.url, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
        ) as page:
            page.wait_for_selector("#personas img")
            page.wait_for_selector("#checks code")
            page.locator("[data-control=engine] summary").click()
            studio.job(id="one", name="Ada", phase="Cutting out", done=2, total=5)
            studio.job(id="two", state="failed", error=REFUSED)
            studio.registry.set("background", "colour")
            studio.registry.set("record", True)
            page.keyboard.press("f")
            studio.events.notice("It is as it should be.", "good")
            page.wait_for_selector("#notices .notice")
            page.wait_for_selector("#badge:not([hidden])")
            assert serious(page) == []
            page.get_by_role("button", name="More for watercolour").focus()
            page.keyboard.press("Enter")
            assert serious(page) == []
            page.keyboard.press("Escape")
            page.keyboard.press("?")
            assert serious(page) == []
            page.keyboard.press("Escape")
            studio.page.stop()
            page.wait_for_selector("body[data-link=down]")
            assert serious(page) == []


def test_less_motion_where_it_is_asked_for(browser: Any, studio: StandIn) -> None:
    with opened(browser, studio.url, reduced_motion="reduce") as page:
        page.wait_for_selector("#personas img")
        long = """() => [...document.querySelectorAll("*")].filter((node) => {
          const style = getComputedStyle(node);
          return Math.max(parseFloat(style.animationDuration), parseFloat(style.transitionDuration)) > .01;
        }).length"""
        assert page.evaluate(long) == 0


@pytest.mark.parametrize("kind", [".webp", ".png", ".jpg"])
def test_the_overlay_is_see_through(browser: Any, studio: StandIn, kind: str) -> None:
    """Half of the picture is opaque red, the other half is not there."""
    red = np.zeros((40, 80, 4), np.uint8)
    red[:, :40] = (0, 0, 255, 255)
    if kind == ".jpg":
        mask = np.repeat(red[..., 3:], 3, axis=2)
        _, data = cv2.imencode(kind, np.vstack([red[..., :3], mask]))
    else:
        _, data = cv2.imencode(kind, red)
    studio.overlay = data.tobytes()
    with opened(browser, studio.url + "overlay", viewport={"width": 80, "height": 40}) as page:

        def shown() -> Any:
            png = page.screenshot(omit_background=True)
            return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)

        until(lambda: shown().shape[2] == 4 and shown()[20, 10, 3] > 250)
        assert shown()[20, 10, 2] > 240
        assert shown()[20, 70, 3] < 5
        studio.page.stop()
        until(lambda: shown()[20, 10, 3] < 5)
