"""Findings: what of a verified log stands out. No finding says that somebody did wrong; each asks for an answer.

Each finder is a function of the record, of who was a member, and of the thresholds alone. What it found it finds again
in every longer log, under the same id: what was answered stays answered, and nothing more counts as answered with it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from intake.findings.record import Deed, Record
from intake.findings.thresholds import Thresholds
from intake.protocol.actions import Action
from intake.protocol.approvals import LASTS
from intake.protocol.roster import Roster

_HOURS = 24
_READS = frozenset({Action.READ, Action.OPEN})


class Kind(StrEnum):
    """Why something stands out."""

    MUCH = "much_read"
    ODD = "odd_hour"
    REVOCATION = "before_revocation"
    RETURNED = "name_came_back"
    IDLE = "never_worked_on"
    MANY = "read_by_many"
    EXPORT = "before_export"
    UNAPPROVED = "left_unapproved"
    DELETION = "before_deletion"
    RESTORE = "restore"
    SOFTWARE = "software_changed"
    CLOCK = "clock_set_back"


TITLES: Mapping[Kind, str] = {
    Kind.MUCH: "Much read in a short time",
    Kind.ODD: "At an hour that is odd for them",
    Kind.REVOCATION: "Just before they were revoked",
    Kind.RETURNED: "A name came back with another key",
    Kind.IDLE: "Read, but never worked on",
    Kind.MANY: "One report, read by many",
    Kind.EXPORT: "Opened just before they exported it",
    Kind.UNAPPROVED: "Left without a lead's approval",
    Kind.DELETION: "Opened just before it was deleted",
    Kind.RESTORE: "A copy was put back",
    Kind.SOFTWARE: "The server's software changed",
    Kind.CLOCK: "The server's clock was set back",
}
"""In words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands out, and the entries that it rests on (their places), the last of them of the time `at` (UTC).

    `who`: the key ids of those whom it is about; `tips`: the reports, by id; `says`: what they did, after their names.
    """

    kind: Kind
    at: datetime
    places: tuple[int, ...]
    who: tuple[str, ...]
    tips: tuple[str, ...]
    says: str

    @property
    def id(self) -> str:
        """32 hex digits, the same for the same entries whatever comes after them."""
        named = "\n".join((self.kind, *map(str, self.places), *self.who))
        return hashlib.sha256(named.encode()).hexdigest()[:32]


def find(record: Record, roster: Roster, thresholds: Thresholds) -> list[Finding]:
    """All findings, the newest first."""
    found = [finding for finder in _FINDERS for finding in finder(record, roster, thresholds)]
    return sorted(found, key=lambda finding: (finding.at, finding.id), reverse=True)


def _much(record: Record, _roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    """Windows of opens, which begin anew after each finding."""
    windows: dict[str, dict[str, Deed]] = defaultdict(dict)
    span = timedelta(minutes=limits.much_minutes)
    for deed in _opens(record):
        window = windows[deed.who]
        for tip in [tip for tip, earlier in window.items() if deed.at - earlier.at > span]:
            del window[tip]
        window.setdefault(deed.tips[0], deed)
        if len(window) == limits.much_reports:
            took = deed.at - next(iter(window.values())).at
            says = f"opened {len(window)} reports within {_minutes(took)}"
            yield _finding(Kind.MUCH, window.values(), says, (deed.who,))
            window.clear()


class _Habits:
    """On how many days somebody did something near each hour of the day, the day that is under way left out."""

    def __init__(self) -> None:
        self.days = 0
        self.is_noted = False
        """Whether something was found on the day that is under way."""
        self._near = [0] * _HOURS
        self._day: date | None = None
        self._hours: set[int] = set()

    def at(self, when: datetime) -> int:
        """On how many days before something was done within an hour of this one; it is done now, too."""
        if when.date() != self._day:
            self._end()
            self._day = when.date()
        self._hours.add(when.hour)
        return self._near[when.hour]

    def _end(self) -> None:
        for hour in {(hour + off) % _HOURS for hour in self._hours for off in (-1, 0, 1)}:
            self._near[hour] += 1
        self.days += bool(self._hours)
        self.is_noted = False
        self._hours.clear()


def _odd(record: Record, _roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    """Hours by UTC: the log knows of no zones, and a shift of an hour in summer is within what is near."""
    habits: dict[str, _Habits] = defaultdict(_Habits)
    for deed in record.deeds:
        own = habits[deed.who]
        days_near = own.at(deed.at)
        if deed.action not in _READS or own.is_noted or own.days < limits.odd_days:
            continue
        if days_near * 100 < limits.odd_percent * own.days:
            own.is_noted = True
            says = (
                f"read at {deed.at:%H:%M} UTC; on {days_near} of {own.days} days before they did anything "
                "within an hour of that"
            )
            yield _finding(Kind.ODD, [deed], says, (deed.who,))


def _before_revocation(record: Record, roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    span = timedelta(hours=limits.revocation_hours)
    until = {member.card.key_id: member.until for member in roster.members if member.until is not None}
    read: dict[str, list[Deed]] = defaultdict(list)
    for deed in record.deeds:
        end = until.get(deed.who)
        if end is not None and deed.action in _READS and end - span <= deed.at:
            read[deed.who].append(deed)
    for who, deeds in read.items():
        opened = {tip for deed in deeds if deed.action is Action.OPEN for tip in deed.tips}
        fetched = sum(deed.action is Action.READ for deed in deeds)
        times = "once" if fetched == 1 else f"{fetched} times"
        says = f"opened {_reports(len(opened))} and fetched {times} in the {limits.revocation_hours} hours before"
        yield _finding(Kind.REVOCATION, deeds, says, (who,))


def _returned(_record: Record, roster: Roster, _limits: Thresholds) -> Iterator[Finding]:
    """From the roster, which holds whoever was ever enrolled."""
    gone: dict[str, str] = {}
    for member in roster.members:
        key, name = member.card.key_id, member.card.name
        if name in gone:
            says = f"has the name of a member whose key {gone[name]} was revoked"
            yield Finding(Kind.RETURNED, member.since, (), (key,), (), says)
        gone[name] = key


def _idle(record: Record, _roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    """By member: reports that they opened and did nothing about in time, so many at a time."""
    waiting: dict[tuple[str, str], Deed] = {}
    idle: dict[str, list[Deed]] = defaultdict(list)
    settled: set[tuple[str, str]] = set()
    replied: set[tuple[str, str]] = set()
    span = timedelta(days=limits.idle_days)
    for deed in record.deeds:
        while waiting and deed.at - (first := next(iter(waiting.values()))).at > span:
            late = idle[first.who]
            late.append(first)
            del waiting[first.who, first.tips[0]]
            if len(late) == limits.idle_reports:
                says = f"opened {_reports(len(late))} and did nothing about them within {limits.idle_days} days"
                yield _finding(Kind.IDLE, late, says, (first.who,))
                late.clear()
        for tip in deed.tips:
            pair = deed.who, tip
            if deed.action is Action.OPEN and pair not in settled:
                settled.add(pair)
                waiting[pair] = deed
            elif _is_work(deed, pair in replied):
                settled.add(pair)
                waiting.pop(pair, None)
            if deed.is_reply:
                replied.add(pair)


_WORK = frozenset(
    {
        Action.ADD,
        Action.MAKE,
        Action.TAKE_BACK,
        Action.EXPORT,
        Action.REFER,
        Action.APPROVE,
        Action.PROPOSE,
        Action.SECOND,
        Action.STOP,
    }
)
"""What a person does about a report. A purge receipt is their program's."""


def _is_work(deed: Deed, has_replied: bool) -> bool:
    """Whether it is something that a person did about a report. The first reply may be the program's own."""
    if deed.action is Action.ADD and deed.is_reply:
        return has_replied
    return deed.action in _WORK


def _many(record: Record, _roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    readers: dict[str, dict[str, Deed]] = defaultdict(dict)
    span = timedelta(days=limits.many_days)
    for deed in _opens(record):
        (tip,) = deed.tips
        own = readers[tip]
        for who in [who for who, earlier in own.items() if deed.at - earlier.at > span]:
            del own[who]
        own[deed.who] = deed
        if len(own) == limits.many_readers:
            says = f"opened the same report within {limits.many_days} days"
            yield _finding(Kind.MANY, own.values(), says, tuple(own))
            own.clear()


_ENDS: Mapping[Action, Kind] = {
    Action.EXPORT: Kind.EXPORT,
    Action.DELETE: Kind.DELETION,
    Action.EXPIRE: Kind.DELETION,
}
"""What happens to a report that makes looks just before it stand out, and as what."""


def _before_ends(record: Record, _roster: Roster, limits: Thresholds) -> Iterator[Finding]:
    hours = {Kind.EXPORT: limits.export_hours, Kind.DELETION: limits.deletion_hours}
    opened: dict[str, list[Deed]] = defaultdict(list)
    for deed in record.deeds:
        if deed.action is Action.OPEN:
            opened[deed.tips[0]].append(deed)
        elif (kind := _ENDS.get(deed.action)) is not None:
            since = deed.at - timedelta(hours=hours[kind])
            for tip in deed.tips:
                looks = opened[tip] if kind is Kind.DELETION else _first(opened[tip], deed.who)
                if recent := [look for look in looks if since <= look.at]:
                    who = tuple(dict.fromkeys(look.who for look in recent))
                    says = f"opened a report in the {hours[kind]} hours before entry {deed.place} ({deed.action})"
                    yield _finding(kind, [*recent, deed], says, who, (tip,))


def _first(opened: Iterable[Deed], who: str) -> list[Deed]:
    return [look for look in opened if look.who == who][:1]


_LEFT: Mapping[Action, str] = {Action.EXPORT: "exported a file of", Action.REFER: "handed on"}


def _unapproved(record: Record, _roster: Roster, _limits: Thresholds) -> Iterator[Finding]:
    """By no threshold: reviewers' programs go by the same number of days."""
    for deed in record.unapproved:
        says = f"{_LEFT[deed.action]} a report although no lead had approved that in the {LASTS.days} days before"
        yield _finding(Kind.UNAPPROVED, [deed], says, (deed.who,), deed.tips)


def _of_operator(record: Record, _roster: Roster, _limits: Thresholds) -> Iterator[Finding]:
    """What the operator did that everybody should know of."""
    runs: tuple[str, ...] = ()
    for deed in record.deeds:
        if deed.action is Action.RESTORE:
            yield _finding(Kind.RESTORE, [deed], f"put back a copy of the store ({' '.join(deed.objects)})", ())
        elif deed.action is Action.CLOCK:
            yield _finding(Kind.CLOCK, [deed], f"set the server's clock back to {deed.at:%Y-%m-%d %H:%M:%S} UTC", ())
        elif deed.action is Action.SOFTWARE:
            if runs not in ((), deed.objects):
                yield _finding(Kind.SOFTWARE, [deed], f"runs {' '.join(deed.objects)} now, not {' '.join(runs)}", ())
            runs = deed.objects


_FINDERS: tuple[Callable[[Record, Roster, Thresholds], Iterator[Finding]], ...] = (
    _much,
    _odd,
    _before_revocation,
    _returned,
    _idle,
    _many,
    _before_ends,
    _unapproved,
    _of_operator,
)


def _opens(record: Record) -> Iterator[Deed]:
    return (deed for deed in record.deeds if deed.action is Action.OPEN)


def _finding(
    kind: Kind, deeds: Iterable[Deed], says: str, who: tuple[str, ...], tips: tuple[str, ...] | None = None
) -> Finding:
    held = list(deeds)
    if tips is None:
        tips = tuple(dict.fromkeys(tip for deed in held if deed.action is Action.OPEN for tip in deed.tips))
    return Finding(kind, held[-1].at, tuple(deed.place for deed in held), who, tips, says)


def _reports(number: int) -> str:
    return f"{number} {'report' if number == 1 else 'reports'}"


def _minutes(span: timedelta) -> str:
    minutes = -(-int(span.total_seconds()) // 60) or 1
    return "a minute" if minutes == 1 else f"{minutes} minutes"
