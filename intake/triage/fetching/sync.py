"""Bringing the mirror up to date with the desk: what it costs follows from what is new."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from intake.protocol import limits
from intake.protocol.actions import MEMBERSHIP, MOST_OBJECTS, Action, Named, ReadRequest
from intake.protocol.audit import AuditError
from intake.protocol.index import DayIndex, TipRow
from intake.protocol.logstate import LogState
from intake.protocol.wire import WireError, decode_sealed
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.days import fetch_changes
from intake.triage.fetching.log import Growth, fetch_new
from intake.triage.home import Home
from intake.triage.mirror.added import Authors
from intake.triage.mirror.exchanged import Exchanges, is_renewed
from intake.triage.mirror.journal import State
from intake.triage.mirror.tips import Fetched, Tips, is_summary, item_name, renewed_name, summary_name
from intake.triage.progress import Progress
from intake.triage.reading.membership import first_look

_TOUCHING = MEMBERSHIP | {Action.CLOCK}
"""Rulings by which something else may have to be said of reports."""


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

    @property
    def tip(self) -> str:
        """The tip that it belongs to."""
        return self.name.split("/")[1]


class Sync:
    """Fetches for one member."""

    def __init__(self, client: DeskClient, home: Home, progress: Progress) -> None:
        self._client = client
        self._home = home
        self._tips = Tips(home.mirror)
        self._progress = progress

    def run(self) -> Synced:
        """Fetch what is new. `DeskError`, `WireError`, `AuditError` or `OSError` if it can't be; what came stays."""
        before, earlier = self._tips.fetched, self._asked()
        changes = fetch_changes(self._client, self._tips, self._progress)
        new = {row.id for day in changes.days.values() for row in day.tips}
        new -= self._tips.shown(new).keys()
        arrived = self._fetch(changes.days.values())
        asked = self._asked() - earlier
        touched: set[str] = set()
        resealed: set[str] = set()

        def take(growth: Growth) -> None:
            if growth.state.roster.member(self._client.journal.key) is not None:
                fetched = _fetched(before, growth, asked)
                if not before.day:
                    first_look(growth.state, self._home.mirror)
                touched.update(name.split("/")[1] for name in arrived)
                touched.update(self._tips.replace(changes.days, changes.gone))
                # Of others whose memory is lost, nobody knows any more when they came.
                first = {tip for tip in touched if tip in new or summary_name(tip) in arrived}
                self._tips.remember_first(first, before)
                self._tips.told(word for day in changes.days.values() for word in day.withdrawals)
                self._tips.fetched_at(fetched)
                self._tips.listed_as(changes.listed)
                touched.update(self._touched_by_log(growth))
                resealed.update(self._resealed(touched))
                touched.update(self._tips.written_to(before.place, fetched.place))
                self._tips.touch(touched)

        # The log comes last, so that it must already hold who added what was fetched, and that it was fetched.
        growth = fetch_new(self._client, self._home, self._progress, take)
        if growth.state.roster.member(self._client.journal.key) is None:
            raise AuditError("it answers you, but the log that it shows does not hold that you were enrolled")
        self._tips.take_exchanged(resealed)
        # Of another summary than the one that is kept, only the log that is verified by now says whether it may be.
        self._fetch_all(each for each in self._wanted(()) if each.tip in resealed and each.summary_of)
        return Synced(growth.state, frozenset(touched))

    def _asked(self) -> set[str]:
        """The nonces of requests for the list that were answered and that the log was not seen to hold.

        Of the list itself: what is added before the last of its days is fetched is in none of them.
        """
        asked = self._client.journal.open()
        return {each.nonce for each in asked if each.does == Named(Action.INDEX) and each.state is not State.SENT}

    def _touched_by_log(self, growth: Growth) -> set[str]:
        """Tips of which new entries of the log may let something else be said."""
        if not growth.before:
            return set(self._tips.ids())
        state, touched = growth.state, growth.proven.tips
        for ruling in state.rulings:
            if ruling.place >= growth.before and ruling.entry.action in _TOUCHING:
                # How many reviewers there were on a day, and which day it was.
                touched |= self._tips.since(ruling.entry.at.date().isoformat())
                # Who is left of those whom something is restricted to.
                touched |= Exchanges(self._home.mirror, state.roster).restricted()
                # Who has a name that may be another's is called otherwise.
                named = [state.roster.member(name.partition("/")[2]) for name in ruling.entry.objects]
                for other in (like for member in named if member for like in state.roster.likes(member)):
                    touched |= Authors(self._home.mirror, state.roster).tips_of(other.card.key_id)
        return touched

    def _resealed(self, touched: Collection[str]) -> set[str]:
        """Tips whose summary was sealed anew to whoever reads here, by the log: the one that is kept may not do."""
        me = self._client.journal.key
        explained = self._tips.explained(touched)
        renewed = {tip for tip, steps in explained.items() if is_renewed(steps) and me in (steps[-1].readers or (me,))}
        found = {tip for tip, steps in explained.items() if any(step.link.seals_to(me) for step in steps)}
        self._tips.lack(set(map(renewed_name, renewed)) | set(map(summary_name, found - renewed)))
        return found | renewed

    def _fetch(self, days: Collection[DayIndex]) -> set[str]:
        """Fetch the sealed bytes that are not here yet. Returns the names of what came."""
        return self._fetch_all(self._wanted(days))

    def _fetch_all(self, these: Iterable[_Wanted]) -> set[str]:
        wanted = {each.name: each for each in these}
        arrived: set[str] = set()
        with self._progress("Fetching reports", len(wanted)) as told:
            # A tip with all that belongs to it: what broke off has whole ones.
            for part in _requests(sorted(wanted.values(), key=lambda each: each.tip)):
                got = self._read(part)
                self._tips.arrived(got)
                arrived |= got.keys()
                told(len(arrived))
        self._tips.lack(wanted.keys() - arrived)
        return arrived

    def _wanted(self, days: Collection[DayIndex]) -> Iterator[_Wanted]:
        lacking = set(self._tips.lacking())
        ids = set(map(_id, lacking))
        # As the index says now, where it says anything now.
        gone = self._tips.purged()
        tips = self._tips.shown(ids) | {row.id: row for day in days for row in day.tips if row.id not in gone}
        items = self._tips.items(ids) | {row.id: row for day in days for row in day.items if row.tip not in gone}
        wanted = list(self._tips.wanted(tips.values(), items.values()))
        missing = lacking.intersection(wanted) | self._tips.lacking_of(wanted)
        for tip in tips.values():
            for name in missing.intersection((summary_name(tip.id), renewed_name(tip.id))):
                yield _Wanted(name, tip.id, limits.SUMMARY, tip)
        for item in items.values():
            if item_name(item.tip, item.id) in missing:
                yield _Wanted(item_name(item.tip, item.id), item.id, item.size)

    def _read(self, part: Sequence[_Wanted]) -> dict[str, bytes]:
        summaries = {each.id: each for each in part if each.summary_of}
        items = {each.id: each for each in part if not each.summary_of}
        # In the order of random ids: which items are of one tip is none of the log's business.
        request = ReadRequest(tuple(sorted(summaries)), tuple(sorted(items)))
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
