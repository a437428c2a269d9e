"""Restricting a report in a browser, by keyboard: nothing is cut off, and everybody can use it (WCAG 2.2 AA)."""

import pytest
from playwright.sync_api import Page, expect

from chromium import enter
from intake.accesslog import members
from intake.protocol.card import Role
from look import Look
from open_desk import Desk
from program import Program, Reviewer
from told import page, sync
from window import show

pytestmark = pytest.mark.slow


def test_it_is_restricted_by_keyboard_and_every_page_says_so(
    desk: Desk,
    amina: Program,
    boris: Program,
    reviewer: Reviewer,
    window: Page,
    look: Look,
) -> None:
    carla = reviewer("carla")
    carla.unlock()
    tip = desk.store_tip("Boris knows the man who came.", {"urgency": "now"})
    for program in (amina, boris, carla):
        sync(program)
    show(window, amina, page(tip))
    enter(window, window.get_by_role("link", name="Restrict it to some of you"))
    look("readers")
    enter(window, window.get_by_role("button", name="Restrict it", exact=True))
    expect(window.get_by_role("alert")).to_contain_text("boris and carla can read nothing more of this report")
    look("readers-nobody-else")
    window.get_by_label("carla").focus()
    window.keyboard.press("Space")
    enter(window, window.get_by_role("button", name="Restrict it", exact=True))
    expect(window.locator("#readers")).to_contain_text("Restricted to")
    look("restricted-reader")
    enter(window, window.get_by_role("link", name="Change that"))
    look("readers-restricted")
    sync(boris)
    show(window, boris, page(tip))
    expect(window.get_by_role("main")).to_contain_text("You see that it exists, and nothing else.")
    look("restricted-other")
    show(window, boris, "/reports")
    look("restricted-queue")
    desk.lie("/v1/summaries", lambda _: b"{}")
    members.revoke(desk.server.store, desk.server.log, "carla", Role.REVIEWER)
    sync(amina)
    assert amina.workspace.renewing.idle.wait(30)
    show(window, amina, "/")
    look("renewing")
    assert look.faults == {}
