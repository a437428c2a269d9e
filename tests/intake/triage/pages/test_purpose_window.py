"""Saying why one reads a report, and what it means to save a file, in a browser: all of it can be read and reached."""

import pytest
from playwright.sync_api import Page, expect

import samples
from chromium import choose, click
from look import Look
from open_desk import Desk
from program import Program
from told import page, sync
from window import show

pytestmark = pytest.mark.slow


def test_why_a_report_is_read_is_said_on_its_page_and_stands_in_its_history(
    desk: Desk, amina: Program, window: Page, look: Look
) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    file = desk.store_file(tip, "photo.jpg", samples.photo())
    sync(amina)
    show(window, amina, page(tip))
    purpose = window.locator("#purpose")
    choose(window, purpose.get_by_text("Say why"))
    look("purpose")
    purpose.get_by_label("Why I read this report").fill("The lawyer asked, من Amina هستم " + "a" * 90)
    click(window, purpose.get_by_role("button", name="Say it"))
    expect(window.locator("#purpose")).to_contain_text("The lawyer asked")
    look("purpose-said")
    sync(amina)
    show(window, amina, page(tip))
    expect(window.locator("#history")).to_contain_text("Why it was read")
    show(window, amina, f"{page(tip)}/files/{file}/outside")
    expect(window.locator("body")).to_contain_text("stands in the log before it does")
    look("outside")
    assert look.faults == {}
