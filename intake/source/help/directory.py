"""Where else to turn: the emergency numbers of each country, and the lines and clinics that the operator knows there.

They stand in `help.toml` beside this module, which explains itself, and in the operator's own file of that name.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel import Locale

from intake.report.definition import country_codes
from intake.settings import SettingError
from intake.source.text.gettext import lazy_gettext as _

FILE = "help.toml"

SERVICES = {
    "any": _("Every emergency"),
    "police": _("Police"),
    "ambulance": _("Ambulance"),
    "fire": _("Fire brigade"),
}
"""What an emergency number is for, in the order in which the page lists them."""

LONGEST = 500
"""Characters of one entry."""

_COUNTRY_KEYS = frozenset({"emergency", "source", "lines"})
_LINE_KEYS = frozenset({"name", "number", "hours", "languages", "note"})
_NUMBER = re.compile(r"[+*#(]?[0-9][0-9 ()/.*#-]{0,59}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, clinic or office. All but the name and the number may be empty."""

    name: str
    number: str
    hours: str = ""
    languages: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Country:
    """Where to turn in one country. `emergency` maps some of `SERVICES` to numbers."""

    emergency: Mapping[str, str]
    source: str
    lines: tuple[Line, ...] = ()


def load_countries(own: Path) -> dict[str, Country]:
    """The shipped countries with the operator's own file laid over them, if there is one, by code.

    `SettingError` names the file and the entry that is wrong.
    """
    shipped = files(__package__).joinpath(FILE)
    tables = _parsed(FILE, shipped.read_bytes())
    try:
        added = _parsed(str(own), own.read_bytes())
    except FileNotFoundError:
        added = {}
    except OSError as error:
        raise SettingError(f"{own} can't be read ({error.strerror})") from None
    for code, table in added.items():
        _check_numbers_have_their_source(f"{own}: {code}", table)
        tables[code] = tables.get(code, {}) | table
    return {code: _country(f"{own if code in added else FILE}: {code}", table) for code, table in tables.items()}


def _parsed(file: str, content: bytes) -> dict[str, dict[str, Any]]:
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} is not TOML: {error}") from None
    for code, table in data.items():
        if code not in country_codes():
            raise SettingError(f"{file}: {code} is not the code of a country, such as DE (ISO 3166-1 alpha-2)")
        _check_keys(f"{file}: {code}", table, _COUNTRY_KEYS)
    return data


def _check_numbers_have_their_source(where: str, table: dict[str, Any]) -> None:
    if ("emergency" in table) != ("source" in table):
        raise SettingError(f"{where} must have emergency and source together: a source is that of the numbers")


def _country(where: str, table: dict[str, Any]) -> Country:
    lines = table.get("lines", [])
    if not isinstance(lines, list):
        raise SettingError(f"{where}.lines must be a list: begin each with [[….lines]]")
    return Country(
        emergency=_emergency(f"{where}.emergency", table.get("emergency")),
        source=_text(f"{where}.source", table.get("source")),
        lines=tuple(_line(f"{where}.lines, number {place}", line) for place, line in enumerate(lines, 1)),
    )


def _emergency(where: str, table: Any) -> dict[str, str]:
    _check_keys(where, table, SERVICES.keys())
    if not table:
        raise SettingError(f"{where} must have a number")
    return {service: _number(f"{where}.{service}", table[service]) for service in SERVICES if service in table}


def _line(where: str, table: Any) -> Line:
    _check_keys(where, table, _LINE_KEYS)
    return Line(
        name=_text(f"{where}: name", table.get("name")),
        number=_number(f"{where}: number", table.get("number")),
        languages=_languages(f"{where}: languages", table.get("languages", [])),
        **{key: _text(f"{where}: {key}", table[key]) for key in ("hours", "note") if key in table},
    )


def _check_keys(where: str, table: Any, known: Any) -> None:
    if not isinstance(table, dict):
        raise SettingError(f"{where} must be a table with some of: {', '.join(sorted(known))}")
    for key in table.keys() - known:
        raise SettingError(f"{where}: {key} is not known; there are: {', '.join(sorted(known))}")


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise SettingError(f"{where} must be text of 1 to {LONGEST} characters")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise SettingError(f"{where} must be on one line, without control characters")
    return value.strip()


def _number(where: str, value: Any) -> str:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise SettingError(f'{where} must be a telephone number in quotes, such as "112" or "+49 30 1234"')
    return value


def _languages(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) and code in languages_known() for code in value):
        raise SettingError(f'{where} must be a list of codes, such as ["en", "ug"] (BCP 47)')
    return tuple(value)


@cache
def languages_known() -> Mapping[str, str]:
    """English names by code; Babel writes zh_Hant for zh-Hant."""
    return {code.replace("_", "-"): name for code, name in Locale.parse("en").languages.items()}
