"""Templates that hold a language's words: each page is in its own language, whichever was asked for before."""

import re

import pytest
from jinja2 import UndefinedError

from intake.source.text.catalogues import languages
from intake.source.text.templates import LanguageTemplates
from source_site import OpenSite, Site

PATHS = ("", "return", "left", "help", "now", "about", "report", "nothing-here")


def pages(site: Site, tags: tuple[str, ...]) -> dict[str, str]:
    """Pages of a newcomer, without what is random in them."""
    found = {}
    for tag in tags:
        for path in PATHS:
            text = site.visit().open(f"/{tag}/{path}").get_data(as_text=True)
            found[f"{tag}/{path}"] = re.sub(r'value="[A-Za-z0-9_-]{22,}"', "", text)
    return found


def test_a_page_is_the_same_whatever_languages_were_asked_for_before(unlimited: Site, open_site: OpenSite) -> None:
    tags = languages("")
    everything = pages(unlimited, tags)
    assert pages(unlimited, tags[::-1]) == everything
    first = tags[-1]
    alone = open_site(
        limit_pages="10000 per minute", limit_codenames="10000 per minute", limit_sends="10000 per minute"
    )
    assert pages(alone, (first,)).items() <= everything.items()


def test_what_an_operator_wrote_is_escaped_within_translated_words(open_site: OpenSite) -> None:
    site = open_site(team="<b>100% & us</b>", limit_pages="10000 per minute")
    for tag in languages(""):
        text = site.visit().open(f"/{tag}/").get_data(as_text=True)
        assert "&lt;b&gt;100% &amp; us&lt;/b&gt;" in text
        assert "<b>100%" not in text


@pytest.mark.parametrize("asked", ["{{ nowhere }}", "{% if nowhere %}{% endif %}", "{{ site.nowhere }}"])
def test_what_a_page_was_not_given_is_a_fault_and_no_empty_place(asked: str, site: Site) -> None:
    environment = site.app.jinja_env
    assert isinstance(environment, LanguageTemplates)
    of_page = environment.within("en").from_string(asked)
    with pytest.raises(UndefinedError, match="nowhere"):
        of_page.render(site=site)
