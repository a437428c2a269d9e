"""Saying why one reads a report, and what it means to save a file, in a browser: all of it can be read and reached."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

import samples
from beyond import BEYOND_THE_SIDES
from chromium import choose, click
from npm_packages import NPM, install_npm
from open_desk import Desk
from program import Program
from told import page, sync
from window import show

pytestmark = pytest.mark.slow

WIDTHS = (320, 1024, 2560)
AXE = "async () => (await axe.run()).violations.map(each => each.id)"


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """A window with axe-core in it."""
    install_npm()
    with chromium.new_context(bypass_csp=True) as context:
        context.add_init_script(path=NPM / "node_modules" / "axe-core" / "axe.min.js")
        yield context.new_page()


def test_why_a_report_is_read_is_said_on_its_page_and_stands_in_its_history(
    desk: Desk, amina: Program, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    tip = desk.store_tip("They went to my mother.", {})
    file = desk.store_file(tip, "photo.jpg", samples.photo())
    sync(amina)
    faults: dict[str, list[str]] = {}

    def look(name: str) -> None:
        for width in WIDTHS:
            window.set_viewport_size({"width": width, "height": 900})
            photograph(window, f"triage-{name}-{width}")
            if found := [*window.evaluate(BEYOND_THE_SIDES), *window.evaluate(AXE)]:
                faults[f"{name} at {width}"] = found

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
    assert not faults
