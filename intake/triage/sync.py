"""Bringing the mirror up to date with the desk: what it costs follows from what is new."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from intake.protocol import limits
from intake.protocol.actions import MOST_OBJECTS, Action, Named, ReadRequest
from intake.protocol.audit import AuditError
from intake.protocol.index import AS_KEPT, DayIndex, TipRow, parse_day, parse_days, sha256_hex
from intake.protocol.logstate import LogState
from intake.protocol.wire import WireError, decode_sealed
from intake.triage.desk_client import DeskClient, DeskError
from intake.triage.home import Home
from intake.triage.mirror.added import Authors
from intake.triage.mirror.log import Growth, fetch_new
from intake.triage.mirror.tips import Fetched, Known, Tips, is_summary, item_name, summary_name
from intake.triage.progress import Progress

_ATTEMPTS = 5
"""How often the list of days is asked for, if something comes while its days are fetched."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a fetch brought. `touched`: the tips that may show something else now, those that are gone among them."""

    log: LogState
    touched: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Sealed bytes to be fetched: what they are kept under, the id of the tip or item, and their largest size in bytes.

    `summary_of`: the tip whose summary it is, if it is one.
    """

    name: str
    id: str
    size: int
    summary_of: TipRow | None = None


class Sync:
    """Fetches for one member."""

    def __init__(self, client: DeskClient, home: Home, progress: Progress) -> None:
        self._client = client
        self._home = home
        self._tips = Tips(home.mirror)
        self._progress = progress

    def run(self) -> Synced:
        """Fetch what is new. `DeskError`, `WireError`, `AuditError` or `OSError` if it can't be; what came stays."""
        before = self._tips.fetched
        listed, changed, gone = self._changes()
        new = {row.id for day in changed.values() for row in day.tips if self._tips.row(row.id) is None}
        arrived = self._fetch(changed.values())
        # Of the list itself: what is added before the last of its days is fetched is in none of them.
        asked = {each.nonce for each in self._client.journal.open() if each.does == Named(Action.INDEX)}
        touched: set[str] = set()

        def take(growth: Growth) -> None:
            if growth.state.roster.member(self._client.journal.key) is not None:
                fetched = _fetched(before, growth, asked)
                touched.update(name.split("/")[1] for name in arrived)
                touched.update(self._tips.replace(changed, gone))
                # Of others whose memory is lost, nobody knows any more when they came.
                for tip in touched:
                    if tip in new or summary_name(tip) in arrived:
                        self._remember(tip, before)
                for word in (word for day in changed.values() for word in day.withdrawals):
                    if known := self._tips.known(word.tip):
                        self._tips.remember(word.tip, known.told(word))
                self._tips.fetched_at(fetched)
                self._tips.listed_as(listed)
                touched.update(self._touched_by_log(growth))
                touched.update(self._tips.written_to(before.place, fetched.place))
                self._tips.touch(touched)

        # The log comes last, so that it must already hold who added what was fetched, and that it was fetched.
        growth = fetch_new(self._client, self._home, self._progress, take)
        if growth.state.roster.member(self._client.journal.key) is None:
            raise AuditError("it answers you, but the log that it shows does not hold that you were enrolled")
        return Synced(growth.state, frozenset(touched))

    def _changes(self) -> tuple[str, dict[str, DayIndex], set[str]]:
        """The digest of the list of days, the days of it that are not as they were, by digest, and those that are gone.

        `DeskError` if they go on changing.
        """
        got: dict[str, DayIndex] = {}
        # Where the digest of the list is lost with a part of it, no day is known to be as it was.
        held = self._tips.digests()
        known = held if self._tips.listed else {}
        for _ in range(_ATTEMPTS):
            body = self._client.days(self._tips.listed)
            if body == AS_KEPT and self._tips.listed:
                return self._tips.listed, {}, set()
            days = parse_days(body).days
            changed = [day for day in days if known.get(day.day) != day.digest]
            left = limits.INDEX
            for day in (day for day in changed if day.digest not in got):
                rows = self._client.day(day.day, left)
                left -= len(rows)
                got[sha256_hex(rows)] = parse_day(day.day, rows)
                if day.digest not in got:
                    break
            if all(day.digest in got for day in changed):
                gone = held.keys() - {day.day for day in days}
                return sha256_hex(body), {day.digest: got[day.digest] for day in changed}, gone
        raise DeskError("what the desk has changed again and again while it was fetched; try again")

    def _remember(self, tip: str, before: Fetched) -> None:
        """Of a tip that is new, what came first; once its summary is here."""
        row = self._tips.row(tip)
        if row is not None and self._tips.known(tip) is None and self._tips.has(summary_name(tip)):
            self._tips.remember(tip, Known(row.payload, row.header, before.day, before.signs))

    def _touched_by_log(self, growth: Growth) -> set[str]:
        """Tips of which new entries of the log may let something else be said."""
        if not growth.before:
            return set(self._tips.ids())
        state, touched = growth.state, {str(row[5]) for row in growth.added}
        for ruling in state.rulings:
            if ruling.place >= growth.before:
                # How many reviewers there were on a day, and which day it was.
                touched |= self._tips.since(ruling.entry.at.date().isoformat())
                # Who has a name that may be another's is called otherwise.
                named = [state.roster.member(name.partition("/")[2]) for name in ruling.entry.objects]
                for other in (like for member in named if member for like in state.roster.likes(member)):
                    touched |= Authors(self._home.mirror, state.roster).tips_of(other.card.key_id)
        return touched

    def _fetch(self, days: Collection[DayIndex]) -> set[str]:
        """Fetch the sealed bytes that are not here yet. Returns the names of what came."""
        wanted = {each.name: each for each in self._wanted(days)}
        requests = list(_requests(list(wanted.values())))
        arrived: set[str] = set()
        for number in self._progress(range(len(requests)), "Fetching reports"):
            got = self._read(requests[number])
            self._tips.arrived(got)
            arrived |= got.keys()
        self._tips.lack(wanted.keys() - arrived)
        return arrived

    def _wanted(self, days: Collection[DayIndex]) -> Iterator[_Wanted]:
        tips = {row.id: row for day in days for row in day.tips}
        items = {row.id: row for day in days for row in day.items}
        lacking = set(self._tips.lacking())
        rows = [row for name in lacking if (row := tips.get(_id(name)) or self._tips.row(_id(name)))]
        others = [item for name in lacking if (item := items.get(_id(name)) or self._tips.item(_id(name)))]
        for tip in {**tips, **{row.id: row for row in rows}}.values():
            if any(name in lacking or self._tips.lacks(name) for name in self._tips.wanted([tip], [])):
                yield _Wanted(summary_name(tip.id), tip.id, limits.SUMMARY, tip)
        for item in {**items, **{item.id: item for item in others}}.values():
            if any(name in lacking or self._tips.lacks(name) for name in self._tips.wanted([], [item])):
                yield _Wanted(item_name(item.tip, item.id), item.id, item.size)

    def _read(self, part: Sequence[_Wanted]) -> dict[str, bytes]:
        summaries = {each.id: each for each in part if each.summary_of}
        items = {each.id: each for each in part if not each.summary_of}
        request = ReadRequest(tuple(summaries), tuple(items))
        answer = self._client.read(request, sum(each.size for each in items.values()))
        got_summaries, got_items = decode_sealed(answer)
        got = {summaries[tip].name: data for tip, data in got_summaries.items() if tip in summaries}
        if not all((row := summaries[_id(name)].summary_of) and is_summary(data, row) for name, data in got.items()):
            raise WireError("the desk sent another summary than its index says")
        return got | {items[item].name: data for item, data in got_items.items() if item in items}


def _fetched(before: Fetched, growth: Growth, asked: set[str]) -> Fetched:
    """What is known of a fetch: the place of its index in the log, or of the one before if the log conceals it."""
    found = [logged for nonce, logged in growth.logged.items() if nonce in asked]
    if found:
        newest = max(found, key=lambda logged: logged.place)
        return Fetched(newest.at.date().isoformat(), newest.place, signs=True)
    # The log may be shorter than it was, if what was kept of it is lost.
    day = before.day or growth.state.clock.last.date().isoformat()
    return Fetched(day, min(before.place, growth.state.size - 1), signs=True)


def _requests(wanted: Sequence[_Wanted]) -> Iterator[Sequence[_Wanted]]:
    """All of these, in parts of no more bytes and objects than the desk answers at once."""
    for start, end in _packed([each.size for each in wanted]):
        yield wanted[start:end]


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _packed(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of things of these sizes, as long as a bulk read may be; what is too large for one has one for itself."""
    start, room = 0, limits.SEALED
    for at, size in enumerate(sizes):
        if at > start and (size > room or at - start == MOST_OBJECTS):
            yield start, at
            start, room = at, limits.SEALED
        room -= size
    if sizes:
        yield start, len(sizes)
