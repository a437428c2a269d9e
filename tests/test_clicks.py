"""What tests press in Chromium brings a page that is there before they go on, however late it comes."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, Timer

import pytest
from playwright.sync_api import Browser, Page

from chromium import choose, click, eight_words, enter, turned
from project import TESTS

FORM = b"<!doctype html><title>Before</title><form method=post><button>Go on</button></form><a href='#here'>Here</a>"
BEGINNING = b"<!doctype html><title>After</title>"
REST = b"<ol class=codename>" + b"<li>word" * 8 + b"</ol>"

PRESSES = re.compile(r"""\.(?:click|dblclick|tap)\(|\.press\(\s*["']Enter["']""")


@pytest.fixture
def goes_on() -> Iterator[Event]:
    """When this is set, the rest of the page comes."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def address(goes_on: Event) -> Iterator[str]:
    """Where a form is that is answered with a beginning at once, and with the rest late."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._begin(len(FORM))
            self.wfile.write(FORM)

        def do_POST(self) -> None:
            self._begin(len(BEGINNING + REST))
            self.wfile.write(BEGINNING)
            assert goes_on.wait(60)
            self.wfile.write(REST)

        def _begin(self, length: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        goes_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A window without JavaScript in which the form is."""
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        yield page


def soon(event: Event) -> None:
    """Set it, later than anybody who doesn't wait has gone on."""
    Timer(0.5, event.set).start()


def words(page: Page) -> list[str]:
    """What is read without waiting."""
    return page.locator("li").all_inner_texts()


@pytest.mark.slow
def test_playwright_goes_on_before_a_page_is_there_and_afterwards_it_is(goes_on: Event, page: Page) -> None:
    with turned(page):
        choose(page, "button")
        assert words(page) == []
        soon(goes_on)
    assert words(page) == ["word"] * 8


@pytest.mark.slow
@pytest.mark.parametrize("by_key", [False, True])
def test_what_brings_a_page_waits_for_all_of_it(by_key: bool, goes_on: Event, page: Page) -> None:
    page.on("framenavigated", lambda _: soon(goes_on))
    if by_key:
        enter(page, page.locator("button"))
    else:
        click(page, "button")
    assert words(page) == ["word"] * 8


@pytest.mark.slow
def test_the_eight_words_are_waited_for(goes_on: Event, page: Page) -> None:
    page.on("framenavigated", lambda _: soon(goes_on))
    choose(page, "button")
    assert eight_words(page).split() == ["word"] * 8


@pytest.mark.slow
def test_a_place_on_the_same_page_is_no_page_to_wait_for(page: Page) -> None:
    with pytest.raises(AssertionError, match="a place on the same page"):
        click(page, "a")
    choose(page, "a")


def test_no_test_presses_anything_but_by_what_waits_for_the_page() -> None:
    """It says `click` or `enter` where another page comes, and `choose` where none does: tests/support/chromium.py."""
    for path in TESTS.glob("**/test_*.py"):
        assert not PRESSES.search(path.read_text("utf-8")), path.relative_to(TESTS)
