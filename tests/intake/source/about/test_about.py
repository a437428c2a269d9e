"""Where a report goes: the operator's words, in a language that is said, and what the program itself knows."""

import re
from pathlib import Path

import pytest

from crypto.cosignature import Algorithm, CosigningKey
from crypto.policy import parse_policy
from intake.languages.catalogues import drafts
from intake.languages.written import direction, isolated
from intake.source import create_app
from intake.source.about.written import LONGEST, LONGEST_HTML
from intake.source.pages import PAGE_SIZE
from intake.source.text.catalogues import languages
from source_site import UNLIMITED, OpenSite, Site, Visit

DRAFTS = " ".join(drafts())
ALL = languages(DRAFTS)


def written(site: Site, **files: str) -> Site:
    """The site, once its operator has written such files, by language."""
    directory = site.server.settings.data / "about"
    directory.mkdir()
    for tag, text in files.items():
        (directory / f"{tag.replace('_', '-')}.md").write_text(text, "utf-8")
    return Site(site.server, create_app(site.server), site.reviewers)


def about(site: Site, tag: str = "en") -> Visit:
    visit = site.visit()
    assert visit.open(f"/{tag}/about").status_code == 200
    return visit


def test_the_start_leads_to_the_page(visit: Visit) -> None:
    visit.open("/en/")
    assert "/en/about" in visit.page.links


def test_the_operators_words_are_shown_in_the_language_of_the_page(site: Site) -> None:
    site = written(site, en="# Who we are\n\nWe are *four*.", fa="# ما\n\nما چهار نفریم.")
    english, persian = about(site), about(site, "fa")
    assert '<section class="written" lang="en" dir="ltr">\n<h2>Who we are</h2>' in english.text
    assert '<section class="written" lang="fa" dir="rtl">\n<h2>ما</h2>' in persian.text
    for visit in (english, persian):
        assert "written" in visit.text
        assert len(re.findall("<h1", visit.text)) == 1
        assert "not there in your language" not in visit.page.words


def test_words_that_are_there_in_another_language_only_are_marked_as_that(site: Site) -> None:
    visit = about(written(site, fa="ما"))
    assert '<section class="written" lang="fa" dir="rtl">\n<p>ما</p>' in visit.text
    assert "not there in your language yet. It is written in: فارسی" in visit.page.words
    assert '<bdi lang="fa">فارسی</bdi>' in visit.text


def test_without_the_operators_words_the_page_says_so_and_what_the_program_knows(open_site: OpenSite) -> None:
    site = open_site(team="Haven & <Co>")
    visit = about(site)
    assert f"Nothing is written here yet about {isolated('Haven & <Co>')}." in visit.page.words
    assert f"Only the reviewers of {isolated('Haven & <Co>')} can open it" in visit.page.words
    assert "<section" not in visit.text


def test_the_page_shows_the_name_and_the_key_of_the_log_as_the_operator_was_told_them(site: Site) -> None:
    visit = about(site)
    key = site.server.log.verifier
    assert f'<dd><bdi dir="ltr">{key.name}</bdi></dd>' in visit.text
    assert f'<dd><bdi dir="ltr">{key.fingerprint}</bdi></dd>' in visit.text


def test_nothing_on_the_page_shows_how_many_reviewers_there_are_or_which_keys_they_have(open_site: OpenSite) -> None:
    def page(reviewers: int) -> str:
        site = open_site(reviewers=reviewers)
        key = site.server.log.verifier
        return about(site).text.replace(key.name, "").replace(key.fingerprint, "")

    assert page(1) == page(3)


def name_witnesses(policy: Path, number: int, quorum: str) -> None:
    keys = [CosigningKey.from_seed(f"witness{each}", Algorithm.ED25519, bytes([each] * 32)) for each in range(number)]
    lines = [f"witness w{each} {key.cosigner}" for each, key in enumerate(keys)]
    text = policy.read_text("utf-8").replace("quorum none\n", "\n".join([*lines, f"quorum {quorum}", ""]))
    assert len(parse_policy(text.encode()).witnesses) == number
    policy.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("number", "quorum", "says"),
    [
        (0, "none", "No partner of the organisation checks yet"),
        (1, "none", "No partner of the organisation checks yet"),
        (1, "w0", "1 partner of the organisation checks again"),
        (2, "w1", "2 partners of the organisation check again"),
    ],
)
def test_the_page_says_how_many_watch_the_log(site: Site, number: int, quorum: str, says: str) -> None:
    name_witnesses(site.server.settings.policy, number, quorum)
    assert says in about(Site(site.server, create_app(site.server), ())).page.words


@pytest.mark.slow
@pytest.mark.parametrize("tag", ALL)
def test_the_page_is_whole_in_every_language(open_site: OpenSite, tag: str) -> None:
    site = written(open_site(draft_languages=DRAFTS, **UNLIMITED), en="# Who\n\n[we](https://a.example)", ru="Мы")
    page = about(site, tag).page
    assert f'<html lang="{tag}" dir="{direction(tag)}">' in about(site, tag).text
    assert page.links == [f"/{tag}/", f"/{tag}/page"]
    assert [form.action for form in page.forms] == [f"/{tag}/leave"]
    assert not page.tags & {"script", "style", "img", "iframe", "object"}
    assert ("Мы" in page.words) is (tag == "ru")


@pytest.mark.slow
def test_as_much_as_an_operator_may_write_leaves_the_page_at_the_size_of_all(open_site: OpenSite) -> None:
    text = "&" * ((LONGEST_HTML - len("<p></p>\n")) // len("&amp;"))
    assert len(text) < LONGEST
    site = written(open_site(draft_languages=DRAFTS, team="x" * 100, **UNLIMITED), en=text)
    for tag in ALL:
        visit = about(site, tag)
        assert len(visit.text.encode()) <= PAGE_SIZE, tag
        assert text in visit.page.words
