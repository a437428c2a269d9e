"""Which languages the site speaks, and where their words are looked up and extracted."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from babel.support import NullTranslations
from flask_babel import Babel, Domain, get_locale

from intake.languages.catalogues import SOURCE, header, tags, translations
from intake.report.definition import load_form
from intake.settings import SettingError

_TRANSLATED = ("title", "hint", "question", "add", "unsaid")


def languages(drafts: str) -> tuple[str, ...]:
    """The tags (BCP 47) of all languages that are on; `drafts` names the drafts that the operator has switched on."""
    wanted = frozenset(drafts.split())
    if unknown := wanted - set(tags()) | wanted & {SOURCE}:
        unknown_tags = ", ".join(sorted(unknown))
        raise SettingError(
            f"draft_languages: there is no catalogue for {unknown_tags}; write tags with spaces between them: az ug"
        )
    headers = {tag: header(tag) for tag in tags()}
    for tag in sorted(wanted):
        if lacks := headers[tag].lacks:
            raise SettingError(f"draft_languages: {tag} can't be switched on. What it lacks: {lacks}")
    return tuple(tag for tag, said in headers.items() if not said.lacks and (tag in wanted or not said.is_draft))


class Catalogues(Babel):  # type: ignore[misc]
    """Flask-Babel over these catalogues."""

    @property
    def domain_instance(self) -> Domain:
        """Where Flask-Babel looks translations up."""
        return _DOMAIN


class _Catalogues(Domain):  # type: ignore[misc]
    def get_translations(self) -> NullTranslations:
        return translations(str(get_locale()).replace("_", "-"))


_DOMAIN = _Catalogues()


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
        if "apart" in part:
            yield part["apart"]["title"]
        yield from _texts(part.get("fields", []))
        yield from _texts([part["entries"]] if "entries" in part else [])
