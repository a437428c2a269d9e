"""The register of referrals: what was handed on, of all tips, a page at a time."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intake.report.events import Referral
from intake.triage.reading.casework import Referred, referrals
from intake.triage.reading.consents import grounds
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import Standing

PAGE = 50
"""Referrals on a page."""

UNCHECKED, OPEN, UNTOLD, TOLD = "unchecked", "open", "untold", "told"
"""Where a referral stands: without a second reviewer's harm check; without an answer; answered, and the source does not
know; and all done."""

UNALLOWED, LATE = "unallowed", "late"
"""What may be so beside that: the source has not agreed to it, or not any more; an answer was due before today."""

_BESIDE = {UNALLOWED: "(NOT allowed)", LATE: "(due <> '' AND due < :today)"}

_ORDERS = {
    "pressing": "state <> 'unchecked' AND allowed, due = '', due, registered DESC, tip, referral",
    "due": "due = '', due, registered DESC, tip, referral",
    "newest": "registered DESC, tip, referral",
    "name": "name COLLATE NOCASE, registered DESC, tip, referral",
}
ORDERS = tuple(_ORDERS)
"""What referrals can be sorted by."""

SCHEMA = """
CREATE TABLE referral (
    tip TEXT, referral TEXT,
    kind TEXT NOT NULL, -- to whom
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    allowed INTEGER NOT NULL, -- whether the source agrees
    due TEXT NOT NULL, -- the day by which an answer is due; empty where there is one
    registered TEXT NOT NULL,
    shown TEXT NOT NULL,
    PRIMARY KEY (tip, referral)
) WITHOUT ROWID;
"""

_LONGEST = 300
"""Characters of a text that are kept for the register; all of it stands in the report."""

_PUT = "INSERT INTO referral VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which referrals somebody wants to see: of any of these kinds and states, in which order; `today`: which day is.

    None named are all.
    """

    today: str
    kinds: Sequence[str] = ()
    states: Sequence[str] = ()
    order: str = "pressing"


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """A referral in the register, its texts no longer than a line or two.

    `day`: of the tip's arrival; `allows`: what the source says of the consent now, as a key; `asked`: the words of what
    it was asked in particular, if that is the consent; `is_allowed`: it agrees, on the `condition` if there is one;
    `by`: who registered it, empty while that is on its way from here; `checks`: each name with the decision.
    """

    tip: str
    day: str
    state: str
    is_late: bool
    by: str
    to_kind: str
    to_name: str
    consent: str
    allows: str
    asked: str
    is_allowed: bool
    condition: str
    handed: str
    reference: str
    answer_due: str
    outcome: str
    told: str
    checks: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, repr=False)
class RegisterPage:
    """One page, counted from 1; how many `pages` and `referrals` there are; how many of each kind and state in all."""

    rows: Sequence[Registered]
    number: int
    pages: int
    referrals: int
    kinds: Mapping[str, int]
    states: Mapping[str, int]


def write(database: sqlite3.Connection, tip: OpenTip, standing: Standing) -> None:
    """Put the referrals of a tip in, in the place of those that it had. `standing`: with what is on its way."""
    database.execute("DELETE FROM referral WHERE tip = ?", (tip.id,))
    database.executemany(_PUT, (_values(tip, referred) for referred in _referrals(tip, standing)))


def _referrals(tip: OpenTip, standing: Standing) -> list[Referred]:
    return referrals(standing, grounds(tip, standing))


def read_page(database: sqlite3.Connection, sought: Sought, number: int) -> RegisterPage:
    """The referrals that are sought. After the last page comes none."""
    where, values = _where(sought)
    (count,) = database.execute(f"SELECT count(*) FROM referral {where}", values).fetchone()  # noqa: S608 - ours
    pages = max(-(-count // PAGE), 1)
    number = min(max(number, 1), pages)
    rows = database.execute(
        f"SELECT tip, state, {_BESIDE[LATE]}, shown FROM referral {where} "  # noqa: S608 - ours
        f"ORDER BY {_ORDERS[sought.order]} LIMIT {PAGE} OFFSET :after",
        {**values, "after": (number - 1) * PAGE},
    ).fetchall()
    return RegisterPage(
        [
            Registered(tip=tip, state=state, is_late=bool(is_late), **json.loads(shown))
            for tip, state, is_late, shown in rows
        ],
        number,
        pages,
        count,
        dict(database.execute("SELECT kind, count(*) FROM referral GROUP BY kind")),
        dict(_states(database, sought.today)),
    )


def _states(database: sqlite3.Connection, today: str) -> Iterator[tuple[str, int]]:
    yield from database.execute("SELECT state, count(*) FROM referral GROUP BY state")
    for state, condition in _BESIDE.items():
        counted = database.execute(f"SELECT count(*) FROM referral WHERE {condition}", {"today": today})  # noqa: S608 - ours
        yield state, counted.fetchone()[0]


def _where(sought: Sought) -> tuple[str, dict[str, Any]]:
    values = {"today": sought.today, "kinds": json.dumps(list(sought.kinds)), "states": json.dumps(list(sought.states))}
    conditions = []
    if sought.kinds:
        conditions.append("kind IN (SELECT value FROM json_each(:kinds))")
    if sought.states:
        beside = [condition for state, condition in _BESIDE.items() if state in sought.states]
        conditions.append(f"({' OR '.join(['state IN (SELECT value FROM json_each(:states))', *beside])})")  # noqa: S608 - ours
    return ("WHERE " + " AND ".join(conditions) if conditions else "", values)


def _values(tip: OpenTip, referred: Referred) -> tuple[str | bool, ...]:
    referral, ground, first = referred.referral, referred.ground, referred.registered.history[0]
    told = tip.account.once.get(referral.consent)
    on_the_form = told.value if told and isinstance(told.value, str) else ""
    shown = {
        "day": tip.day,
        "by": first.author.name if first.author else "",
        "allows": ground.state if ground.is_asked else on_the_form,
        "asked": _short(ground.words) if ground.is_asked else "",
        "is_allowed": ground.allows,
        "condition": _short(ground.condition) if ground.allows else "",
        "checks": [
            (change.author.name if change.author else "", getattr(change.event, "decision", ""))
            for change in referred.checks
        ],
        **{name: _short(value) for name, value in referral.says().items() if name != Referral.names},
    }
    registered = first.author.at.isoformat() if first.author else _ON_ITS_WAY
    due = "" if referral.outcome else referral.answer_due
    name, state = _short(referral.to_name), _state(referred)
    return tip.id, referral.referral, referral.to_kind, name, state, ground.allows, due, registered, json.dumps(shown)


_ON_ITS_WAY = "9999"
"""Stands after every time that the log knows."""


def _state(referred: Referred) -> str:
    if not referred.is_checked:
        return UNCHECKED
    if not referred.referral.outcome:
        return OPEN
    return TOLD if referred.referral.told else UNTOLD


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
