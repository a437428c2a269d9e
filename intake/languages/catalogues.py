"""The translations: one catalogue a language, read as it is written; nothing has to be compiled first."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from intake.languages.header import Header, parse_header

SOURCE = "en"
"""The language that the program itself is written in."""


def tags() -> tuple[str, ...]:
    """The tags (BCP 47) of all languages that there are words in, drafts too; that of the program itself first."""
    return (SOURCE, *sorted(locale.replace("_", "-") for locale in _locales()))


@cache
def translations(tag: str) -> NullTranslations:
    """The words of a language; none, so that what is looked up stays English, where there is no catalogue."""
    locale = tag.replace("-", "_")
    if locale not in _locales():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(_text(locale)), locale))
    compiled.seek(0)
    return Translations(compiled)


def header(tag: str) -> Header:
    """What the catalogue of a language says of itself; of the program's own language there is nothing to say."""
    if tag == SOURCE:
        return Header()
    return parse_header(_text(tag.replace("-", "_")).decode(), datetime.now(UTC).date())


def drafts() -> tuple[str, ...]:
    """The tags of all languages that are off until an operator switches them on, and can be switched on."""
    headers = {tag: header(tag) for tag in tags()}
    return tuple(tag for tag, said in headers.items() if said.is_draft and not said.lacks)


def _text(locale: str) -> bytes:
    return _root().joinpath(locale, "LC_MESSAGES", "messages.po").read_bytes()


def _root() -> Traversable:
    return files(__package__).joinpath("translations")


@cache
def _locales() -> frozenset[str]:
    return frozenset(entry.name for entry in _root().iterdir() if entry.is_dir() and not entry.name.startswith("_"))
