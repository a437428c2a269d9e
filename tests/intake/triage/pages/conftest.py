"""What tests of the reviewer's pages in a browser share."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from axe import axe_window
from look import Look


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """A window for pages of the program."""
    with axe_window(chromium) as page:
        yield page


@pytest.fixture
def look(window: Page, photograph: Callable[[Page, str], None]) -> Look:
    """A look at the page in the window."""
    return Look(window, photograph)
