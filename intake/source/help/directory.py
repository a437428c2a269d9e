"""Where else to turn: each country's emergency numbers and what to be careful of there, and lines of the operator's.

They stand in `help.toml` beside this module, which explains itself, and in the operator's own file of that name.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
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

TEXT = {
    "sms": _("By text message (SMS)"),
    "partly": _("By text message (SMS), but not everywhere"),
    "registered": _("By text message (SMS), only from a telephone that was registered for it before"),
    "app": _("By writing in an app"),
}
"""Ways for those who can't speak, in the order in which the page lists them."""

CAUTIONS = {
    "police": _(
        "According to reports, the police have helped other states against people who had fled. "
        "Ask a lawyer before you call them, if you can."
    ),
    "state": _(
        "According to reports, the authorities put pressure on people abroad. "
        "If they do it to you, the police may be part of it: don't call them about it."
    ),
}
"""Where the police may be part of it: whose side they may be on, and what follows."""

LONGEST = 500
"""Characters of one entry."""

_NUMBERS = frozenset({"emergency", "text", "source", "checked"})
_CAUTION = frozenset({"caution", "reported"})
_COUNTRY_KEYS = _NUMBERS | _CAUTION | {"lines"}
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
    """Where to turn in one country, any part of which may be empty.

    `emergency` maps some of `SERVICES` to numbers, `text` some of `TEXT` to numbers or to the name of an app; `source`
    is who states both. `caution` is one of `CAUTIONS`, and `reported` who reports what it says. `checked` is the day on
    which all of that was last compared with who says it, if somebody did.
    """

    emergency: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    checked: date | None = None
    caution: str = ""
    reported: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def leads_on(self) -> bool:
        """Whether there is anything to turn to."""
        return bool(self.emergency or self.lines)


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
        tables[code] = _laid_over(tables.get(code, {}), table)
    return {code: _country(f"{own if code in added else FILE}: {code}", table) for code, table in tables.items()}


def _laid_over(below: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """A country of two files. What says who states it goes together with that: no source comes to another's numbers."""
    kept = below
    for together in (_NUMBERS, _CAUTION):
        if table.keys() & together:
            kept = {key: value for key, value in kept.items() if key not in together}
    return kept | table


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


def _country(where: str, table: dict[str, Any]) -> Country:
    if not table.keys() - {"checked"}:
        raise SettingError(f"{where} says nothing: it must have emergency, caution or lines")
    lines = table.get("lines", [])
    if not isinstance(lines, list):
        raise SettingError(f"{where}.lines must be a list: begin each with [[….lines]]")
    return Country(
        **_numbers(where, table),
        **_caution(where, table),
        checked=_day(f"{where}.checked", table.get("checked")),
        lines=tuple(_line(f"{where}.lines, number {place}", line) for place, line in enumerate(lines, 1)),
    )


def _numbers(where: str, table: dict[str, Any]) -> dict[str, Any]:
    if not table.keys() & {"emergency", "text", "source"}:
        return {}
    if not {"emergency", "source"} <= table.keys():
        raise SettingError(f"{where} must have emergency and source together: a source is that of the numbers")
    return {
        "emergency": _emergency(f"{where}.emergency", table["emergency"]),
        "text": _ways(f"{where}.text", table.get("text", {})),
        "source": _text(f"{where}.source", table["source"]),
    }


def _day(where: str, value: Any) -> date | None:
    # A moment is a date too, for Python.
    if value is not None and type(value) is not date:
        raise SettingError(f"{where} must be a day without quotes, such as 2026-11-27")
    return value


def _caution(where: str, table: dict[str, Any]) -> dict[str, Any]:
    if not table.keys() & _CAUTION:
        return {}
    if not table.keys() >= _CAUTION:
        raise SettingError(f"{where} must have caution and reported together: who reports what it warns of")
    if table["caution"] not in tuple(CAUTIONS):
        raise SettingError(f"{where}.caution must be one of: {', '.join(CAUTIONS)}")
    return {"caution": table["caution"], "reported": _text(f"{where}.reported", table["reported"])}


def _emergency(where: str, table: Any) -> dict[str, str]:
    _check_keys(where, table, SERVICES.keys())
    if not table:
        raise SettingError(f"{where} must have a number")
    return {service: _number(f"{where}.{service}", table[service]) for service in SERVICES if service in table}


def _ways(where: str, table: Any) -> dict[str, str]:
    _check_keys(where, table, TEXT.keys())
    read = {"app": _text}
    return {way: read.get(way, _number)(f"{where}.{way}", table[way]) for way in TEXT if way in table}


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
