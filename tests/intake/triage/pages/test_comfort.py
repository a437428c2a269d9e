"""For somebody who reads reports for hours: light or dark, narrow or wide, by keyboard alone, and on paper."""

import re
import time
from collections.abc import Callable
from html import unescape
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

import samples
from axe import LONG
from beyond import BEYOND_THE_SIDES
from chromium import choose, click, enter
from intake.report.definition import load_form
from intake.report.payloads import Addition, Message
from look import faults_in
from open_desk import Desk
from program import Program
from told import page, sync
from window import enter_at, show, wait_at

pytestmark = pytest.mark.slow

Scheme = Literal["light", "dark"]
OPEN_EVERYTHING = "() => document.querySelectorAll('details').forEach(part => part.open = true)"

REACHABLE = """() => [
    ...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')
]
    .filter(control => control.checkVisibility() && control.tabIndex >= 0).length"""
FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return [[...document.querySelectorAll('*')].indexOf(element), outlined];
}"""
ANSWERS = {"urgency": "now", "detained_now": "relative", "host_country": "CA", "origin_state": "CN"}


@pytest.fixture
def worked(desk: Desk, amina: Program, boris: Program) -> list[str]:
    """Three reports; on the first of them both have worked. The addresses of their pages."""
    tips = [desk.store_tip(f"Report {number}. They went to my mother.\n\n{LONG}", ANSWERS) for number in range(3)]
    form = load_form().version
    desk.send(tips[0], Addition(form, "consents", {"consent_lawyer": "yes", "consent_un": "ask_me_first"}))
    desk.send(tips[0], Message("They came again."))
    desk.store_file(tips[0], "photo.jpg", samples.photo())
    for program in (amina, boris):
        sync(program)
    first = page(tips[0])
    amina.post("/team/label_name", "/team", name="Family", colour="violet")
    (label,) = amina.workspace.book.team()[0].changes
    amina.post(f"{first}/label", first, label=label.event.subject.which, on="yes")
    amina.post(f"{first}/note", first, text=f"Call her brother. {LONG}")
    amina.post(f"{first}/act", first, method="threatened", day="2026-05", precision="about")
    amina.post(
        f"{first}/referral", first, to_kind="lawyer", to_name="R. Example", consent="consent_lawyer", handed="All of it"
    )
    amina.post(f"{first}/due", first, day="2020-01-01", reason="Write to the lawyer.")
    amina.post(f"{first}/status", first, status="referred")
    boris.post(f"{first}/status", first, status="waiting")
    for program in (amina, boris):
        sync(program)
    return [page(tip) for tip in tips]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_light_and_dark_narrow_and_wide(
    scheme: Scheme, worked: list[str], amina: Program, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    (file,) = re.findall(r"/tips/[0-9a-f]{32}/files/[0-9a-f]{32}", amina.get(worked[0]).text)
    addresses = {
        "today": "/", "queue": "/reports", "report": worked[0], "translation": f"{worked[0]}/translation",
        "file": file, "outside": f"{file}/outside", "search": "/search?q=mother", "team": "/team",
        "members": "/members", "log": "/log", "referrals": "/referrals", "enter": "/enter", "recovery": "/recovery",
        "locked": "/unlock",
    }  # fmt: skip
    window.emulate_media(color_scheme=scheme)
    faults: dict[str, list[str]] = {}
    for name, address in addresses.items():
        if name == "locked":
            amina.guard.lock()
        show(window, amina, address)
        for width in (1024, 2560):
            window.set_viewport_size({"width": width, "height": 1000})
            photograph(window, f"triage-{scheme}-{name}-{width}")
            window.evaluate(OPEN_EVERYTHING)
            if found := faults_in(window):
                faults[f"{name} at {width}"] = found
    assert faults == {}


def test_the_paper_is_dark_where_the_system_is_and_light_in_print(
    worked: list[str], amina: Program, window: Page
) -> None:
    ground = "() => getComputedStyle(document.body).getPropertyValue('--paper')"
    seen: list[str] = []
    where: list[tuple[Scheme, Literal["screen", "print"]]] = [
        ("light", "screen"),
        ("dark", "screen"),
        ("dark", "print"),
    ]
    for scheme, media in where:
        window.emulate_media(color_scheme=scheme, media=media)
        show(window, amina, worked[0])
        seen.append(window.evaluate(ground).strip())
    assert seen[0] == seen[2] != seen[1]


def test_everything_is_reached_by_tab_and_shows_that_it_is(worked: list[str], amina: Program, window: Page) -> None:
    for address in ("/", "/reports", worked[0], "/team"):
        show(window, amina, address)
        window.evaluate("() => document.activeElement.blur()")
        reached: dict[int, bool] = {}
        for _ in range(300):
            window.keyboard.press("Tab")
            focused = window.evaluate(FOCUSED)
            # Within a day there are several stops.
            if focused is None or (focused[0] == next(iter(reached), None) and len(reached) > 1):
                break
            reached[focused[0]] = reached.get(focused[0], False) or focused[1]
        assert all(reached.values())
        assert len(reached) == window.evaluate(REACHABLE)


def test_the_first_tab_leads_past_what_every_page_begins_with(worked: list[str], amina: Program, window: Page) -> None:
    show(window, amina, worked[0])
    window.keyboard.press("Tab")
    expect(window.get_by_role("link", name="To the content")).to_be_in_viewport()
    enter_at(window, "main")
    window.keyboard.press("Tab")
    expect(window.get_by_role("main").locator(":focus")).to_have_count(1)
    expect(window.locator("header :focus")).to_have_count(0)


def press_access_key(window: Page, key: str) -> None:
    """Press Alt and a key, as a keyboard does: playwright sends no letter with it, by which it would be known."""
    session = window.context.new_cdp_session(window)
    code = {"key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper()), "modifiers": 1}
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, "unmodifiedText": key, **code})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **code})
    session.detach()


def test_a_day_of_reports_goes_by_without_a_mouse(worked: list[str], amina: Program, window: Page) -> None:
    show(window, amina, "/reports?order=day&status=new", places=True)
    press_access_key(window, "n")
    window.wait_for_url("**/tips/*")
    first = window.url
    press_access_key(window, "m")
    wait_at(window, "assignment")
    expect(window.locator("#assignment")).to_contain_text("amina (you)")
    window.keyboard.press("Tab")
    expect(window.locator("#assignment :focus")).to_have_count(1)
    press_access_key(window, "o")
    expect(window.locator("#note-text")).to_be_focused()
    window.keyboard.type("Called her.")
    expect(window.locator("#note-text")).to_have_value("Called her.")
    window.keyboard.press("Tab")
    window.keyboard.press("Tab")
    enter_at(window, "note")
    expect(window.locator("#note")).to_contain_text("Called her.")
    press_access_key(window, "s")
    expect(window.locator("#status-status")).to_be_focused()
    window.keyboard.type("Junk")
    window.keyboard.press("Tab")
    enter(window)
    expect(window.get_by_role("alert").first).to_be_focused()
    window.keyboard.press("Tab")
    enter_at(window, "status")
    window.keyboard.press("Tab")
    expect(window.locator("#status-status")).to_be_focused()
    window.keyboard.press("Tab")
    window.keyboard.type("Advertising.")
    enter(window)
    expect(window.locator("#status .status").first).to_have_text("Junk")
    window.wait_for_load_state()
    # It is none of the new ones any more: the next is the one that stood after it.
    press_access_key(window, "n")
    expect(window.locator("#status .status").first).to_have_text("New")
    assert window.url != first


def test_a_click_on_a_button_at_the_windows_end_is_not_lost_to_what_is_said_there_of_unsaved_text(
    worked: list[str], amina: Program, window: Page
) -> None:
    window.set_viewport_size({"width": 1024, "height": 900})
    show(window, amina, worked[1])
    window.locator("#note-text").fill("They have called twice.")
    button = window.locator("#note").get_by_role("button", name="Add note", exact=True)
    # The field is left, and with that the banner comes, only when the button is pressed.
    button.evaluate("button => button.scrollIntoView({block: 'end', behavior: 'instant'})")
    box = button.bounding_box()
    assert box
    window.evaluate(f"() => scrollBy(0, {box['y'] + box['height'] - 890})")
    window.mouse.move(box["x"] + box["width"] / 2, 890 - box["height"] / 2)
    window.mouse.down()
    expect(window.locator(".half-written")).to_be_in_viewport()
    window.mouse.up()
    expect(window.locator("#note .note, #note .unsent").first).to_contain_text("They have called twice.")


def test_what_may_be_done_stays_in_sight_wherever_something_could_be_done_with_it(
    worked: list[str], amina: Program, window: Page
) -> None:
    (file,) = re.findall(r"/tips/[0-9a-f]{32}/files/[0-9a-f]{32}", amina.get(worked[0]).text)
    for address in (worked[0], f"{worked[0]}/translation", file, f"{file}/outside"):
        show(window, amina, address)
        window.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        expect(window.get_by_text("Lawyer: Yes")).to_be_in_viewport()
        expect(window.get_by_text("UN: Ask me here first")).to_be_in_viewport()
        # On the report's own page that is another place.
        press = choose if address == worked[0] else click
        press(window, window.get_by_role("link", name="What may be done with it"))
        expect(window.get_by_role("heading", name="What may be done with it")).to_be_in_viewport()


def test_a_printed_report_holds_all_that_was_told_and_nothing_to_press(
    worked: list[str], amina: Program, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    window.set_viewport_size({"width": 720, "height": 1000})
    window.emulate_media(media="print")
    show(window, amina, worked[0])
    photograph(window, "triage-print-report")
    for part in ("button", "textarea", "select", ".bar", "input:not([type=hidden])", "summary:text('Verify it')"):
        assert not window.locator(part).locator("visible=true").count(), part
    for told in ("They went to my mother.", "They came again.", "Call her brother.", "May we share it with a lawyer?",
                 "Not verified yet.", "R. Example", "Write to the lawyer.", "photo.jpg", "A note."):  # fmt: skip
        expect(window.get_by_text(told).first).to_be_visible()
    assert window.evaluate(BEYOND_THE_SIDES) == []
    room = "list => parseFloat(getComputedStyle(list).paddingInlineStart) / parseFloat(getComputedStyle(list).fontSize)"
    assert window.locator("ol.history").evaluate(room) >= 2.5, "a number of three digits stands before its line"


@pytest.mark.parametrize(
    ("zone", "says"),
    [("Asia/Tehran", r"\d{4}-\d\d-\d\d \d\d:\d\d \((?:\d{4}-\d\d-\d\d )?\d\d:\d\d UTC\)"), ("UTC", r"\d\d:\d\d UTC")],
)
def test_times_are_those_of_ones_own_zone_and_utc(
    zone: str, says: str, worked: list[str], amina: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        pages = [amina.get(address).text for address in (worked[0], "/", "/members")]
        history = pages[0].partition('id="history"')[2]
        assert all(re.search(says, text) for text in (*pages, history))
        assert len(re.findall(r"\d\d:\d\d", history)) == len(re.findall(says, history)) * (2 if zone != "UTC" else 1)
    time.tzset()


@pytest.mark.parametrize("asked", ["{page}", "{page}/translation", "/reports?status=new&text=father", "/"])
def test_who_fetches_from_a_page_is_on_that_page_again(asked: str, desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("They came to my father.", {})
    amina.post("/sync", "/")
    here = asked.format(page=f"/tips/{tip.id.hex()}")
    form = unescape(amina.get(here).text.partition('/sync">')[2].partition("</form>")[0])
    (then,) = re.findall(r'name="then" value="([^"]*)"', form)
    assert amina.post("/sync", here, then=then).headers["Location"].endswith(here)


@pytest.mark.parametrize("then", ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example"])
def test_fetching_leads_nowhere_else(then: str, amina: Program) -> None:
    place = amina.post("/sync", "/", then=then).headers["Location"]
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))
