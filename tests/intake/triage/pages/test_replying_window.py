"""Answering in a browser, from a template to taking it back: nothing is cut off, and everything can be reached."""

import pytest
from playwright.sync_api import Page

from chromium import choose, click
from look import Look
from open_desk import Desk
from program import Program
from told import page, sync
from window import show

pytestmark = pytest.mark.slow

DANGEROUS = "درود. من Amina هستم، در Lyon. با مادرتان تماس بگیرید، یا 0170-1234567. http://example.com/" + "a" * 90


def test_a_reply_is_begun_from_a_template_filled_warned_of_sent_and_taken_back(
    desk: Desk, amina: Program, boris: Program, window: Page, look: Look
) -> None:
    tip = desk.store_tip("به خانه‌ی مادرم رفتند.", {"region": "Lyon"}, language="fa")
    desk.store_tip("Call me: 0170 123 45 67.", {})
    sync(amina)
    template = {"name": "معرفی وکیل", "language": "fa", "text": "لطفاً به {نام وکیل} در {روز} مراجعه کنید."}
    amina.post("/team/template", "/team", **template)
    sync(boris)
    boris.get(page(tip))
    show(window, boris, "/team")
    look("templates")
    show(window, boris, page(tip))
    window.select_option("#reply-template", index=1)
    window.fill("#reply-text", "درود")
    click(window, "#reply button.main")
    look("reply-places")
    for place, filling in enumerate(["Duval", "دوشنبه"]):
        window.locator("input[name=filling]").nth(place).fill(filling)
    click(window, window.get_by_role("button", name="Fill them"))
    assert "لطفاً به Duval در دوشنبه مراجعه کنید." in window.locator(".as-source").inner_text()
    window.fill("#reply-text", DANGEROUS)
    click(window, window.get_by_role("button", name="Look again"))
    look("reply-warned")
    for tick in window.locator("input[name=known]").all():
        tick.check()
    click(window, window.get_by_role("button", name="Send it as it stands here"))
    boris.let_leave()
    show(window, boris, page(tip))
    look("reply-sent")
    click(window, window.get_by_role("link", name="Take it back"))
    look("reply-take-back")
    click(window, window.get_by_role("button", name="Take it back"))
    boris.let_leave()
    show(window, boris, page(tip))
    choose(window, "#history summary")
    look("reply-taken-back")
    assert "Whether the source had read it before can't be known." in window.locator("#reply").inner_text()
    assert look.faults == {}
