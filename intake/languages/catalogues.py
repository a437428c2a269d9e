"""The translations: one catalogue a language, read as it is written; nothing has to be compiled first."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
"""The language that the program itself is written in."""

DRAFT = "X-Draft"
"""A header of catalogues that nobody should read before somebody fluent has: off until an operator says so."""


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


def is_draft(tag: str) -> bool:
    """Whether nobody should read this language before somebody fluent has."""
    if tag == SOURCE:
        return False
    header = _text(tag.replace("-", "_")).partition(b"\n\n")[0].decode()
    return f'"{DRAFT}: yes\\n"' in header


def _text(locale: str) -> bytes:
    return _root().joinpath(locale, "LC_MESSAGES", "messages.po").read_bytes()


def _root() -> Traversable:
    return files(__package__).joinpath("translations")


@cache
def _locales() -> frozenset[str]:
    return frozenset(entry.name for entry in _root().iterdir() if entry.is_dir() and not entry.name.startswith("_"))
