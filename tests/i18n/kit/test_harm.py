"""What comes of a wrong word is written down for every message, and nothing for what isn't there."""

from fnmatch import fnmatchcase

import pytest

from i18n.kit.entries import Entry, Place, entries
from i18n.kit.harm import Harm, UnjudgedError, knowledge

ENTRIES = entries()
WHERE = {place.where for entry in ENTRIES for place in entry.places}
KNOWN = knowledge()


def at(*where: str, text: str = "Words.") -> Entry:
    return Entry((text,), None, tuple(Place(place, 1, "", "") for place in where))


def test_every_message_has_its_harm_and_every_placeholder_an_example() -> None:
    KNOWN.require(ENTRIES)
    for entry in ENTRIES:
        rule = KNOWN.rule(entry)
        assert rule.why.endswith(".")
        assert rule.readers.endswith(".")
        assert KNOWN.why_unseen(entry).endswith(".")


def test_what_is_written_down_is_of_something_that_is_there() -> None:
    rules = [pattern for rule in KNOWN.rules for pattern in rule.where]
    rules += [pattern for reason in KNOWN.unseen for pattern in reason.where]
    assert [pattern for pattern in rules if not any(fnmatchcase(where, pattern) for where in WHERE)] == []
    texts = [text for entry in ENTRIES for text in entry.english]
    assert [term.has for term in KNOWN.terms if not any(term.has in text for text in texts)] == []
    assert {name for entry in ENTRIES for name in entry.placeholders} == KNOWN.placeholders.keys()


def test_no_rule_is_hidden_behind_one_before_it() -> None:
    first = {where: next(rule for rule in KNOWN.rules if rule.is_for(Place(where, 1, "", ""))) for where in WHERE}
    assert set(first.values()) == set(KNOWN.rules)


@pytest.mark.parametrize(
    "where",
    [
        "intake/source/templates/start.html",
        "intake/source/templates/help.html",
        "intake/source/templates/codename.html",
        "form/consents/consent_un_name",
        "form/consents/consent_lawyer/choice",
        "form/people/people/pseudonym",
        "form/acts/acts/documents/hint",
    ],
)
def test_guidance_consents_and_warnings_are_serious(where: str) -> None:
    assert where in WHERE
    assert KNOWN.rule(at(where)).harm is Harm.SERIOUS


def test_of_several_places_the_gravest_counts() -> None:
    minor, serious = "intake/source/templates/group.html", "intake/source/templates/start.html"
    assert KNOWN.rule(at(minor)).harm is Harm.MINOR
    assert KNOWN.rule(at(minor, serious)) == KNOWN.rule(at(serious, minor)) == KNOWN.rule(at(serious))


def test_a_place_that_nobody_has_judged_is_named() -> None:
    with pytest.raises(UnjudgedError, match=r"nothing says what comes of a wrong word in intake/source/new\.py"):
        KNOWN.require([at("form/consents", "intake/source/new.py")])


def test_a_placeholder_without_an_example_is_named() -> None:
    with pytest.raises(UnjudgedError, match=r"an example of %\(colour\)s is missing"):
        KNOWN.require([at("form/consents", text="It is %(colour)s.")])


def test_the_terms_of_a_message_come_with_it() -> None:
    notes = KNOWN.notes(at("form/consents", text="Only here, with my eight words"))
    assert [note for note in notes if "never called a password" in note] == notes
    assert KNOWN.notes(at("form/consents", text="Anyone")) == []
