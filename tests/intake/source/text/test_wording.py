"""What the site once said, and could hurt or mislead by, is said nowhere any more, in no language.

Each line of `data/gone.tsv`, a language and a form, is one that somebody who was frightened could read otherwise
than it was meant. What is said instead is free to change; the old form may not come back, neither there nor in a new
sentence. And what a language calls one person, it calls nobody else.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from i18n.catalogues import messages, paths, read, wanted
from project import PROJECT

LINES = Path(__file__).with_name("data").joinpath("gone.tsv").read_text("utf-8").splitlines()
GONE = [(language, form) for language, _, form in (line.partition("\t") for line in LINES)]

# The row of a language in the table of what has one name: its catalogue, the words, the person, a report.
ROW = re.compile(r"\| `(\w+)` \| [^|`]+ \| ([^|]+) \| [^|]+ \|")
TABLE = PROJECT.joinpath("docs", "translations.md").read_text("utf-8")
PERSONS = {language: name.rstrip("།") for language, name in ROW.findall(TABLE)}

MEANT = {"They put pressure on relatives so that those ask for the return"}
"""Where the English means that person and doesn't say so; a form that was in force never changes."""


def said(language: str) -> Iterator[str]:
    """Everything that the site says in a language."""
    if language == "en":
        return (text for message in messages(wanted()) for text in texts(message.id))
    (path,) = (path for path in paths() if path.parts[-3] == language)
    return (text for message in messages(read(path)) for text in texts(message.string or ()))


def texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def test_the_tables_name_something_in_each_language() -> None:
    languages = {path.parts[-3] for path in paths()}
    assert {language for language, _ in GONE} == {"en", *languages}
    assert PERSONS.keys() == languages
    assert all(form for _, form in GONE)


@pytest.mark.parametrize("language", sorted({language for language, _ in GONE}))
def test_what_could_hurt_stands_nowhere(language: str) -> None:
    everything = list(said(language))
    assert len(everything) > 300
    forms = [form for of, form in GONE if of == language]
    assert [(form, text) for form in forms for text in everything if form in text] == []


@pytest.mark.parametrize(("language", "name"), PERSONS.items(), ids=PERSONS)
def test_who_the_pressure_is_meant_to_reach_has_a_name_that_nobody_else_is_called_by(language: str, name: str) -> None:
    (path,) = (path for path in paths() if path.parts[-3] == language)
    named = [
        english
        for message in messages(read(path))
        for english, text in zip(texts(message.id), texts(message.string or ()), strict=False)
        if name.casefold() in text.casefold()
    ]
    assert len(named) > 1
    assert [english for english in named if "the person" not in english.casefold() and english not in MEANT] == []
