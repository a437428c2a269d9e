"""The queue: the tips that fit what somebody chose, in the order that they chose, a page at a time."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import and_
from typing import Any

from intake.report.definition import Choice
from intake.report.told import Told
from intake.triage.book.facets import FacetIndex, Facets, Places
from intake.triage.book.search import Query
from intake.triage.book.search import index as words
from intake.triage.book.traits import UNREAD, traits
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Ahead, Standing, held

PAGE = 50
"""Tips on a page."""

COLUMNS = ("urgency", "detained_now", "missing_now", "host_country", "origin_state")
"""Keys of the form's closed questions whose answers the queue shows."""

_ORDERS = {
    "urgency": "rank, day DESC, tip",
    "day": "day DESC, rank, tip",
    "due": "due = '', due, rank, tip",
    "active": "active DESC, tip",
    "unanswered": "unanswered = '', unanswered, rank, tip",
}
ORDERS = tuple(_ORDERS)
"""What tips can be sorted by."""

_INDEXES = "".join(f"CREATE INDEX by_{name} ON queue ({columns});\n" for name, columns in _ORDERS.items())
SCHEMA = f"""
CREATE TABLE queue (
    place INTEGER PRIMARY KEY,
    tip TEXT NOT NULL UNIQUE,
    day TEXT NOT NULL,
    rank INTEGER NOT NULL,
    due TEXT NOT NULL, -- the earliest day by which something has to happen
    active TEXT NOT NULL, -- the latest day on which anybody wrote
    unanswered TEXT NOT NULL, -- the day of the source's first message that nobody has answered
    shown TEXT NOT NULL,
    held BLOB NOT NULL -- digest of what it holds, to be told from what it held when it was looked at
);
{_INDEXES}"""

_URGENT = ("now", "within_72h", "ongoing")
_OVER = "past"
_BEGINNING = 100
"""Characters of a narrative that are kept for the queue: some more than it shows, so that it can say that there are."""

_ROW = "SELECT tip, day, due, active, unanswered, shown FROM queue WHERE place = ?"
_PUT = """
INSERT INTO queue (tip, day, rank, due, active, unanswered, shown, held)
VALUES (:tip, :day, :rank, :due, :active, :unanswered, :shown, :held)
ON CONFLICT (tip) DO UPDATE SET (day, rank, due, active, unanswered, shown, held)
    = (:day, :rank, :due, :active, :unanswered, :shown, :held)
RETURNING place
"""


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A tip in the queue. Days in ISO 8601, empty where there is none; `warnings`: how many.

    `told`: by the keys of `COLUMNS`, the answers. `assigned`: ids of keys; `labels`: ids of labels; `unread`: as the
    trait of that name; `restricted`: to whom it is, in words, or empty.
    """

    tip: str
    day: str
    due: str
    active: str
    unanswered: str
    told: Mapping[str, Told[Choice]]
    status: str
    assigned: Sequence[str]
    labels: Sequence[str]
    beginning: str
    warnings: int
    unread: str
    restricted: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see: of each field any of those `chosen`; `due`: by this day, if any; in which order.

    `quiet`: only those that nobody has written to since before this day, if any. `text`: what the search has to find in
    it, if anything.
    """

    chosen: Facets = field(default_factory=dict)
    due: str = ""
    quiet: str = ""
    text: Query | None = None
    order: str = "urgency"


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One page of the queue, counted from 1; how many `pages` there are, and how many tips on all of them.

    `counts`: by field, each choice that occurs, and how many tips have it among those that fit all other fields.
    """

    rows: Sequence[Row]
    number: int
    pages: int
    tips: int
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The tips before and after one in the queue; empty where there is none."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Placed:
    """Where a tip was put, the digest of what it holds, and what it is found by."""

    place: int
    held: bytes
    traits: Facets


def read_page(database: sqlite3.Connection, index: FacetIndex, wanted: Wanted, number: int) -> Page:
    """The tips that fit, and what they can be narrowed down by. After the last page comes none."""
    among = _among(database, index, wanted)
    fitting = index.fitting(wanted.chosen, among=among)
    pages = max(-(-len(fitting) // PAGE), 1)
    number = min(max(number, 1), pages)
    places = islice(_in_order(database, fitting, wanted.order), (number - 1) * PAGE, number * PAGE)
    rows = [_row(database, index, each) for each in list(places)]
    return Page(rows, number, pages, len(fitting), index.counts(wanted.chosen, among=among))


def read_fitting(database: sqlite3.Connection, index: FacetIndex, wanted: Wanted) -> set[str]:
    """All tips that fit."""
    fits = index.fitting(wanted.chosen, among=_among(database, index, wanted)).digits()
    rows = database.execute("SELECT place, tip FROM queue")
    return {str(tip) for place, tip in rows if place < len(fits) and fits[place] == "1"}


def read_neighbours(database: sqlite3.Connection, index: FacetIndex, wanted: Wanted, tip: str) -> Neighbours:
    """The tips before and after one, of those that fit; its own place is where it would stand if it fitted.

    So that whoever has just changed what it is narrowed down by goes on from there.
    """
    own = place(database, tip)
    if own is None:
        return Neighbours()
    fitting = index.fitting(wanted.chosen, among=_among(database, index, wanted))
    before, places = None, _in_order(database, fitting | Places.of((own,)), wanted.order)
    for each in places:
        if each == own:
            break
        before = each
    after = next(places, None)
    return Neighbours(*("" if each is None else _row(database, index, each).tip for each in (before, after)))


def place(database: sqlite3.Connection, tip: str) -> int | None:
    """Where a tip stands, by which the index of words and the facets know it."""
    found = database.execute("SELECT place FROM queue WHERE tip = ?", (tip,)).fetchone()
    return None if found is None else int(found[0])


def write_row(database: sqlite3.Connection, tip: OpenTip, standing: Standing, ahead: Ahead) -> Placed:
    """Put a tip in its place, the one it has or a new one. `standing`: with what is `ahead` of it."""
    told = {key: told for key in COLUMNS if (told := tip.account.once.get(key)) and isinstance(told.value, str)}
    urgency = str(told["urgency"].value) if "urgency" in told else ""
    unanswered = "" if ahead.answers else tip.unanswered
    shown = {
        "told": {key: (each.form, each.value) for key, each in told.items()},
        "status": standing.status,
        "assigned": standing.assigned,
        "labels": standing.labels,
        "beginning": tip.narrative[:_BEGINNING],
        "warnings": len(tip.warnings),
        "restricted": "" if tip.restriction is None else tip.restriction.says,
    }
    digest = held(tip.items | ahead.items)
    values = {
        "tip": tip.id,
        "day": tip.day,
        "rank": _rank(urgency),
        "due": min((due.day for due in standing.due), default=""),
        "active": tip.active,
        "unanswered": unanswered,
        "shown": json.dumps(shown),
        "held": digest,
    }
    (place,) = database.execute(_PUT, values).fetchone()
    return Placed(place, digest, traits(tip, standing, is_unanswered=bool(unanswered)))


def _rank(urgency: str) -> int:
    """How soon it presses, the least first: what nobody said may press more than what is over."""
    return _URGENT.index(urgency) if urgency in _URGENT else len(_URGENT) + (urgency == _OVER)


def read_held(database: sqlite3.Connection, tips: Iterable[str]) -> list[tuple[str, int, bytes]]:
    """By tip, its place and the digest of what it holds: of those of these that are there."""
    these = json.dumps(list(tips))
    query = "SELECT tip, place, held FROM queue WHERE tip IN (SELECT value FROM json_each(?))"
    return database.execute(query, (these,)).fetchall()


def remove_row(database: sqlite3.Connection, tip: str) -> int | None:
    """Take a tip out; returns the place that it had, if it was there."""
    found = database.execute("DELETE FROM queue WHERE tip = ? RETURNING place", (tip,)).fetchall()
    return found[0][0] if found else None


def _among(database: sqlite3.Connection, index: FacetIndex, wanted: Wanted) -> Places | None:
    """The places that days or words narrow it down to; None if neither does."""
    among = [_due(database, wanted.due)] if wanted.due else []
    if wanted.quiet:
        among.append(_quiet(database, wanted.quiet))
    if wanted.text is not None and not wanted.text.is_empty:
        among.append(words.places(database, index, wanted.text))
    return reduce(and_, among) if among else None


def _due(database: sqlite3.Connection, day: str) -> Places:
    due = database.execute("SELECT place FROM queue WHERE due <> '' AND due <= ?", (day,))
    return Places.of(place for (place,) in due)


def _quiet(database: sqlite3.Connection, day: str) -> Places:
    quiet = database.execute("SELECT place FROM queue WHERE active < ?", (day,))
    return Places.of(place for (place,) in quiet)


def _in_order(database: sqlite3.Connection, fitting: Places, order: str) -> Iterator[int]:
    fits = fitting.digits()
    for (place,) in database.execute(f"SELECT place FROM queue ORDER BY {_ORDERS[order]}"):  # noqa: S608 - ours
        if place < len(fits) and fits[place] == "1":
            yield place


def _row(database: sqlite3.Connection, index: FacetIndex, place: int) -> Row:
    tip, day, due, active, unanswered, shown = database.execute(_ROW, (place,)).fetchone()
    values: dict[str, Any] = json.loads(shown)
    values["told"] = {key: Told(form, value) for key, (form, value) in values["told"].items()}
    values["unread"] = next(iter(index.of(place, UNREAD)), "")
    return Row(tip=tip, day=day, due=due, active=active, unanswered=unanswered, **values)
