"""Every word of the site in every language: nothing missing, nothing left over, and placeholders as they were."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from i18n.catalogues import lacking, messages, paths, read, updated, wanted
from intake.languages.catalogues import DRAFT, SOURCE
from intake.source.text.catalogues import languages

WANTED = wanted()
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")
COMPLETE = {"fr", "es", "zh_Hans", "zh_Hant", "ru", "tr", "fa"}
DRAFTS = {"az", "ko", "ug", "bo"}


def catalogue(path: Path) -> Catalog:
    return read(path)


def locale(path: Path) -> str:
    return path.parts[-3]


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())  # type: ignore[call-overload]


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
    for message in messages(catalogue(path)):
        wanted_names = set(PLACEHOLDER.findall(texts(message.id)[-1]))
        for text in texts(message.string):
            assert set(PLACEHOLDER.findall(text)) == wanted_names, message.id
            assert "<" not in text
            assert text == text.strip(), message.id


def test_every_plural_form_of_the_language_is_there(path: Path) -> None:
    held = catalogue(path)
    for message in messages(held):
        if message.pluralizable:
            assert len(texts(message.string)) == held.num_plurals, message.id


def test_a_catalogue_says_who_reviewed_it_and_whether_it_is_a_draft(path: Path) -> None:
    header = path.read_text("utf-8").partition("\n\n")[0]
    assert '"X-Reviewed-By: ' in header
    assert (f'"{DRAFT}: yes\\n"' in header) is (locale(path) in DRAFTS)


def test_drafts_are_off_until_an_operator_switches_them_on() -> None:
    complete = {name.replace("_", "-") for name in COMPLETE}
    assert set(languages("")) == {SOURCE, *complete}
    assert set(languages("ug")) == {SOURCE, "ug", *complete}
    assert set(languages("az ko ug bo")) == {SOURCE, *DRAFTS, *complete}
