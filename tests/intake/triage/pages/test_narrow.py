"""No page of the reviewer's program is cut off, however narrow the window and however long the words are."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.wrappers import Response

from bench.many import fill
from beyond import BEYOND_THE_SIDES
from held import Held
from intake.protocol.kinds import Kind
from intake.report.payloads import Message
from open_desk import Desk, Stored
from program import PASSPHRASE, Enrol, HomeOf, Program, Reviewer
from signed_head import sign_head
from told import page, sync
from window import show

pytestmark = pytest.mark.slow

WIDTHS = (320, 600, 1024)
LONG = "https://example.org/" + "averylongaddress" * 12


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """A window, in which only the style sheet and the page are."""
    with chromium.new_context() as context:
        yield context.new_page()


def cut_off(window: Page, photograph: Callable[[Page, str], None], name: str) -> Mapping[int, list[str]]:
    """By width, whatever reaches beyond the sides of the page that is shown."""
    found = {}
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 900})
        photograph(window, f"triage-{name}-{width}")
        if beyond := window.evaluate(BEYOND_THE_SIDES):
            found[width] = beyond
    return found


def busy(desk: Desk, amina: Program) -> Stored:
    """A report with everything on its page, in a program in which everything is said that can be."""
    tip = desk.store_tip(f"They called {LONG}", {"urgency": "now", "host_country": "FR", "origin_state": "CN"})
    desk.store_tip("They went to my mother, and then to my brother, and asked where I live now. " * 3, {})
    desk.store_file(tip, f"{'photograph' * 12}.jpg", b"data")
    desk.send(tip, Message(LONG))
    desk.store_item(tip, Kind.WORK, b"damaged", secrets.token_bytes(16))
    sync(amina)
    for kind, text in (("note", LONG), ("reply", LONG), ("status", "in_review")):
        amina.write(page(tip), kind, text=text, status=text)
    act = {"method": "threatened", "place": LONG, "day": "2026-05", "written": LONG}
    referral = {"to_kind": "lawyer", "to_name": LONG, "consent": "consent_lawyer", "handed": LONG}
    amina.post(f"{page(tip)}/act", page(tip), **act)
    amina.post(f"{page(tip)}/referral", page(tip), **referral)
    amina.post(f"{page(tip)}/translation", page(tip), part="narrative/1", language="en", text=LONG)
    amina.post("/team/label_name", "/team", name=LONG, colour="green")
    amina.post("/team/watch_term", "/team", term=f'"{LONG}"')
    amina.post("/team/saved_filter", "/team", name=LONG, address="urgency=now")
    sign_head(desk.server, size=1)
    sync(amina)
    desk.wsgi = Response("", 503)
    for kind in ("note", "reply"):
        amina.write(page(tip), kind, text=f"{LONG} again")
    return tip


def test_no_page_is_cut_off(
    desk: Desk,
    enrol: Enrol,
    reviewer: Reviewer,
    window: Page,
    photograph: Callable[[Page, str], None],
) -> None:
    enrol("boris-" + "long-" * 8 + "name")
    amina = reviewer("amina")
    show(window, amina, "/unlock?kept=yes")
    found = {"locked": cut_off(window, photograph, "locked")}
    amina.unlock()
    tip = page(busy(desk, amina))
    for name, path in (
        ("today", "/"),
        ("queue", "/reports"),
        ("filtered", "/reports?status=closed"),
        ("tip", tip),
        ("translation", f"{tip}/translation"),
        ("team", "/team"),
        ("members", "/members"),
        ("nowhere", "/nowhere"),
    ):
        show(window, amina, path)
        found[name] = cut_off(window, photograph, name)
    assert {name: beyond for name, beyond in found.items() if beyond} == {}


def test_the_page_that_says_how_far_opening_is_is_not_cut_off(
    desk: Desk,
    enrol: Enrol,
    home: HomeOf,
    tmp_path: Path,
    window: Page,
    photograph: Callable[[Page, str], None],
) -> None:
    enrol("amina")
    fill(desk.server, range(60), [desk.server.today()])
    held = Held()
    amina = Program(home("amina"), tmp_path / "amina.key", 60, held)
    amina.enter()
    amina.send("/unlock", {**amina.hidden("/unlock"), "passphrase": PASSPHRASE}, waits=False)
    assert held.arrived.wait(60)
    show(window, amina, "/unlock")
    assert window.locator("progress").is_visible()
    assert cut_off(window, photograph, "opening") == {}
    held.goes_on.set()
    amina.guard.lock()
