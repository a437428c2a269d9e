"""The source's way through the pages in Firefox ESR, on which Tor Browser is built, with JavaScript off."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from firefox import By, Marionette, choose, click, started, write
from other_site import OtherSite, other_site
from whole_service import Service

pytestmark = pytest.mark.slow

REJECT_ALL = 2
"""Of `network.cookie.cookieBehavior`."""

SCRIPT = "data:text/html,<p>No script has run.</p><script>document.querySelector('p').textContent = 'It has.'</script>"


@dataclass
class Seen:
    """What the source saw on the way: the text of each page, by name."""

    pages: dict[str, str] = field(default_factory=dict)
    codename: list[str] = field(default_factory=list)
    cookies: dict[str, list[Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marionette]:
    """Debian's Firefox ESR without JavaScript, under a profile and a home of its own."""
    with started(tmp_path_factory.mktemp("firefox"), {}) as driver:
        yield driver


@pytest.fixture(scope="module")
def seen(service: Service, firefox: Marionette) -> Seen:
    """The whole way, once: from the first page to the report, a message, the way back, and out."""
    seen = Seen()

    def note(name: str) -> None:
        seen.pages[name] = firefox.find_element(By.CSS_SELECTOR, "main").text

    firefox.navigate(service.source)
    note("home")
    click(firefox, "form[action$='/words'] button")
    note("codename")
    seen.codename = [word.text for word in firefox.find_elements(By.CSS_SELECTOR, ".codename li")]
    click(firefox, "main a[href$='/report']")
    note("report")
    click(firefox, "form[action$='/report'] button:not([name], [hidden])")
    note("refused")
    write(firefox, "[name=narrative]", "They went to my mother.")
    choose(firefox, "[name=urgency][value=now]")
    click(firefox, "form[action$='/report'] button:not([name], [hidden])")
    note("received")
    choose(firefox, "main > details > summary")
    write(firefox, "[name=text]", "They rang again.")
    click(firefox, "form[action$='/tip/message'] button")
    note("message")
    seen.cookies["before"] = firefox.get_cookies()
    click(firefox, "form[action$='/leave'] button")
    note("left")
    seen.cookies["after"] = firefox.get_cookies()
    firefox.navigate(f"{service.source}/en/tip")
    note("tip")
    write(firefox, "[name=codename]", " ".join(seen.codename))
    click(firefox, "form[action$='/return'] button")
    note("thread")
    return seen


def test_no_script_runs(firefox: Marionette) -> None:
    firefox.navigate(SCRIPT)
    assert firefox.find_element(By.CSS_SELECTOR, "p").text == "No script has run."


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("home", "Tell us what is happening"),
        ("codename", "nobody can recover them"),
        ("report", "What happened?"),
        ("refused", "Not done yet"),
        ("received", "It has arrived. This is enough. You may leave."),
        ("received", "There is no reply yet."),
        ("message", "Your message has arrived."),
        ("left", "You have left"),
        ("tip", "Write your eight words, in their order"),
        ("thread", "There is no reply yet."),
    ],
)
def test_the_source_sees(page: str, words: str, seen: Seen) -> None:
    assert words in seen.pages[page]


def test_the_codename_has_eight_words(seen: Seen) -> None:
    assert len(seen.codename) == 8
    assert all(seen.codename)


def test_nothing_that_was_sent_is_shown_again(seen: Seen) -> None:
    assert "They went to my mother." not in seen.pages["thread"]
    assert "They rang again." not in seen.pages["thread"]


def test_leaving_takes_the_cookie_away(seen: Seen) -> None:
    assert len(seen.cookies["before"]) == 1
    assert seen.cookies["after"] == []


@pytest.fixture(scope="module")
def elsewhere(service: Service, seen: Seen) -> Iterator[OtherSite]:
    """Another site, after the source's way."""
    with other_site(service.source) as site:
        yield site


def test_a_link_from_another_site_leads_into_the_visit_and_does_not_end_it(
    service: Service, firefox: Marionette, elsewhere: OtherSite
) -> None:
    for _ in range(2):
        firefox.navigate(elsewhere.address)
        click(firefox, "#link")
        assert "There is no reply yet." in firefox.find_element(By.CSS_SELECTOR, "main").text
    firefox.navigate(f"{service.source}/en/tip")
    assert "There is no reply yet." in firefox.find_element(By.CSS_SELECTOR, "main").text


@pytest.mark.parametrize("form", ["plant", "leave"])
def test_a_form_from_another_site_is_refused_and_the_visit_goes_on(
    service: Service, firefox: Marionette, elsewhere: OtherSite, form: str
) -> None:
    firefox.navigate(elsewhere.address)
    click(firefox, f"#{form} button")
    assert "came from a page of another site" in firefox.find_element(By.CSS_SELECTOR, "main").text
    assert "Planted" not in firefox.page_source
    firefox.navigate(f"{service.source}/en/tip")
    assert "There is no reply yet." in firefox.find_element(By.CSS_SELECTOR, "main").text


def test_without_a_referrer_only_the_fetch_metadata_tell_a_form_of_ones_own(
    firefox: Marionette, elsewhere: OtherSite
) -> None:
    firefox.navigate(elsewhere.address)
    click(firefox, "#own button")
    assert elsewhere.own_form["Sec-Fetch-Site"] == "same-origin"
    assert elsewhere.own_form["Origin"] == "null"


def test_where_cookies_are_blocked_the_source_is_told_so_and_what_to_do(service: Service, tmp_path: Path) -> None:
    with started(tmp_path, {"network.cookie.cookieBehavior": REJECT_ALL}) as firefox:
        firefox.navigate(f"{service.source}/en/")
        for _ in range(2):
            click(firefox, "form[action$='/words'] button")
            assert "your browser keeps no cookies" in firefox.find_element(By.CSS_SELECTOR, "main").text
