"""The numbers from which on something is a finding: shipped with their reasons, set otherwise in one's own file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

_FILE = "findings.toml"


class ThresholdError(ValueError):
    """A file sets what is no threshold, or sets one to what it can't be; in words for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What each is for stands in `findings.toml`. Minutes, hours, days, percent, or numbers of reports or reviewers."""

    much_reports: int
    much_minutes: int
    odd_days: int
    odd_percent: int
    revocation_hours: int
    idle_reports: int
    idle_days: int
    many_readers: int
    many_days: int
    export_hours: int
    deletion_hours: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A threshold as it is shipped: its name, its number, what it may be, and why it is what it is."""

    name: str
    number: int
    least: int
    most: int
    says: str


@cache
def explained() -> tuple[Explained, ...]:
    """All of them, in the order of the file."""
    tables = tomllib.loads(files(__package__).joinpath(_FILE).read_text("utf-8"))
    return tuple(
        Explained(name, table["is"], table["least"], table["most"], table["says"]) for name, table in tables.items()
    )


def shipped() -> Thresholds:
    """Those that hold unless somebody sets them otherwise."""
    return Thresholds(**{each.name: each.number for each in explained()})


def thresholds_of(text: str) -> Thresholds:
    """Those of a file (TOML, `name = number`), the shipped ones for what it doesn't set; `ThresholdError` by name."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThresholdError(f"this is no file of thresholds (TOML): {error}") from error
    known = {each.name: each for each in explained()}
    for name, number in given.items():
        if name not in known:
            raise ThresholdError(f"{name!a} is no threshold; there are {', '.join(known)}")
        _require(known[name], number)
    return Thresholds(**{**_numbers(shipped()), **given})


def _numbers(thresholds: Thresholds) -> Mapping[str, int]:
    return {field.name: getattr(thresholds, field.name) for field in fields(thresholds)}


def _require(threshold: Explained, number: Any) -> None:
    if type(number) is not int or not threshold.least <= number <= threshold.most:
        raise ThresholdError(f"{threshold.name} must be a whole number from {threshold.least} to {threshold.most}")
