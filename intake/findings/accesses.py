"""Who did what, to which reports, when: chosen, and summed up by reviewer, report or day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from intake.findings.record import Deed, Record
from intake.protocol.actions import Action


class By(StrEnum):
    """What accesses are summed up by."""

    REVIEWER = "reviewer"
    REPORT = "report"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Access:
    """What a deed did to one report (its id), or to nothing of any report that is known: then `tip` is empty."""

    deed: Deed
    tip: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accesses: of these key ids, days from one to another, some actions; None for all.

    `tip`: of the reports whose ids begin so.
    """

    who: frozenset[str] | None = None
    tip: str | None = None
    since: date | None = None
    until: date | None = None
    actions: frozenset[Action] | None = None

    def has(self, deed: Deed) -> bool:
        """Whether it is one of these, whatever report it is about."""
        return (
            (self.who is None or deed.who in self.who)
            and (self.since is None or self.since <= deed.day)
            and (self.until is None or deed.day <= self.until)
            and (self.actions is None or deed.action in self.actions)
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """All accesses of one key id, report or day (`of`) by one action: of how many entries, reports and members."""

    of: str
    action: Action
    entries: int
    reports: int
    members: int
    first: datetime
    last: datetime


def accesses(record: Record, wanted: Wanted) -> Iterator[Access]:
    """One for each report of each deed, in the order of the log."""
    for deed in filter(wanted.has, record.deeds):
        for tip in record.reports(deed) or ("",):
            if wanted.tip is None or tip.startswith(wanted.tip):
                yield Access(deed, tip)


def sums(found: Iterable[Access], by: By) -> list[Sum]:
    """What accesses come to, sorted by what they are summed up by and by action. Those of no report are none's."""
    groups: dict[tuple[str, Action], list[Access]] = {}
    for access in found:
        of = _group(access, by)
        if of:
            groups.setdefault((of, access.deed.action), []).append(access)
    return [_sum(of, action, groups[of, action]) for of, action in sorted(groups)]


def _group(access: Access, by: By) -> str:
    match by:
        case By.REVIEWER:
            return access.deed.who
        case By.REPORT:
            return access.tip
        case By.DAY:
            return access.deed.day.isoformat()


def _sum(of: str, action: Action, found: list[Access]) -> Sum:
    times = [access.deed.at for access in found]
    return Sum(
        of,
        action,
        entries=len({access.deed.place for access in found}),
        reports=len({access.tip for access in found} - {""}),
        members=len({access.deed.who for access in found}),
        first=min(times),
        last=max(times),
    )
