"""What tests of the reviewer's pages in a browser share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from axe import axe_window


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """A window for pages of the program."""
    with axe_window(chromium) as page:
        yield page
