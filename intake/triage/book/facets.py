"""What tips can be narrowed down by: for each choice, the places of the tips that it fits, a bit each.

Counting the choices under a filter is then a few operations on numbers, however many tips there are.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

SCHEMA = """
CREATE TABLE facet (field TEXT, choice TEXT, places BLOB NOT NULL, PRIMARY KEY (field, choice)) WITHOUT ROWID;
"""

_ONE = ord("1")

Facets = Mapping[str, Collection[str]]
"""By field, the choices that fit a tip, or that tips are narrowed down by: any one of those of each field."""


class Places:
    """A set of places, as the number whose bits they are."""

    def __init__(self, bits: int) -> None:
        self._bits = bits

    @classmethod
    def of(cls, places: Iterable[int]) -> "Places":
        """The set of these."""
        # A digit each, which is quicker to set than a bit.
        of_these = list(places)
        digits = bytearray(b"0") * (max(of_these, default=0) + 1)
        for place in of_these:
            digits[place] = _ONE
        digits.reverse()
        return cls(int(digits, 2))

    @classmethod
    def any_of(cls, sets: Iterable[bytearray]) -> "Places":
        """What is in any of these, each as `data` gives it."""
        bits = 0
        for data in sets:
            bits |= int.from_bytes(data, "little")
        return cls(bits)

    def __contains__(self, place: int) -> bool:
        return bool(self._bits >> place & 1)

    def __iter__(self) -> Iterator[int]:
        return (place for place, digit in enumerate(self.digits()) if digit == "1")

    def __and__(self, other: "Places") -> "Places":
        return Places(self._bits & other._bits)

    def __or__(self, other: "Places") -> "Places":
        return Places(self._bits | other._bits)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def digits(self) -> str:
        """For each place up to the last one, "1" if it is in the set: what many are asked of one after the other."""
        return f"{self._bits:b}"[::-1]

    def data(self) -> bytes:
        """The set as bytes: the lowest bit of the first is place 0."""
        return self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")


class FacetIndex:
    """The places of tips by field and choice. Whoever holds the book's lock may use it."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, bytearray]] = {}
        self._all = bytearray()

    def put(self, place: int, facets: Facets) -> None:
        """Let a place have these choices and no others."""
        # A new one has none that would have to go.
        for field in self._places if _has(self._all, place) else ():
            self._clear(place, field)
        for field, chosen in facets.items():
            self._set(place, field, chosen)
        _set(self._all, place)

    def mark(self, place: int, field: str, chosen: Collection[str]) -> None:
        """Let a place have these choices of one field."""
        self._clear(place, field)
        self._set(place, field, chosen)

    def choose(self, field: str, choice: str, places: Places) -> None:
        """Let just these places have a choice of a field."""
        self._places.setdefault(field, {})[choice] = bytearray(places.data())

    def of(self, place: int, field: str) -> list[str]:
        """The choices of a field that a place has."""
        return [choice for choice, data in self._places.get(field, {}).items() if _has(data, place)]

    def choices(self, field: str) -> list[str]:
        """The choices of a field that any place has."""
        return [choice for choice, data in self._places.get(field, {}).items() if any(data)]

    def remove(self, place: int) -> None:
        """Forget a place."""
        self.put(place, {})
        _clear(self._all, place)

    def fitting(self, chosen: Facets, *, but: str = "", among: Places | None = None) -> Places:
        """The places that fit what is chosen of every field but one, if they are among those given."""
        fitting = Places(int.from_bytes(self._all, "little"))
        for field, choices in chosen.items():
            if choices and field != but:
                known = self._places.get(field, {})
                fitting &= Places.any_of(known[choice] for choice in choices if choice in known)
        return fitting if among is None else fitting & among

    def counts(self, chosen: Facets, *, among: Places | None = None) -> dict[str, dict[str, int]]:
        """By field, each choice that occurs, and how many tips have it among those that fit all other fields."""
        every = self.fitting(chosen, among=among)
        counted: dict[str, dict[str, int]] = {}
        for field, choices in self._places.items():
            fitting = self.fitting(chosen, but=field, among=among) if chosen.get(field) else every
            counted[field] = {
                choice: len(fitting & Places.any_of([data])) for choice, data in choices.items() if any(data)
            }
        return counted

    def keep(self, database: sqlite3.Connection) -> None:
        """Write all of it into the database."""
        database.execute("DELETE FROM facet")
        rows = [("", "", bytes(self._all))]
        for field, choices in self._places.items():
            rows += [(field, choice, bytes(data)) for choice, data in choices.items() if any(data)]
        database.executemany("INSERT INTO facet VALUES (?, ?, ?)", rows)

    def _clear(self, place: int, field: str) -> None:
        for data in self._places.get(field, {}).values():
            _clear(data, place)

    def _set(self, place: int, field: str, chosen: Collection[str]) -> None:
        choices = self._places.setdefault(field, {})
        for choice in chosen:
            _set(choices.setdefault(choice, bytearray()), place)

    @classmethod
    def recall(cls, database: sqlite3.Connection) -> "FacetIndex":
        """What `keep` wrote."""
        index = cls()
        for field, choice, data in database.execute("SELECT field, choice, places FROM facet"):
            if field:
                index._places.setdefault(field, {})[choice] = bytearray(data)
            else:
                index._all = bytearray(data)
        return index


def _set(data: bytearray, place: int) -> None:
    if place >> 3 >= len(data):
        data.extend(bytes((place >> 3) + 1 - len(data)))
    data[place >> 3] |= 1 << (place & 7)


def _has(data: bytes | bytearray, place: int) -> bool:
    return place >> 3 < len(data) and bool(data[place >> 3] >> (place & 7) & 1)


def _clear(data: bytearray, place: int) -> None:
    if place >> 3 < len(data):
        data[place >> 3] &= ~(1 << (place & 7))
