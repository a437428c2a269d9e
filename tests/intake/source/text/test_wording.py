"""What the site once said, and could hurt or mislead by, is said nowhere any more, in no language.

Each line of `data/gone.tsv`, a language and a form, is one that somebody who was frightened could read otherwise
than it was meant. What is said instead is free to change; the old form may not come back, neither there nor in a new
sentence.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from i18n.catalogues import messages, paths, read, wanted

LINES = Path(__file__).with_name("data").joinpath("gone.tsv").read_text("utf-8").splitlines()
GONE = [(language, form) for language, _, form in (line.partition("\t") for line in LINES)]


def said(language: str) -> Iterator[str]:
    """Everything that the site says in a language."""
    if language == "en":
        return (text for message in messages(wanted()) for text in texts(message.id))
    (path,) = (path for path in paths() if path.parts[-3] == language)
    return (text for message in messages(read(path)) for text in texts(message.string or ()))


def texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def test_the_table_names_a_form_in_each_language() -> None:
    assert {language for language, _ in GONE} == {"en", *(path.parts[-3] for path in paths())}
    assert all(form for _, form in GONE)


@pytest.mark.parametrize("language", sorted({language for language, _ in GONE}))
def test_what_could_hurt_stands_nowhere(language: str) -> None:
    everything = list(said(language))
    assert len(everything) > 300
    forms = [form for of, form in GONE if of == language]
    assert [(form, text) for form in forms for text in everything if form in text] == []
