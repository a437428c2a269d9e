"""Every word of the site in every language: nothing missing, nothing left over, and placeholders as they were."""

import re
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from i18n.catalogues import lacking, messages, paths, read, updated, wanted
from intake.languages.catalogues import SOURCE, drafts, header
from intake.settings import SettingError
from intake.source.text.catalogues import languages

WANTED = wanted()
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
COMPLETE = {"fr", "es", "zh_Hans", "zh_Hant", "ru", "tr", "fa", "ar"}
DRAFTS = {"az", "ko", "ug", "bo", "vi"}


def catalogue(path: Path) -> Catalog:
    return read(path)


def locale(path: Path) -> str:
    return path.parts[-3]


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())  # type: ignore[call-overload]


def forms_of_one_number(held: Catalog) -> set[int]:
    """The plural forms of a language that are used for a single number each."""
    form_of = c2py(held.plural_expr)
    used = [form_of(number) for number in range(1_000)]
    return {form for form in used if used.count(form) == 1}


@pytest.fixture(params=paths(), ids=locale)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_there_are_the_languages_that_sources_write_in() -> None:
    assert {locale(path) for path in paths()} == COMPLETE | DRAFTS
    assert len(messages(WANTED)) > 300


def test_nothing_lacks_a_translation(path: Path) -> None:
    assert [message.id for message in lacking(catalogue(path), WANTED)] == []


def test_a_catalogue_holds_what_the_site_says_and_nothing_else(path: Path) -> None:
    assert path.read_text("utf-8") == updated(path, WANTED), "run: make messages"


def test_a_translation_keeps_every_placeholder_and_no_markup_comes_in(path: Path) -> None:
    held = catalogue(path)
    for message in messages(held):
        wanted_names = set(PLACEHOLDER.findall(texts(message.id)[-1]))
        for form, text in enumerate(texts(message.string)):
            # One day and two are words of their own in Arabic, and take no number.
            is_of_one_number = bool(message.pluralizable) and form in forms_of_one_number(held)
            assert set(PLACEHOLDER.findall(text)) in ([wanted_names, set()] if is_of_one_number else [wanted_names])
            assert "<" not in text
            assert text == text.strip(), message.id


def test_every_plural_form_of_the_language_is_there(path: Path) -> None:
    held = catalogue(path)
    for message in messages(held):
        if message.pluralizable:
            assert len(texts(message.string)) == held.num_plurals, message.id


def test_a_catalogue_says_whether_anybody_reviewed_it_and_whether_it_is_a_draft(path: Path) -> None:
    said = header(locale(path).replace("_", "-"))
    assert '"X-Reviewed-By: ' in path.read_text("utf-8").partition("\n\n")[0]
    assert said.marked_draft is (locale(path) in DRAFTS)
    if said.review:
        assert not said.marked_draft, "somebody has reviewed it: take X-Draft out"
        assert not said.lacks, "somebody has reviewed it: take X-Lacks out"


def test_drafts_are_off_until_an_operator_switches_them_on() -> None:
    complete = {SOURCE, *(name.replace("_", "-") for name in COMPLETE)}
    assert set(languages("")) == complete
    assert set(languages("ug")) == {"ug", *complete}
    assert set(languages(" ".join(drafts()))) == {*drafts(), *complete}


def test_what_lacks_something_is_no_draft_that_can_be_switched_on_and_the_setting_says_what_it_lacks() -> None:
    assert {"ug", "bo"} <= DRAFTS
    assert "ug" in drafts()
    assert "bo" not in drafts()
    with pytest.raises(SettingError) as refused:
        languages("ug bo")
    assert str(refused.value) == (
        "draft_languages: bo can't be switched on. "
        "What it lacks: names of countries and durations; faults of the first reading"
    )
