"""A dossier that is proposed for deletion, a code that its source ended, a copy that was put back: in a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from axe import AXE
from beyond import BEYOND_THE_SIDES
from chromium import enter
from intake.report.payloads import ENDED, Leaving
from open_desk import Desk
from program import Program
from set_back import back_up, set_back
from told import page, sync
from window import show

pytestmark = pytest.mark.slow


@pytest.fixture
def look(window: Page, photograph: Callable[[Page, str], None]) -> Callable[[str], None]:
    """Looks at a page, wide and narrow, bright and dark."""

    def at(name: str) -> None:
        for width in (320, 1024):
            for scheme in ("light", "dark"):
                window.emulate_media(color_scheme=scheme)
                window.set_viewport_size({"width": width, "height": 900})
                photograph(window, f"triage-{name}-{width}-{scheme}")
                assert [*window.evaluate(BEYOND_THE_SIDES), *window.evaluate(AXE)] == []

    return at


def test_a_dossier_is_proposed_for_deletion_by_keyboard(
    amina: Program, boris: Program, window: Page, look: Callable[[str], None]
) -> None:
    amina.post("/team/label_name", "/team", name="Uyghur speakers", colour="green")
    sync(amina)
    show(window, amina, "/team")
    enter(window, window.get_by_role("link", name="Dossier of"))
    look("dossier")
    window.get_by_text("Propose to delete it").focus()
    window.keyboard.press("Space")
    window.get_by_label("Why").fill("We began anew.")
    enter(window, window.get_by_role("button", name="Propose it"))
    sync(amina)
    show(window, amina, "/team")
    enter(window, window.get_by_role("link", name="Dossier of"))
    expect(window.locator("#deletion_reason")).to_contain_text("1 more of you has to want it")
    look("dossier-proposed")


def test_a_report_whose_source_ended_its_code_offers_no_reply(
    desk: Desk, amina: Program, window: Page, look: Callable[[str], None]
) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    desk.send(tip, Leaving(ENDED))
    sync(amina)
    show(window, amina, page(tip))
    expect(window.locator("#reply")).to_contain_text("nobody can read a reply any more")
    expect(window.locator("#reply textarea")).to_have_count(0)
    look("code-ended")


def test_a_copy_that_was_put_back_is_accepted_by_keyboard(
    desk: Desk, amina: Program, window: Page, look: Callable[[str], None], tmp_path: Path
) -> None:
    made = back_up(desk, tmp_path / "scratch")
    sync(amina)
    with set_back(desk, made, tmp_path / "again", declared=True):
        sync(amina)
        show(window, amina, "/log")
        look("put-back")
        window.get_by_label("Why you accept it").fill("The disk broke; I asked on the phone.")
        enter(window, window.get_by_role("button", name="Accept it on this machine, and lock"))
        expect(window.get_by_label("Passphrase")).to_be_visible()
        amina.guard.lock()
