"""Letting a colleague read older reports in a browser: nothing is cut off, and everybody can use it (WCAG 2.2 AA)."""

import pytest
from playwright.sync_api import Page, expect

from chromium import enter
from look import Look
from open_desk import Desk
from program import Program, Reviewer
from told import alerts, sync
from window import show

pytestmark = pytest.mark.slow


def test_a_colleague_of_the_same_day_is_let_in_by_keyboard(
    desk: Desk, amina: Program, reviewer: Reviewer, window: Page, look: Look
) -> None:
    tips = [desk.store_tip(f"Report {number}.", {"urgency": "now"}) for number in range(2)]
    sync(amina)
    boris = reviewer("boris")
    boris.unlock()
    sync(amina)
    show(window, amina, "/reports?urgency=now")
    enter(window, window.get_by_role("link", name="Let a colleague read these"))
    look("members-older")
    enter(window, window.get_by_role("link", name="Let them read 2 older reports"))
    expect(window.get_by_role("heading", name="Let boris read older reports")).to_be_visible()
    look("older")
    honest = desk.wsgi
    desk.lie("/v1/headers", lambda _: b"{}")
    window.get_by_label("All 2").press("Space")
    enter(window, window.get_by_role("button", name="Let them read", exact=True))
    amina.let_leave()
    show(window, amina, f"/members/{boris.workspace.people.me}/older")
    expect(window.get_by_role("main")).to_contain_text("2 reports are still to go")
    look("older-to-go")
    desk.wsgi = honest
    sync(amina)
    show(window, amina, f"/members/{boris.workspace.people.me}/older")
    expect(window.get_by_role("main")).to_contain_text("boris can read everything that is here")
    sync(boris)
    assert [alerts(boris, tip) for tip in tips] == [[], []]
    assert look.faults == {}
