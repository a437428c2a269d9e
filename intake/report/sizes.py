"""How large a file is, as people say it: alike for who sends one and for who reads it."""

from typing import Literal

Unit = Literal["bytes", "kB", "MB"]

_UNITS: tuple[tuple[int, Unit], ...] = ((1_000, "kB"), (1_000_000, "MB"))


def in_units(size: int) -> tuple[float, Unit]:
    """A size in bytes as a number and its unit: exact below a kilobyte, to a tenth of the unit from there on."""
    number: float = size
    unit: Unit = "bytes"
    for larger, its_unit in _UNITS:
        if number < 1_000:
            break
        number, unit = round(size / larger, 1), its_unit
    return number, unit
