"""The emergency card: what somebody who is taken, sent back or asked to a meeting today sees first, and how short."""

import re

import pytest

from intake.languages.catalogues import drafts
from intake.languages.written import direction
from intake.source import create_app
from intake.source.text.catalogues import languages
from source_site import UNLIMITED, OpenSite, Site, Visit

DRAFTS = " ".join(drafts())
ALL = languages(DRAFTS)
LONGEST = 900
"""Characters of the heading and the three sentences; what can be read in some 20 seconds has fewer still."""


def card(text: str) -> str:
    """The heading and the three sentences, as text."""
    found = re.search(r"<h1>.*?</ol>", text, re.S)
    assert found
    return re.sub(r"\s+", " ", re.sub("<.*?>", " ", found[0]))


def test_the_first_link_of_the_start_leads_to_it_and_so_does_that_of_the_help(visit: Visit) -> None:
    for path in ("/en/", "/en/help"):
        visit.open(path)
        main = visit.text.partition("<h1>")[2]
        assert re.findall('href="([^"]*)"', main)[0] == "/en/now"


def test_what_to_do_stands_before_everything_else(visit: Visit) -> None:
    visit.open("/en/now")
    said = [
        "Being taken, deported, or meeting officials today?",
        "Tell one person.",
        "Sign nothing that you don't understand.",
        "I am in danger if I am sent back. I ask for asylum.",
        "You can't speak?",
        "A report is not rescue.",
        "call the emergency number of the country that you are in",
        "Press “Leave” at the top of this page",
        "close the browser completely",
        "Don't take your eight words with you",
    ]
    words = visit.page.words.partition("Leave")[2]
    places = [words.index(sentence) for sentence in said]
    assert places == sorted(places)
    assert [form.action for form in visit.page.forms] == ["/en/leave"]


def test_the_numbers_are_those_of_the_help(site: Site) -> None:
    (site.server.settings.data / "help.toml").write_text('[[DE.lines]]\nname = "UNHCR"\nnumber = "030 1"', "utf-8")
    visit = Site(site.server, create_app(site.server), ()).visit()
    shown = {}
    for path in ("help", "now"):
        visit.open(f"/en/{path}")
        shown[path] = re.findall(r"<li><details>\n<summary>.*?</details></li>", visit.text, re.S)
    assert shown["now"] == shown["help"]
    assert any("UNHCR" in country for country in shown["now"])


def test_the_numbers_and_the_words_in_other_languages_are_folded(visit: Visit) -> None:
    visit.open("/en/now")
    assert "<details open" not in visit.text
    before = visit.text.partition("Choose a country</summary>")[0]
    assert "Germany" not in before
    assert "Je demande l’asile." not in before.partition("<details>")[0]
    assert "Je demande l’asile." in before


@pytest.mark.slow
@pytest.mark.parametrize("tag", ALL)
def test_the_card_is_short_and_asks_for_nothing_in_every_language(open_site: OpenSite, tag: str) -> None:
    visit = open_site(draft_languages=DRAFTS, **UNLIMITED).visit()
    visit.open(f"/{tag}/now")
    assert len(card(visit.text)) < LONGEST
    assert f'<html lang="{tag}" dir="{direction(tag)}">' in visit.text
    assert visit.page.links == [f"/{tag}/", f"/{tag}/page", f"/{tag}/help"]
    assert not visit.page.inputs
    assert not visit.page.tags & {"script", "style", "img", "iframe", "object"}
    spoken = re.findall(r'<p lang="([^"]*)" dir="([^"]*)"><strong>', visit.text)
    assert spoken == [(other, direction(other)) for other in ALL if other != tag]
    words = re.findall(r"<p lang=.*?</strong><br>(.*?)</p>", visit.text)
    assert len({*words, *re.findall("<q>(.*?)</q>", visit.text)}) == len(ALL)
