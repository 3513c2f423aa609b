"""Portraits: dropped, refused, shown, renamed, deleted and brought back, fine-tuned."""

from __future__ import annotations

from typing import Any

import pytest
from stand_in import StandIn, until

from livecam.errors import UserError

pytestmark = pytest.mark.slow
DROP = """names => {
  const carried = new DataTransfer();
  for (const name of names) carried.items.add(new File(["picture of " + name], name, { type: "image/jpeg" }));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector("#picture").dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def menu(page: Any, name: str, item: str) -> None:
    page.get_by_role("button", name=f"More for {name}").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name=item).click()


def test_pictures_that_are_dropped_become_a_portrait(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.evaluate(DROP, ["ada.jpg", "ada 2.jpg"])
    until(lambda: studio.posts("personas") == [{"name": "", "uploads": ["ada.jpg-1", "ada 2.jpg-1"]}])
    assert studio.posts("uploads") == [b"picture of ada.jpg", b"picture of ada 2.jpg"]
    card = page.locator("#personas .waiting")
    expect(card).to_contain_text("Finding the face")
    assert card.locator("progress").get_attribute("value") == "1"
    studio.job(id="job0", done=4, phase="Cutting out")
    expect(card).to_contain_text("Cutting out")
    expect(page.locator("#picture")).to_be_visible()
    studio.grow("Ada")
    studio.job(id="job0", state="done", done=5)
    expect(card).to_have_count(0)
    expect(page.locator("[data-persona=Ada] img")).to_be_visible()
    page.locator("#notices").get_by_role("button", name="Show").click()
    until(lambda: studio.registry.value("persona") == "Ada")


def test_chosen_files_do_the_same(page: Any, studio: StandIn) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add", exact=True).click()
    chooser.value.set_files([{"name": "bo.png", "mimeType": "image/png", "buffer": b"bo"}])
    until(lambda: len(studio.posts("personas")) == 1)
    assert studio.posts("uploads") == [b"bo"]


def test_the_place_to_drop_is_shown_while_one_drags(page: Any) -> None:
    from playwright.sync_api import expect

    drag = """kind => { const carried = new DataTransfer(); carried.items.add(new File(["x"], "a.jpg"));
      document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true })); }"""
    page.evaluate(drag, "dragenter")
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(drag, "dragleave")
    expect(page.locator("#drop")).to_be_hidden()


def test_a_picture_that_is_refused_says_why(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.refusal = UserError("cat.jpg", "not a picture that can be read", "Save it as a JPEG or PNG.")
    page.evaluate(DROP, ["cat.jpg"])
    refusal = page.locator("#refusals .refusal")
    expect(refusal).to_contain_text("cat.jpg")
    expect(refusal).to_contain_text("Not a picture that can be read. Save it as a JPEG or PNG.")
    expect(page.locator("#personas .waiting")).to_have_count(0)
    refusal.get_by_role("button", name="Dismiss").click()
    studio.refusal = None
    page.evaluate(DROP, ["two.jpg"])
    expect(page.locator("#personas .waiting")).to_contain_text("Finding the face")
    error = {"what": "two.jpg", "why": "no face was found", "todo": "Use another."}
    studio.job(id="job0", state="failed", error=error)
    expect(refusal).to_contain_text("No face was found. Use another.")
    expect(page.locator("#personas .waiting")).to_have_count(0)


def test_too_large_a_picture_is_not_even_sent(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.evaluate("""() => { const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(41 << 20)], "huge.jpg"));
      const how = { dataTransfer: carried, bubbles: true, cancelable: true };
      document.dispatchEvent(new DragEvent("drop", how)); }""")
    expect(page.locator("#refusals")).to_contain_text("Larger than 40 MB")
    assert studio.calls == []


def test_a_click_shows_a_portrait(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    page.locator("[data-persona=charcoal]").click()
    until(lambda: studio.registry.value("persona") == "charcoal")
    expect(page.locator("[data-persona=charcoal]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-persona=photograph]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#portrait")).to_have_text("charcoal")


def test_renaming(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    menu(page, "watercolour", "Rename")
    field = page.get_by_label("New name of watercolour")
    field.fill("cartoon")
    field.press("Enter")
    expect(page.locator("#alerts")).to_contain_text("name cartoon: another portrait has it. Choose another.")
    menu(page, "watercolour", "Rename")
    field.fill("Emma <b>")
    field.press("Enter")
    expect(page.locator("#personas")).to_contain_text("Emma <b>")
    assert studio.posts("personas/watercolour/rename")[-1] == {"name": "Emma <b>"}
    menu(page, "Emma <b>", "Rename")
    page.get_by_label("New name of").press("Escape")
    expect(page.get_by_label("New name of")).to_have_count(0)
    assert len(studio.posts("personas/watercolour/rename")) == 2


def test_deleting_can_be_undone(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    menu(page, "watercolour", "Delete")
    expect(page.locator("[data-persona=watercolour]")).to_have_count(0)
    assert ("DELETE", "personas/watercolour", None) in studio.calls
    expect(page.locator("#notices")).to_contain_text("watercolour was deleted.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-persona=watercolour]")).to_have_count(1)


def test_portraits_that_come_with_livecam_stay(page: Any) -> None:
    page.get_by_role("button", name="More for charcoal").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("menuitem").all_inner_texts() == ["Show", "Fine-tune (100 steps)"]
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("Fine-tune")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.ariaLabel") == "More for charcoal"


def test_fine_tuning_shows_how_far_it_is(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    menu(page, "charcoal", "Fine-tune")
    until(lambda: studio.posts("personas/charcoal/tune") == [{"steps": 100}])
    bar = page.get_by_label("Fine-tuning charcoal")
    expect(bar).to_have_attribute("value", "10")
    studio.job(id="job0", done=60, phase="Step 60 of 100")
    expect(bar).to_have_attribute("value", "60")
    page.reload()  # it is known anew
    expect(bar).to_have_attribute("value", "60")
    studio.job(id="job0", state="done", phase="Nearer to its pictures by 8 %")
    expect(page.locator("#notices")).to_contain_text("charcoal: Nearer to its pictures by 8 %")
    expect(bar).to_have_count(0)


def test_what_takes_long_can_be_stopped(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.job(id="one", name="Ada", phase="Cutting out", done=2, total=5)
    page.get_by_role("button", name="Stop preparing Ada").click()
    expect(page.locator("#notices")).to_contain_text("Ada: stopped.")
    studio.job(id="two", kind="tune", name="charcoal", phase="Step 1 of 100", done=1, total=100)
    expect(page.get_by_label("Fine-tuning charcoal")).to_be_visible()
    menu(page, "charcoal", "Stop fine-tuning")
    expect(page.locator("#notices")).to_contain_text("charcoal: stopped.")
    expect(page.locator("#refusals li")).to_have_count(0)
    deleted = [path for method, path, _ in studio.calls if method == "DELETE"]
    assert deleted == ["jobs/one", "jobs/two"]


def test_pictures_that_were_left_out_are_told(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    notes = ["b.jpg was left out: no face was found."]
    studio.job(id="one", name="Ada", state="done", notes=notes)
    expect(page.locator("#notices")).to_contain_text(notes[0])


def test_a_portrait_that_is_made_ready_says_so(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    studio.status["busy"] = True
    expect(page.locator("[data-persona=photograph]")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#personas")).to_contain_text("Getting ready")
    studio.status["busy"] = False
    expect(page.locator("#personas")).not_to_contain_text("Getting ready")


def test_an_own_background(page: Any, studio: StandIn) -> None:
    from playwright.sync_api import expect

    picture = {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": b"room"}
    page.locator("#background-file").set_input_files([picture])
    expect(page.locator("[data-control=background] input[value=picture]")).to_be_checked()
    assert studio.posts("background") == [b"room"]
    studio.refusal = UserError("room.jpg", "not a picture", "Use another.")
    page.locator("#background-file").set_input_files([picture])
    expect(page.locator(".below .problem")).to_have_text("room.jpg: not a picture. Use another.")
