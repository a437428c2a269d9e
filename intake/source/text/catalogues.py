"""The translations: one catalogue a language, read as it is written; nothing has to be compiled first."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

from intake.report.definition import load_form
from intake.settings import SettingError

SOURCE = "en"
"""The language that the program itself is written in."""

DRAFT = "X-Draft"
"""A header of catalogues that nobody should read before somebody fluent has: off until an operator says so."""

_TRANSLATED = ("title", "hint", "question", "add")


def languages(drafts: str) -> tuple[str, ...]:
    """The tags (BCP 47) of all languages that are on; `drafts` names the drafts that the operator has had reviewed."""
    wanted = frozenset(drafts.split())
    held = {directory.name.replace("_", "-"): directory.name for directory in _directories()}
    if unknown := wanted - held.keys():
        raise SettingError(f"draft_languages: there is no catalogue for {', '.join(sorted(unknown))}")
    on = (tag for tag, locale in held.items() if tag in wanted or not _is_draft(locale))
    return (SOURCE, *sorted(on))


class Catalogues(Babel):  # type: ignore[misc]
    """Flask-Babel over these catalogues."""

    @property
    def domain_instance(self) -> Domain:
        """Where Flask-Babel looks translations up."""
        return _DOMAIN


class _Catalogues(Domain):  # type: ignore[misc]
    def get_translations(self) -> NullTranslations:
        return _translations(str(get_locale()))


_DOMAIN = _Catalogues()


@cache
def _translations(locale: str) -> NullTranslations:
    if locale not in {directory.name for directory in _directories()}:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(_text(locale)), locale))
    compiled.seek(0)
    return Translations(compiled)


def _is_draft(locale: str) -> bool:
    header = _text(locale).partition(b"\n\n")[0].decode()
    return f'"{DRAFT}: yes\\n"' in header


def _text(locale: str) -> bytes:
    return _root().joinpath(locale, "LC_MESSAGES", "messages.po").read_bytes()


def _root() -> Traversable:
    return files(__package__).joinpath("translations")


def _directories() -> list[Traversable]:
    return [entry for entry in _root().iterdir() if entry.is_dir() and not entry.name.startswith("_")]


def extract_form(
    source: IO[bytes],
    _keywords: object,
    _comment_tags: object,
    options: Mapping[str, Any],  # noqa: ARG001 - Babel's name
) -> Iterator[tuple[int, str, str, list[str]]]:
    """What there is to translate in the form that is in force, for `pybabel extract`."""
    if Path(source.name).stem != str(load_form().version):
        return
    definition = tomllib.loads(source.read().decode())
    for text in dict.fromkeys([*definition["always"].values(), *_texts(definition["groups"])]):
        yield 1, "gettext", text, []


def _texts(parts: list[dict[str, Any]]) -> Iterator[str]:
    for part in parts:
        yield from (part[name] for name in _TRANSLATED if name in part)
        yield from (label for _, label in part.get("choices", ()))
        yield from _texts(part.get("fields", []))
        yield from _texts([part["entries"]] if "entries" in part else [])
