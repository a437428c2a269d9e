"""Debian's Chromium: what is pressed in it, and the page that this brings.

Playwright itself goes on as soon as the answer begins, and after a key at once: what is read then without waiting (the
texts of a list, an address, a picture) may be of half a page, or of the one before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect


@contextmanager
def turned(page: Page, timeout: float | None = None) -> Iterator[None]:
    """Within this, something is pressed that brings another page; afterwards all of that page is here.

    Where that page follows on to a next one by itself (`Refresh`), the next one is still to be waited for.
    """
    with page.expect_navigation(timeout=timeout) as turning:
        yield
    # A place on the same page counts as another page to Playwright, but nothing answered.
    assert turning.value is not None, "this led to a place on the same page: there is nothing to wait for"


def click(page: Page, target: str | Locator, timeout: float | None = None) -> None:
    """Press something, and wait for the page that it brings."""
    pressed = _found(page, target)
    # It may come only with a page that follows on this one by itself, which is not the page that it brings.
    pressed.wait_for()
    with turned(page, timeout):
        pressed.click(timeout=timeout)


def choose(page: Page, target: str | Locator) -> None:
    """Press something that brings no page."""
    _found(page, target).click()


def choose_at(page: Page, x: float, y: float) -> None:
    """Press a place of the window, in pixels, that brings no page."""
    page.mouse.click(x, y)


def enter(page: Page, target: Locator | None = None) -> None:
    """Press Enter there, or where the focus is, and wait for the page that this brings."""
    if target is not None:
        target.focus()
    with turned(page):
        page.keyboard.press("Enter")


def eight_words(page: Page) -> str:
    """The codename that the page shows its source."""
    words = page.locator(".codename li")
    expect(words).to_have_count(8)
    return " ".join(words.all_inner_texts())


def _found(page: Page, target: str | Locator) -> Locator:
    return page.locator(target).first if isinstance(target, str) else target
