"""The messages of the kit: each once, with every place where it stands."""

from dataclasses import replace

from i18n.catalogues import messages, wanted
from i18n.kit.entries import Entry, Place, entries
from project import PROJECT

ENTRIES = entries()
BY_TEXT = {entry.english[0]: entry for entry in ENTRIES}


def test_each_message_of_the_site_is_one_of_the_kit() -> None:
    assert len(ENTRIES) == len(messages(wanted())) > 400
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    assert all(entry.places for entry in ENTRIES)


def test_a_name_stays_until_the_english_changes() -> None:
    entry = ENTRIES[0]
    assert replace(entry, places=()).name == entry.name
    assert replace(entry, english=("Something else.",)).name != entry.name
    assert replace(entry, context="a verb").name != entry.name


def test_a_message_stands_in_the_line_that_its_place_names() -> None:
    lines = {
        place: (PROJECT / place.where).read_text("utf-8").splitlines()[place.line - 1]
        for place in BY_TEXT["Your eight words"].places
    }
    assert len(lines) > 2
    assert all("Your eight words" in line for line in lines.values())


def test_a_message_of_the_form_names_its_group_and_question() -> None:
    def places(text: str) -> set[str]:
        return {place.where for place in BY_TEXT[text].places}

    assert "form/consents" in places("What we may do with it")
    assert "form/consents/consent_lawyer" in places("May we share it with a lawyer?")
    assert "form/family/family_methods/choice" in places("Forbidden to leave the country")
    assert {place for place in places("No names of relatives.") if place.endswith("/hint")}
    assert "form/always" in places("I don't know")


def test_what_stands_around_a_message_is_known() -> None:
    (place,) = BY_TEXT["Choose a country"].places
    assert place.before.startswith("Whoever calls the police")
    assert place.after == "All of them are on this page already. Opening one sends nothing."


def test_placeholders_are_those_of_the_text_each_once() -> None:
    entry = Entry(("%(num)s file", "%(num)s files of %(team)s, %(num)s"), None, (Place("x", 1, "", ""),))
    assert entry.placeholders == ("num", "team")
