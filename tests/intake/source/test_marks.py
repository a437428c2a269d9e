"""Every view bears its mark, so that no route can be forgotten by the limits."""

import pytest

from intake.source.marks import Brings, Cost, Mark, UnmarkedViewError, mark_of
from source_site import Site

OUT = {"leaving.leave", "leaving.left", "leaving.out", "static"}
WORDS = {"words.make_codename", "words.come_back"}
TEXT = {"report.report", "thread.message", "thread.more", "thread.answer"}
CHANGES = {"leaving.forget_reply", "leaving.withdraw_tip", "leaving.keep", "leaving.end"}
HARMLESS = {"words.check"}
"""Its form compares two words with those that are being shown, and changes nothing."""


def marks(site: Site) -> dict[str, Mark]:
    return {endpoint: mark_of(view) for endpoint, view in site.app.view_functions.items()}


def test_every_route_has_its_mark(site: Site) -> None:
    found = marks(site)
    assert {rule.endpoint for rule in site.app.url_map.iter_rules()} == found.keys()
    assert {endpoint for endpoint, mark in found.items() if mark.cost is Cost.NOTHING} == OUT
    assert {endpoint for endpoint, mark in found.items() if mark.cost is Cost.WORDS} == WORDS
    assert {endpoint for endpoint, mark in found.items() if mark.brings is Brings.TEXT} == TEXT


def test_every_form_that_changes_something_is_counted_as_more_than_a_page(site: Site) -> None:
    found = marks(site)
    taking = {rule.endpoint for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert {endpoint for endpoint in taking if found[endpoint].cost is Cost.SENDING} == TEXT | CHANGES | {"upload.file"}
    assert taking - HARMLESS - OUT == TEXT | CHANGES | WORDS | {"upload.file"}


def test_what_streams_its_form_says_how_that_is_read_when_it_is_refused(site: Site) -> None:
    for mark in marks(site).values():
        assert (mark.brings is Brings.FILES) == (mark.read_refused is not None)


def test_a_view_without_a_mark_is_refused_by_name() -> None:
    def forgotten() -> str:
        return ""

    with pytest.raises(UnmarkedViewError, match="forgotten bears no mark"):
        mark_of(forgotten)
