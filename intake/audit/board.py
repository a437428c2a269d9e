"""The figures of a report for a board: what was read in some months, by whom, and what stood out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from intake.audit.standing import Standing, standing
from intake.audit.verified import VerifiedLog
from intake.findings.found import Finding, find
from intake.findings.record import Deed
from intake.findings.thresholds import Thresholds
from intake.protocol.actions import Action

PERIOD = 91
"""Days, where nothing else is said."""

_MOST_BARS = 26
MOST_LINES = 9
_MOST_FINDINGS = 7
"""Lines that have room on a page; of more the number is said."""

_WIDTH, _HEIGHT = 1000, 100
"""Of the picture, in its own units."""


class PeriodError(ValueError):
    """Days of which no report can be made, in words for whoever named them."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one reviewer did: reports opened, times fetched, things added, and how much of it stands out."""

    key: str
    is_active: bool
    opened: int
    fetched: int
    added: int
    days: int
    findings: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Some days in the picture: from which on, how many reports were opened, and where the bar stands."""

    first: date
    opened: int
    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Reports opened in time. `step`: the days of a bar; `most`: what the highest one stands for."""

    bars: Sequence[Bar]
    step: int
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True)
class Board:
    """A report from the day `since` to the day `until` (UTC), made at `made`. `more_`…: what has no room on it."""

    log: VerifiedLog
    standing: Standing
    since: date
    until: date
    made: datetime
    lines: Sequence[Line]
    more_lines: int
    picture: Picture
    opened: int
    reports: int
    exported: int
    found: Sequence[Finding]
    more_found: int
    answered: int
    kinds: Sequence[tuple[str, int]]


def make_board(log: VerifiedLog, limits: Thresholds, now: datetime, since: date | None, until: date | None) -> Board:
    """The figures of these days; by default the last 91 that the log knows of.

    `PeriodError` for days that have not come, and for an end before the beginning: what is empty would look like peace.
    """
    deeds = log.record.deeds
    known = deeds[-1].day if deeds else now.date()
    last = until or known
    first = since or last - timedelta(days=PERIOD - 1)
    if max(first, last) > max(known, now.date()):
        raise PeriodError(f"the days from {first} to {last} have not all come: a report is of days until {now.date()}")
    if first > last:
        raise PeriodError(f"{first} is after {last}: name the first day first")
    within = [deed for deed in deeds if first <= deed.day <= last]
    every = [each for each in find(log.record, log.roster, limits) if first <= each.at.date() <= last]
    opens = [deed for deed in within if deed.action is Action.OPEN]
    lines = sorted(_lines(log, within, every), key=lambda line: (-line.opened, -line.fetched, line.key))
    record = log.record
    # What nobody else has answered first.
    listed = sorted(every, key=lambda each: record.is_answered(each.id, each.who))
    return Board(
        log=log,
        standing=standing(log.witnessed, now),
        since=first,
        until=last,
        made=now,
        lines=lines[:MOST_LINES],
        more_lines=max(len(lines) - MOST_LINES, 0),
        picture=_picture(opens, first, last),
        opened=len(opens),
        reports=len({tip for deed in opens for tip in deed.tips}),
        exported=sum(deed.action is Action.EXPORT for deed in within),
        found=listed[:_MOST_FINDINGS],
        more_found=max(len(listed) - _MOST_FINDINGS, 0),
        answered=sum(record.is_answered(each.id, each.who) for each in every),
        kinds=Counter(each.kind.value for each in every).most_common(),
    )


def _lines(log: VerifiedLog, deeds: Sequence[Deed], every: Sequence[Finding]) -> list[Line]:
    """Of everybody who is a reviewer, or was and did something in these days."""
    own: dict[str, list[Deed]] = {}
    for deed in deeds:
        own.setdefault(deed.who, []).append(deed)
    asked = Counter(key for finding in every for key in finding.who)
    return [
        _line(member.card.key_id, member.until is None, own.get(member.card.key_id, []), asked[member.card.key_id])
        for member in log.roster.members
        if member.card.role.reads and (member.until is None or member.card.key_id in own)
    ]


def _line(key: str, is_active: bool, deeds: Sequence[Deed], findings: int) -> Line:
    counts = Counter(deed.action for deed in deeds)
    return Line(
        key,
        is_active,
        opened=len({tip for deed in deeds if deed.action is Action.OPEN for tip in deed.tips}),
        fetched=counts[Action.READ],
        added=counts[Action.ADD] + counts[Action.MAKE],
        days=len({deed.day for deed in deeds}),
        findings=findings,
    )


def _picture(opens: Sequence[Deed], first: date, last: date) -> Picture:
    days = (last - first).days + 1
    step = -(-days // _MOST_BARS)
    number = -(-days // step)
    counts = Counter((deed.day - first).days // step for deed in opens)
    most = max(counts.values(), default=1)
    width = _WIDTH // number
    bars = [
        Bar(
            first + timedelta(days=place * step),
            counts[place],
            place * width,
            width - 4,
            counts[place] * _HEIGHT // most,
        )
        for place in range(number)
    ]
    return Picture(bars, step, most)
