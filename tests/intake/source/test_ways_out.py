"""Every way off a page asks before what was written there is lost, in browsers without a script; the dot never asks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from werkzeug.serving import make_server

from chromium import choose, choose_at, click, enter
from firefox import By, started
from firefox import choose as choose_in
from firefox import click as click_in
from firefox import write as write_in
from intake.report.events import ConsentRequest
from source_site import Site

pytestmark = pytest.mark.slow

STYLE = Path(__file__).parents[3] / "intake" / "source" / "static" / "style.css"
ASKS = "details:visible > summary"
LOST = "If you go on now, it is lost."


@pytest.fixture
def address(unlimited: Site) -> Iterator[str]:
    """Where the English pages are."""
    server = make_server("127.0.0.1", 0, unlimited.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/en"
    server.shutdown()
    thread.join()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Chromium without JavaScript, as narrow as a telephone."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The form's first page."""
    page = context.new_page()
    page.goto(f"{address}/")
    click(page, "form[action$='/words'] button")
    click(page, "main a[href$='/report']")
    return page


@pytest.fixture
def sent(page: Page) -> Page:
    """The page of somebody who has sent a report."""
    page.fill("[name=narrative]", "Two men came.")
    click(page, "form[action$='/report'] button")
    return page


def asks(page: Page) -> set[bool]:
    """Whether the ways that can be seen ask first."""
    ways = page.locator(".away").all()
    asking = [way.locator("> details").is_visible() for way in ways]
    assert ways
    assert [way.locator("> :not(details)").is_visible() for way in ways] == [not each for each in asking]
    return set(asking)


def of_text(page: Page) -> None:
    page.fill("main form :is(textarea, input)[placeholder] >> nth=0", "A word.")


def of_an_answer(page: Page) -> None:
    page.locator("main form input[type=radio]:not(:checked)").first.check()


def of_a_country(page: Page) -> None:
    page.locator("main form select").first.select_option("DE")


@pytest.mark.parametrize("written", [of_text, of_an_answer, of_a_country])
def test_leaving_asks_where_something_is_written_or_chosen_and_only_there(
    page: Page, written: Callable[[Page], None]
) -> None:
    assert asks(page) == {False}
    written(page)
    assert asks(page) == {True}


def test_who_goes_on_with_writing_loses_nothing_and_who_leaves_has_left(page: Page, address: str) -> None:
    of_text(page)
    choose(page, page.locator(f"header .away:last-child > {ASKS}"))
    assert LOST in page.locator("header").inner_text()
    choose(page, page.locator(f"header .away:last-child > {ASKS}"))
    assert page.input_value("[name=narrative]") == "A word."
    choose(page, page.locator(f"header .away:last-child > {ASKS}"))
    click(page, page.get_by_role("button", name="Go on without sending it (Leave)"))
    assert "You have left" in page.inner_text("main")
    page.goto(f"{address}/tip")
    assert page.url.endswith("/return")


@pytest.mark.parametrize("tag", ["en", "ar", "ru", "zh-Hant"])
def test_the_same_place_pressed_twice_loses_nothing_wherever_it_is_pressed(
    context: BrowserContext, address: str, tag: str
) -> None:
    page = context.new_page()
    page.goto(f"{address.removesuffix('en')}{tag}/")
    click(page, "form[action$='/words'] button")
    click(page, "main a[href$='/report']")
    of_text(page)
    for way in page.locator(f"header .away > {ASKS}").all():
        box = way.bounding_box()
        assert box is not None
        for part in (0.1, 0.5, 0.9):
            x, y = box["x"] + box["width"] * part, box["y"] + box["height"] / 2
            for _ in range(2):
                choose_at(page, x, y)
            assert page.input_value("[name=narrative]") == "A word."


def test_what_was_chosen_before_another_entry_was_added_is_asked_about(sent: Page, address: str) -> None:
    sent.goto(f"{address}/tip/more/people")
    of_an_answer(sent)
    click(sent, "main form button[name=another]")
    assert asks(sent) == {True}


def test_enter_in_a_line_of_text_saves_and_adds_no_entry(sent: Page, address: str) -> None:
    sent.goto(f"{address}/tip/more/people")
    line = sent.locator("main form input[type=text]").first
    line.fill("A")
    enter(sent, line)
    assert "Saved." in sent.inner_text("main")


def test_a_button_of_one_form_says_what_is_lost_in_another(unlimited: Site, sent: Page, address: str) -> None:
    for number in range(2):
        unlimited.write(ConsentRequest(f"{number:032}", "en", "May we?", "", "", taken_back=False, number=number))
    sent.goto(f"{address}/tip")
    said = sent.locator("main .elsewhere")
    assert [each.is_visible() for each in said.all()] == [False, False, False]
    sent.locator("main article textarea").first.fill("Not before June.")
    choose(sent, "main > details > summary")
    assert [each.is_visible() for each in said.all()] == [False, True, True]
    assert sent.locator("main article form[action$='/delete'] button").first.is_hidden()
    sent.locator("main article textarea").first.fill("")
    sent.fill("[name=text]", "They rang again.")
    assert [each.is_visible() for each in said.all()] == [True, True, False]


def test_it_asks_for_the_keyboard_too(page: Page) -> None:
    of_text(page)
    page.locator(f"header .away:first-child > {ASKS}").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    enter(page)
    assert page.inner_text("h1") == "Tell us what is happening"


def test_where_nothing_is_written_nothing_is_asked(page: Page) -> None:
    click(page, "header .leave")
    assert "You have left" in page.inner_text("main")


def test_every_way_off_a_later_page_asks(sent: Page, address: str) -> None:
    for path, written in (("/tip/more/consents", of_an_answer), ("/tip/more/places", of_text), ("/tip/file", of_text)):
        sent.goto(f"{address}{path}")
        assert asks(sent) == {False}
        # Every link of a page on which something can be written is such a way, or a place on the page.
        assert sent.locator("main a:not(.away a):not([href^='#'])").count() == 0
        written(sent)
        assert asks(sent) == {True}


def test_a_file_that_was_chosen_is_asked_about(sent: Page, address: str, tmp_path: Path) -> None:
    chosen = tmp_path / "photo.jpg"
    chosen.write_bytes(b"A photo.")
    sent.goto(f"{address}/tip/file")
    sent.locator("[type=file]").first.set_input_files(chosen)
    assert asks(sent) == {True}


def test_what_is_shown_again_since_it_was_refused_is_asked_about(page: Page) -> None:
    of_an_answer(page)
    click(page, "form[action$='/report'] button")
    assert "Please write something here." in page.inner_text("main")
    assert asks(page) == {True}


def test_a_message_that_was_begun_is_asked_about_by_every_link_of_the_page(sent: Page) -> None:
    assert asks(sent) == {False}
    choose(sent, "main > details > summary")
    sent.fill("[name=text]", "They rang again.")
    assert asks(sent) == {True}
    assert sent.locator("main a:not(.away a)").count() == 0


def test_what_can_not_tell_always_asks_where_something_can_be_written(page: Page, address: str) -> None:
    def without_has(route: Route) -> None:
        # As who doesn't know :has reads it: the rules that name it are dropped, but for what asks for just that.
        lines = [line for line in STYLE.read_text("utf-8").splitlines() if ":has(" not in line or "@supports" in line]
        route.fulfill(body="\n".join(lines).replace("selector(:has(a))", "(no-such: thing)"), content_type="text/css")

    page.route("**/style.css", without_has)
    page.goto(f"{address}/report")
    assert asks(page) == {True}
    page.goto(f"{address}/help")
    assert page.locator(".away").count() == 0


def test_the_dot_leaves_at_once_and_shows_what_looks_like_nothing(sent: Page, address: str) -> None:
    sent.goto(f"{address}/tip/more/reporter")
    of_an_answer(sent)
    click(sent, "a.out")
    assert sent.title() == "404 Not Found"
    assert sent.inner_text("body").split("\n\n") == ["Not Found", "The requested URL was not found on this server."]
    assert sent.context.cookies() == []
    sent.go_back()
    assert sent.url.endswith("/return")


def test_firefox_asks_as_well(address: str, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"A photo.")
    home = tmp_path / "firefox"
    home.mkdir()
    with started(home, {}) as firefox:
        firefox.navigate(f"{address}/")
        click_in(firefox, "form[action$='/words'] button")
        click_in(firefox, "main a[href$='/report']")
        firefox.find_element(By.CSS_SELECTOR, "header button.leave")
        assert not firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        write_in(firefox, "[name=narrative]", "Two men came.")
        assert firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        click_in(firefox, "form[action$='/report'] button")
        firefox.navigate(f"{address}/tip/more/consents")
        assert not firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        choose_in(firefox, "[value=yes]")
        assert firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        firefox.navigate(f"{address}/tip/file")
        assert not firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        firefox.find_element(By.CSS_SELECTOR, "[type=file]").send_keys(str(photo))
        assert firefox.find_element(By.CSS_SELECTOR, "header summary.leave").is_displayed()
        click_in(firefox, "a.out")
        assert firefox.find_element(By.CSS_SELECTOR, "h1").text == "Not Found"
        assert firefox.get_cookies() == []
