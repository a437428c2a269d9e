"""The queue: the tips that fit what somebody chose, the urgent and the newest first, a page at a time."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from intake.report.definition import Choice
from intake.report.told import Told
from intake.triage.reading.opening import OpenTip

PAGE = 50
"""Tips on a page."""

FILTERS = ("urgency", "detained_now", "host_country", "origin_state")
"""Keys of the form's closed questions that the queue can be narrowed by, beside `status`: where a tip stands."""

SCHEMA = """
CREATE TABLE queue (
    tip TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    rank INTEGER NOT NULL,
    urgency TEXT NOT NULL,
    detained_now TEXT NOT NULL,
    host_country TEXT NOT NULL,
    origin_state TEXT NOT NULL,
    forms TEXT NOT NULL,
    status TEXT NOT NULL,
    proven TEXT NOT NULL, -- the status that the log has; the other one may still be on its way there
    beginning TEXT NOT NULL,
    warnings INTEGER NOT NULL
);
-- All that a page is chosen and counted by, in its order: no row is touched that isn't shown.
CREATE INDEX in_order ON queue
    (rank, day DESC, tip, urgency, detained_now, host_country, origin_state, status);
CREATE INDEX ahead ON queue (tip) WHERE status <> proven;
CREATE TABLE tally (field TEXT, choice TEXT, tips INTEGER NOT NULL, PRIMARY KEY (field, choice)) WITHOUT ROWID;
CREATE TRIGGER counted AFTER INSERT ON queue BEGIN
    INSERT INTO tally VALUES
        ('urgency', NEW.urgency, 1), ('detained_now', NEW.detained_now, 1), ('host_country', NEW.host_country, 1),
        ('origin_state', NEW.origin_state, 1), ('status', NEW.status, 1)
    ON CONFLICT DO UPDATE SET tips = tips + 1;
END;
CREATE TRIGGER recounted AFTER UPDATE OF status ON queue BEGIN
    UPDATE tally SET tips = tips - 1 WHERE (field, choice) = ('status', OLD.status);
    INSERT INTO tally VALUES ('status', NEW.status, 1) ON CONFLICT DO UPDATE SET tips = tips + 1;
    DELETE FROM tally WHERE tips = 0;
END;
CREATE TRIGGER uncounted AFTER DELETE ON queue BEGIN
    UPDATE tally SET tips = tips - 1 WHERE (field, choice) IN (VALUES
        ('urgency', OLD.urgency), ('detained_now', OLD.detained_now), ('host_country', OLD.host_country),
        ('origin_state', OLD.origin_state), ('status', OLD.status));
    DELETE FROM tally WHERE tips = 0;
END;
"""

_URGENT = ("now", "within_72h", "ongoing", "past")
_BEGINNING = 100
"""Characters of a narrative that are kept for the queue: some more than it shows, so that it can say that there are."""

_ROWS = """
    FROM queue WHERE (:urgency = '' OR urgency = :urgency) AND (:detained_now = '' OR detained_now = :detained_now)
    AND (:host_country = '' OR host_country = :host_country) AND (:origin_state = '' OR origin_state = :origin_state)
    AND (:status = '' OR status = :status)
"""
_COUNT = "SELECT count(*)" + _ROWS
_PAGE = (
    "SELECT tip, day, urgency, detained_now, host_country, origin_state, forms, status, beginning, warnings"
    + _ROWS
    + "ORDER BY rank, day DESC, tip LIMIT :rows OFFSET :before"
)


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A tip in the queue. Answers are keys of the form, empty where there is none; `warnings`: how many.

    `forms`: the versions of the form that the answers were given to, in the order of `FILTERS`.
    """

    tip: str
    day: str
    urgency: str
    detained_now: str
    host_country: str
    origin_state: str
    forms: str
    status: str
    beginning: str
    warnings: int

    @property
    def told(self) -> dict[str, Told[Choice]]:
        """The answers that the queue shows, by key."""
        forms = zip(FILTERS, self.forms.split(), strict=True)
        return {key: Told(int(form), value) for key, form in forms if (value := getattr(self, key))}


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One page of the queue, counted from 1; how many `pages` there are, and how many tips on all of them."""

    rows: Sequence[Row]
    number: int
    pages: int
    tips: int


def read_page(database: sqlite3.Connection, chosen: Mapping[str, str], number: int) -> Page:
    """The tips that fit: a filter that is not among those `chosen` fits all. After the last page comes none."""
    values = {key: chosen.get(key, "") for key in (*FILTERS, "status")}
    (tips,) = database.execute(_COUNT, values).fetchone()
    pages = max(-(-tips // PAGE), 1)
    number = min(max(number, 1), pages)
    found = database.execute(_PAGE, {**values, "rows": PAGE, "before": (number - 1) * PAGE})
    return Page([Row(*row) for row in found], number, pages, tips)


def read_choices(database: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """By filter, each choice that occurs, and of how many tips."""
    counted: dict[str, dict[str, int]] = {key: {} for key in (*FILTERS, "status")}
    for field, choice, tips in database.execute("SELECT field, choice, tips FROM tally WHERE choice <> ''"):
        counted[field][choice] = tips
    return counted


def show_statuses(database: sqlite3.Connection, statuses: Mapping[str, str]) -> None:
    """Let these tips have these statuses, and all others those that the log has."""
    changed = database.execute("SELECT tip FROM queue WHERE status <> proven").fetchall()
    back = [(tip,) for (tip,) in changed if tip not in statuses]
    database.executemany("UPDATE queue SET status = proven WHERE tip = ?", back)
    values = [(status, tip, status) for tip, status in statuses.items()]
    database.executemany("UPDATE queue SET status = ? WHERE tip = ? AND status <> ?", values)


def write_row(database: sqlite3.Connection, tip: OpenTip) -> None:
    """Put a tip in its place, which must be empty."""
    none: Told[Choice] = Told(0, "")
    told = [tip.account.once.get(key, none) for key in FILTERS]
    choices = [each.value if isinstance(each.value, str) else "" for each in told]
    forms = " ".join(str(each.form) for each in told)
    rank = _URGENT.index(choices[0]) if choices[0] in _URGENT else len(_URGENT)
    shown = (forms, tip.status, tip.status, tip.narrative[:_BEGINNING], len(tip.warnings))
    values = (tip.id, tip.day, rank, *choices, *shown)
    database.execute("INSERT INTO queue VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
