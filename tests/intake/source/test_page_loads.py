"""What whoever watches a browser's connection sees of the way through the site: each page looks like every other.

They see one connection after another, and how much each brings. What a browser sends is its own, and is not looked at.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from chromium import click
from firefox import click as click_in
from firefox import started
from intake.source.pages import PAGE_SIZE, REDIRECT_SIZE, STYLE_SIZE
from relay import Relay, relayed
from source_site import UNLIMITED, OpenSite, StartSource
from waiting import waited_for

pytestmark = pytest.mark.slow

LOADED = [PAGE_SIZE, STYLE_SIZE]
"""What comes when a page is opened."""

LED_ON = [REDIRECT_SIZE, *LOADED]
"""What comes when a form was taken."""


@pytest.fixture
def watched(open_site: OpenSite, gunicorn: StartSource) -> Iterator[Relay]:
    """The site, with somebody who watches the way there."""
    running = gunicorn(open_site(**UNLIMITED).server.settings.data)
    with relayed(running.connect) as relay:
        yield relay


def came(relay: Relay) -> list[int]:
    """How much came over each connection, once the page is there."""
    waited_for(lambda: "style.css" in relay.carried[-1].asked and all(each.over for each in relay.carried))
    sizes = [each.down for each in relay.carried]
    relay.carried.clear()
    return sizes


def go_through(relay: Relay, go: Callable[[str], object], press: Callable[[str], object]) -> None:
    """From the start to the way out."""
    for path in ("/", "/en/help", "/en/nowhere", "/en/return", "/en/tip"):
        go(relay.address + path)
        assert came(relay) == (LED_ON if path in ("/", "/en/tip") else LOADED), path
    go(f"{relay.address}/en/")
    assert came(relay) == LOADED
    for pressed, sizes in (
        ("form[action$='/words'] button", LED_ON),
        ("main a[href$='/report']", LOADED),
        ("form[action$='/report'] button:not([name], [hidden])", LOADED),
    ):
        press(pressed)
        assert came(relay) == sizes, pressed
    for pressed, sizes in (("form[action$='/leave'] button", LED_ON), ("a.out", LOADED)):
        go(f"{relay.address}/en/help")
        assert came(relay) == LOADED
        press(pressed)
        assert came(relay) == sizes, pressed


def test_in_firefox_each_page_comes_with_one_style_sheet_and_nothing_else(watched: Relay, tmp_path: Path) -> None:
    with started(tmp_path, {}) as firefox:
        go_through(watched, firefox.navigate, lambda selector: click_in(firefox, selector))


def test_in_chromium_each_page_comes_with_one_style_sheet_and_nothing_else(watched: Relay, chromium: Browser) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    go_through(watched, page.goto, lambda selector: click(page, selector))
    page.context.close()
