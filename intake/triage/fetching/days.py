"""The index as it is now: the days of it that are not as they were, fetched in runs and kept as they come."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from intake.protocol import limits
from intake.protocol.index import AS_KEPT, Day, DayIndex, Span, parse_day, parse_days, sha256_hex
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.mirror.tips import Tips
from intake.triage.progress import Progress

_ATTEMPTS = 5
"""How often the list of days is asked for, if something comes while its days are fetched."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The digest of the list of days, the days of it that are not as they were, by digest, and those that are gone."""

    listed: str
    days: Mapping[str, DayIndex]
    gone: frozenset[str]


def fetch_changes(client: DeskClient, tips: Tips, progress: Progress) -> Changes:
    """Fetch what has changed of the index; `DeskError` if it goes on changing meanwhile."""
    # Where the digest of the list is lost with a part of it, no day is known to be as it was.
    held, listed = tips.digests(), tips.listed
    known = held if listed else {}
    for _ in range(_ATTEMPTS):
        body = client.days(listed)
        if body == AS_KEPT and listed:
            return Changes(listed, {}, frozenset())
        days = parse_days(body).days
        changed = {day.digest: day.day for day in days if known.get(day.day) != day.digest}
        rows = _fetched(client, tips, list(_runs(days, known)), progress)
        if changed.keys() <= rows.keys():
            new = {digest: parse_day(day, rows.pop(digest)) for digest, day in changed.items()}
            return Changes(sha256_hex(body), new, frozenset(held.keys() - {day.day for day in days}))
    raise DeskError("what the desk has changed again and again while it was fetched; try again")


def _runs(days: Sequence[Day], known: Mapping[str, str]) -> Iterator[list[Day]]:
    """The days that are not as they were, those together that follow on one another in the list."""
    run: list[Day] = []
    for day in days:
        if known.get(day.day) != day.digest:
            run.append(day)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _fetched(client: DeskClient, tips: Tips, runs: Sequence[Sequence[Day]], progress: Progress) -> dict[str, bytes]:
    """The rows of all these days by digest, of a day that has changed meanwhile none, nor of those after it."""
    days = [day for run in runs for day in run]
    # A fetch that broke off has left some here.
    rows = tips.rows(day.digest for day in days)
    with progress("Fetching the list of reports", len(days)) as told:
        for run in runs:
            if not _fetch_run(client, tips, run, rows, told):
                break
    return rows


def _fetch_run(
    client: DeskClient, tips: Tips, run: Sequence[Day], rows: dict[str, bytes], told: Callable[[int], None]
) -> bool:
    """Fetch what lacks of days that follow on one another; False if the desk has others now."""
    while lacking := [day for day in run if day.digest not in rows]:
        most = limits.INDEX - sum(map(len, rows.values()))
        body = client.rows(Span(lacking[0].day, lacking[-1].day), most)
        came = {sha256_hex(line): line for line in body.split(b"\n", len(lacking))}
        new = {day.digest: came[day.digest] for day in lacking if day.digest in came}
        if not new:
            return False
        tips.rows_arrived(new)
        rows |= new
        told(len(rows))
    return True
