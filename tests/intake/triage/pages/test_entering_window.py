"""Entering a report in a browser, by keyboard: nothing is cut off, and everybody can use it (WCAG 2.2 AA)."""

import pytest
from playwright.sync_api import Page, expect

from axe import LONG
from bad_connection import unreachable
from chromium import enter
from intake.report.definition import load_form
from look import Look
from open_desk import Desk
from program import Program
from window import show

pytestmark = pytest.mark.slow


def test_it_is_entered_by_keyboard_and_its_words_are_shown(
    desk: Desk, amina: Program, window: Page, look: Look
) -> None:
    how = window.get_by_role("group", name="How did it come?")
    show(window, amina, "/")
    enter(window, window.get_by_role("link", name="Enter a report"))
    look("enter")
    how.get_by_label("By letter").focus()
    window.keyboard.press("Space")
    window.get_by_label("When was it?").first.focus()
    window.keyboard.type("In May")
    enter(window, window.get_by_role("button", name="Add another event"))
    expect(window.get_by_role("group", name="Event 2")).to_be_visible()
    window.get_by_label("When was it?").first.focus()
    # What Enter does in a line: it sends, and adds nothing.
    enter(window)
    expect(window.get_by_role("alert")).to_contain_text("What happened?")
    look("enter-wrong")
    expect(how.get_by_label("By letter")).to_be_checked()
    expect(window.get_by_label("When was it?").first).to_have_value("In May")
    window.get_by_label("What happened?").fill(f"They wrote to her.\n{LONG}")
    away = unreachable(desk)
    enter(window, window.get_by_role("button", name="Enter the report").last)
    amina.let_leave()
    expect(window.get_by_role("main")).to_contain_text("You entered this report.")
    window.reload()
    look("entered-under-way")
    show(window, amina, "/")
    expect(window.get_by_role("heading", name="Reports that you entered, not sent yet")).to_be_visible()
    look("entered-queue")
    enter(window, window.get_by_role("link", name="A report", exact=True))
    expect(window.get_by_role("main")).to_contain_text("You entered this report.")
    away.clear()
    amina.post("/sync", "/")
    window.reload()
    expect(window.get_by_role("main")).to_contain_text("How it came: By letter.")
    look("entered")
    enter(window, window.get_by_role("button", name="Show its eight words"))
    expect(window.locator("ol.words li")).to_have_count(8)
    look("words")
    assert look.faults == {}


def test_the_answers_about_a_consent_stand_in_one_line_and_can_be_unsaid(amina: Program, window: Page) -> None:
    show(window, amina, "/enter")
    window.set_viewport_size({"width": 1024, "height": 900})
    lawyer = window.get_by_role("group", name="May we share it with a lawyer?")
    answers = lawyer.get_by_role("radio")
    boxes = [box for box in (answer.bounding_box() for answer in answers.all()) if box]
    assert len(boxes) == 4
    assert len({box["y"] for box in boxes}) == 1
    lawyer.get_by_label("Yes").check()
    lawyer.get_by_label("Not asked").check()
    window.get_by_label("By phone").check()
    window.get_by_label("What happened?").fill("They wrote to her.")
    enter(window, window.get_by_role("button", name="Enter the report").last)
    consents = window.locator("#consents")
    expect(consents).to_contain_text("What may be done with it")
    expect(consents.get_by_text("not answered")).to_have_count(len(load_form().consents))


def test_what_stands_side_by_side_begins_at_the_same_height(amina: Program, window: Page) -> None:
    show(window, amina, "/enter")
    tops = """() => [...document.querySelectorAll('.choices')].map(choices => {
        const first = new Map();
        for (const label of choices.querySelectorAll('label')) {
            const {left, top} = label.querySelector('input').getBoundingClientRect();
            if (!first.has(left)) first.set(left, top);
        }
        return Math.max(...first.values()) - Math.min(...first.values());
    })"""
    assert max(window.evaluate(tops)) < 1
