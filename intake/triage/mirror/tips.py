"""Tips: what the desk's index says of them now, what was first fetched of them, and their sealed bytes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from crypto import age
from crypto.age import split
from intake.protocol.index import DayIndex, ItemRow, TipRow, WithdrawalRow, sha256_hex
from intake.protocol.logstate import StateError, parse_state
from intake.protocol.roster import Roster
from intake.protocol.wire import WireError
from intake.triage.mirror.exchanged import Exchanges, Link, Parts, Step, chain, history, is_renewed
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.known import Known, parts_of
from intake.triage.mirror.tables import (
    ADDED,
    DAY,
    EXCHANGED,
    FACT,
    FIRST,
    INDEX_TO_COME,
    ITEM,
    KNOWN,
    LACK,
    LETTING,
    LISTED,
    LOOKED,
    OPENED,
    PURGED,
    SEALED,
    SLOW,
    STATE,
    TIP,
    WITHDRAWAL,
    Row,
    Table,
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The last fetch: its day, and how many entries of the log its index came after.

    Days are those of the log, so that they and the days of tips are by one clock. `signs`: whether the server knew of
    sources' signatures.
    """

    day: str = ""
    place: int = 0
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """Of a tip whose withdrawal takes some days: whether its source has asked for it, and since when that is known here
    (a day in ISO 8601, empty if it is not).
    """

    asked: bool
    since: str


@dataclass(frozen=True, slots=True)
class Purged:
    """That nothing is kept here of a tip any more, which went on a day. `deleted`: by members; otherwise its source
    withdrew it.

    `again`: the index has listed it since. `receipt`: the desk has taken this program's receipt.
    """

    day: str
    deleted: bool
    again: bool = False
    receipt: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class KeptTip:
    """All that is here of a tip. `sealed`: by tip id for the summary as first fetched, and by item id."""

    row: TipRow
    items: Sequence[ItemRow]
    known: Known
    sealed: Mapping[str, bytes]


class Tips:
    """The tips of a mirror. What is asked for by tip costs what belongs to that tip."""

    def __init__(self, file: MirrorFile) -> None:
        self._file = file

    @property
    def fetched(self) -> Fetched:
        """The last fetch."""
        row = self._file.get(FACT, "fetched")
        if row is None:
            return Fetched()
        day, place, signs = str(row[1]).split(" ")
        return Fetched(day, int(place), signs == "1")

    def fetched_at(self, fetched: Fetched) -> None:
        """Remember a fetch."""
        if fetched != self.fetched:
            self._file.put(FACT, ("fetched", f"{fetched.day} {fetched.place} {int(fetched.signs)}"))

    @property
    def awaits_index(self) -> bool:
        """Whether what is kept can only be shown with the desk's next index."""
        return self._file.get(FACT, INDEX_TO_COME) is not None

    def ids(self) -> list[str]:
        """All tips that the index shows."""
        return self._file.keys("SELECT id FROM tip")

    def gone(self, place: int) -> list[str]:
        """Tips that were fetched once, or written to before the log had so many entries, and that the index lacks."""
        return self._file.keys(
            "SELECT tip FROM (SELECT tip FROM known UNION SELECT tip FROM added WHERE place < ?) AS once "
            "WHERE NOT EXISTS (SELECT 1 FROM tip WHERE id = once.tip)",
            (place,),
        )

    def since(self, first: str) -> set[str]:
        """Tips that came, or were first fetched, on this day or later."""
        sql = "SELECT id FROM tip WHERE day >= ? UNION SELECT tip FROM known WHERE absent >= ?"
        return set(self._file.keys(sql, (first, first)))

    def written_to(self, start: int, end: int) -> set[str]:
        """Tips that entries of the log between these places added something to."""
        return set(self._file.keys("SELECT tip FROM added WHERE place >= ? AND place < ?", (start, end)))

    def digests(self) -> dict[str, str]:
        """The days of the index, with what each had when it was fetched."""
        return dict(self._file.select(DAY))

    def shown(self, tips: Iterable[str]) -> dict[str, TipRow]:
        """What the index says of tips."""
        return {str(tip): TipRow(*row) for tip, row in self._file.get_all(TIP, tips).items()}

    def items(self, items: Iterable[str]) -> dict[str, ItemRow]:
        """What the index says of items, of whichever tips."""
        return {str(item): _item(row) for item, row in self._file.get_all(ITEM, items).items()}

    def purged(self) -> dict[str, Purged]:
        """The tips of which nothing is kept here any more, by tip."""
        rows = self._file.select(PURGED)
        return {
            tip: Purged(day, deleted=bool(deleted), again=bool(again), receipt=bool(receipt))
            for tip, day, deleted, again, receipt in rows
        }

    def purge(self, tips: Mapping[str, Purged]) -> None:
        """Delete all that is kept of tips, and remember that."""
        with self._file.writing():
            for tip, purged in tips.items():
                # What is kept for any tip is this one's if its source signed it, or the log has it here.
                own = [row[0] for row in self._file.where(FIRST, "tip", tip)]
                listed = [row[0] for row in self._file.where(ITEM, "tip", tip)]
                added = self._file.keys("SELECT item FROM added WHERE tip = ?", (tip,))
                sealed = self._file.keys("SELECT name FROM sealed WHERE name BETWEEN ? AND ?", _items_of(tip))
                self._file.remove(
                    SEALED, summary_name(tip), header_name(tip), *sealed, *map(of_any_tip, (*own, *added))
                )
                self._file.remove(LACK, summary_name(tip), *(item_name(tip, item) for item in (*own, *listed)))
                self._file.remove(FIRST, *own)
                self._file.remove(ITEM, *listed)
                self._file.remove(EXCHANGED, *(row[0] for row in self._file.where(EXCHANGED, "tip", tip)))
                self._file.remove(LETTING, *self._file.keys("SELECT name FROM letting WHERE tip = ?", (tip,)))
                for table in (TIP, KNOWN, OPENED, LOOKED, SLOW):
                    self._file.remove(table, tip)
                row = (tip, purged.day, int(purged.deleted), int(purged.again), int(purged.receipt))
                self._file.put(PURGED, row)
        self._file.forget()

    def slow(self) -> dict[str, Slow]:
        """The tips whose withdrawal takes some days."""
        return {str(tip): Slow(bool(asked), str(since)) for tip, asked, since in self._file.select(SLOW)}

    def is_slow(self, tip: str, *, asked: bool) -> None:
        """Note what a tip says of its withdrawal."""
        row = self._file.get(SLOW, tip)
        new = (tip, int(asked), "" if row is None else row[2])
        if row != new:
            self._file.put(SLOW, new)

    def slow_since(self, tip: str, day: str) -> None:
        """Note since which day this machine knows that such a tip is to go; empty: it is not."""
        row = self._file.get(SLOW, tip)
        if row is not None and row[2] != day:
            self._file.put(SLOW, (*row[:2], day))

    def is_small(self, item: str) -> bool:
        """Whether an item is known, and not as an attachment's content."""
        row = self._file.get(ITEM, item) or self._file.get(FIRST, item)
        return self._file.get(ADDED, item) is not None or (row is not None and not _item(row).blob)

    def withdrawn(self) -> set[str]:
        """The tips that are said to be withdrawn."""
        return set(self._file.keys("SELECT tip FROM withdrawal"))

    def known(self, *tips: str) -> dict[str, Known]:
        """What is remembered of tips."""
        rows = self._file.get_all(KNOWN, tips)
        items = _by_tip(map(_item, self._file.where(FIRST, "tip", *rows)))
        return {
            tip: Known(payload, header, absent, bool(signs), day, signer, tuple(items[tip]), withdrawn)
            for tip, payload, header, absent, signs, day, signer, withdrawn in rows.values()
        }

    def remember(self, tips: Mapping[str, Known]) -> None:
        """Keep what is known of tips; nothing that was known of them is forgotten."""
        before = self.known(*tips)
        new = {tip: known for tip, known in tips.items() if known != before.get(tip)}
        first = [item for tip, known in new.items() for item in known.since(before.get(tip))]
        with self._file.writing():
            self._file.put(FIRST, *map(_item_row, first))
            self._file.put(KNOWN, *(_known_row(tip, known) for tip, known in new.items()))

    def set_back(self, place: int) -> None:
        """Expect the headers that there were before what the log held from a place on, which is lost.

        From those the log goes on that was put back: it leads from the ones of today to nothing. They follow from what
        members signed in the log that was seen, and the payload stays, so nobody gets another summary in so; of one
        that got another identity since, the summary of before is not what is kept, and stays in doubt.
        """
        tips = set(map(str, self._file.keys("SELECT tip FROM exchanged WHERE place >= ?", (place,))))
        links, found = Exchanges(self._file, self._roster).all_of(tips), {}
        for tip, known in self.known(*tips).items():
            lost = takewhile(
                lambda link: link.author.place >= place and not link.renews, reversed(history(links[tip], known.parts))
            )
            for link in lost:
                found[tip] = replace(known, header=link.old.header)
        self.remember(found)

    def remember_first(self, tips: Collection[str], before: Fetched) -> None:
        """Of tips of which nothing is remembered, and whose summaries are here: what came first."""
        new = set(tips) - {str(tip) for tip in self._file.get_all(KNOWN, tips)}
        here = self._file.present(SEALED, [summary_name(tip) for tip in new])
        rows = [row for tip, row in self.shown(new).items() if summary_name(tip) in here]
        self.remember({row.id: Known(row.payload, row.header, before.day, before.signs) for row in rows})

    def told(self, words: Iterable[WithdrawalRow]) -> None:
        """Remember of tips that somebody said that they are withdrawn, if it was their sources."""
        for word in words:
            if known := self.known(word.tip).get(word.tip):
                self.remember({word.tip: known.told(word)})

    def touch(self, tips: Iterable[str]) -> None:
        """Note that these may have to be opened again."""
        self._file.remove(OPENED, *tips)

    def opened(self, given: Mapping[str, bytes]) -> None:
        """Note from what tips were opened, by the digest of that."""
        self._file.put(OPENED, *given.items())

    def opened_from(self) -> dict[str, bytes]:
        """From what each tip was opened last that was not touched since."""
        return dict(self._file.select(OPENED))

    def kept(self, *tips: str) -> dict[str, KeptTip]:
        """All that is here of those of these tips that the index shows.

        What should be here and is not is noted as lacking.
        """
        rows = self.shown(tips)
        items, known = _by_tip(map(_item, self._file.where(ITEM, "tip", *rows))), self.known(*rows)
        summaries = self._sealed(map(summary_name, rows))
        shown = [item for tip in rows for item in (*items[tip], *(known[tip].items if tip in known else ()))]
        held = self._sealed_items({(item.tip, item.id) for item in shown if not item.blob})
        self.lack(self.lacking_of(self.wanted(rows.values(), (item for tip in rows for item in items[tip]))))
        return {
            tip: _kept(row, items[tip], known.get(tip), summaries.get(summary_name(tip), b""), held[tip])
            for tip, row in rows.items()
        }

    def item_bytes(self, tip: str, item: str) -> bytes:
        """The sealed bytes of an item, as they were sent for this tip; empty if there are none."""
        return self._sealed_items({(tip, item)})[tip].get(item, b"")

    def _sealed_items(self, items: Collection[tuple[str, str]]) -> Mapping[str, Mapping[str, bytes]]:
        """The sealed bytes of items, by tip and id; of what is not kept for just this tip, those that are for any."""
        own = self._sealed(item_name(tip, item) for tip, item in items)
        other = self._sealed(of_any_tip(item) for tip, item in items if item_name(tip, item) not in own)
        held: dict[str, dict[str, bytes]] = defaultdict(dict)
        for tip, item in items:
            if data := own.get(item_name(tip, item)) or other.get(of_any_tip(item)):
                held[tip][item] = data
        return held

    def fetch_again(self, tip: str, item: str) -> None:
        """Let an item that is of no use as it is kept for this tip be fetched again."""
        self.forget(item_name(tip, item))

    def forget(self, name: str) -> None:
        """Keep sealed bytes no longer, which are of no use: they are noted as lacking."""
        with self._file.writing():
            self._file.remove(SEALED, name)
            self.lack({name})

    def wanted(self, tips: Iterable[TipRow], items: Iterable[ItemRow]) -> Iterator[str]:
        """What of an index belongs here. Of summaries that is the first one of each tip.

        There is a second one only where the log explains it, and the first one is not enough: it is noted as lacking.
        """
        rows = {row.id: row for row in tips}
        known, lacking = self._file.get_all(KNOWN, rows), set(self.lacking())
        other = {row.id for row in rows.values() if row.id in known and known[row.id][1:3] != (row.payload, row.header)}
        explained = self.explained(
            {tip for tip in other if not lacking.isdisjoint((summary_name(tip), renewed_name(tip)))}
        )
        for row in rows.values():
            if row.id not in other or (row.id in explained and not is_renewed(explained[row.id])):
                yield summary_name(row.id)
            elif row.id in explained:
                yield renewed_name(row.id)
        for item in items:
            if not item.blob:
                yield item_name(item.tip, item.id)

    def headers(self, rows: Iterable[TipRow]) -> dict[str, bytes]:
        """By tip, the headers of those summaries that are kept as the index shows them."""
        names = {summary_name(row.id): row for row in rows}
        found = {names[name]: split(data) for name, data in self._sealed(names).items()}
        return {row.id: parts.header for row, parts in found.items() if _digests(parts) == parts_of(row)}

    def explained(self, tips: Collection[str]) -> dict[str, Sequence[Step]]:
        """Of those tips of which the index shows another summary than the kept one: how the log explains that."""
        if not tips:
            return {}
        rows, known, place = self.shown(tips), self.known(*tips), self.fetched.place
        links = Exchanges(self._file, self._roster).all_of(rows)
        chains = {
            tip: chain(links.get(tip, ()), known[tip].parts, parts_of(row), place)
            for tip, row in rows.items()
            if tip in known
        }
        return {tip: steps for tip, steps in chains.items() if steps}

    def links(self, tip: str) -> Sequence[Link]:
        """What the log shows in the place of what of a tip's summary."""
        return Exchanges(self._file, self._roster).of(tip)

    @property
    def _roster(self) -> Roster:
        """The members, by the log as it was verified last."""
        row = self._file.get(FACT, STATE)
        try:
            return Roster() if row is None else parse_state(bytes(row[1])).roster
        except StateError:
            return Roster()

    def renewed(self, tips: Collection[str] | None = None) -> list[str]:
        """Of these tips, or of all, those with another summary here than the one that is kept."""
        if tips is not None:
            return [name.partition("/")[2] for name in self._file.present(SEALED, [renewed_name(tip) for tip in tips])]
        names = self._file.keys("SELECT name FROM sealed WHERE name BETWEEN 'renewed/' AND 'renewed0'")
        return [name.partition("/")[2] for name in names]

    def reseal(self, tip: str, header: bytes) -> None:
        """Keep a summary under another header of its own. What is known of it stays: nobody else has seen that one."""
        if (summary := self.sealed(summary_name(tip))) is not None:
            self._file.put(SEALED, (summary_name(tip), header + split(summary).payload))

    def take_renewed(self, tip: str) -> None:
        """Keep the summary that the index shows in the place of the one that was kept."""
        summary, known = self.sealed(renewed_name(tip)), self.known(tip).get(tip)
        if summary is not None and known is not None:
            first = first_known(summary)
            with self._file.writing():
                self._file.put(SEALED, (summary_name(tip), summary))
                self._file.remove(SEALED, renewed_name(tip))
                self.remember({tip: replace(known, payload=first.payload, header=first.header)})

    def drop_renewed(self, tip: str) -> None:
        """Keep no longer what the index doesn't show any more."""
        self._file.remove(SEALED, renewed_name(tip))

    def exchanged(self, headers: Mapping[str, bytes]) -> None:
        """Keep the headers that this member puts in the place of those of tips, before the desk is asked for that."""
        self._file.put(SEALED, *((header_name(tip), header) for tip, header in headers.items()))

    def take_exchanged(self, tips: Collection[str]) -> None:
        """Of tips that were sealed anew: keep the summaries that the index shows and this member's program made.

        They need not be fetched: to the log, that would be a read of each of these reports.
        """
        headers, rows = self._sealed(map(header_name, tips)), self.shown(tips)
        summaries, made = self._sealed(map(summary_name, tips)), dict[str, bytes]()
        for tip, row in rows.items():
            header, kept = headers.get(header_name(tip)), summaries.get(summary_name(tip))
            if header is not None and kept is not None:
                summary = header + split(kept).payload
                if is_summary(summary, row):
                    made[summary_name(tip)] = summary
        self.arrived(made)
        self._file.remove(SEALED, *headers)

    def sealed(self, name: str) -> bytes | None:
        """Sealed bytes that are here and whole."""
        return self._sealed([name]).get(name)

    def _sealed(self, names: Iterable[str]) -> dict[str, bytes]:
        return {str(name): bytes(row[1]) for name, row in self._file.get_all(SEALED, names).items()}

    def lacking_of(self, names: Iterable[str]) -> set[str]:
        """Those of these sealed bytes that are not here, nor what an earlier program kept in their place."""
        wanted = list(names)
        missing = set(wanted) - self._file.present(SEALED, wanted)
        other = {name: of_any_tip(name.rpartition("/")[2]) for name in missing}
        there = self._file.present(SEALED, list(other.values()))
        return {name for name in missing if other[name] not in there}

    def rows(self, digests: Iterable[str]) -> dict[str, bytes]:
        """What was fetched of the index, by digest, and is not taken in yet. Of other days nothing is kept any more."""
        wanted = set(map(rows_name, digests))
        self._file.remove(SEALED, *(set(self._rows_kept()) - wanted))
        found = self._sealed(wanted)
        return {name.rpartition("/")[2]: data for name, data in found.items()}

    def rows_arrived(self, rows: Mapping[str, bytes]) -> None:
        """Keep what the index says of days, by digest, until it is taken in."""
        self._file.put(SEALED, *((rows_name(digest), data) for digest, data in rows.items()))

    def arrived(self, sealed: Mapping[str, bytes]) -> None:
        """Keep sealed bytes that have come."""
        with self._file.writing():
            self._file.put(SEALED, *sealed.items())
            self._file.remove(LACK, *sealed)
            summaries = {name.partition("/")[2]: data for name, data in sealed.items() if name == _as_summary(name)}
            for tip, known in self.known(*summaries).items():
                kept = first_known(summaries[tip])
                self.remember({tip: replace(known, payload=kept.payload, header=kept.header)})

    def lack(self, names: Collection[str]) -> None:
        """Note what should be here and is not."""
        if new := names and set(names) - set(self.lacking()):
            self._file.put(LACK, *((name,) for name in new))

    def lacking(self) -> list[str]:
        """What is noted as lacking."""
        return self._file.keys("SELECT name FROM lack")

    def replace(self, days: Mapping[str, DayIndex], gone: Collection[str]) -> set[str]:
        """Put what the index says of days in the place of what it said before. Returns the tips that this touches.

        `days`: by the digest that each is listed with. `WireError` if the whole then doesn't hold together.
        """
        touched: set[str] = set()
        changed = (*(day.day for day in days.values()), *gone)
        with self._file.writing():
            touched |= self._list_again(days)
            days = self._without_purged(days)
            for table in (TIP, ITEM, WITHDRAWAL):
                fresh = [row for day in days.values() for row in _rows(day, table)]
                new = {row[0]: row for row in fresh}
                old = {row[0]: row for day in changed for row in self._file.whole_where(table, "day", day)}
                removed, put = old.keys() - new.keys(), [row for key, row in new.items() if old.get(key) != row]
                self._file.remove(table, *removed)
                if len(new) < len(fresh) or self._file.get_all(table, new.keys() - old.keys()):
                    raise WireError("the desk's index is malformed")
                self._file.put(table, *put)
                tip = 1 if table is ITEM else 0
                touched |= {row[tip] for row in (*put, *(old[key] for key in removed))}
            if self._file.where(ITEM, "tip", *(touched - self.shown(touched).keys())):
                raise WireError("the desk's index is malformed")
            self._file.put(DAY, *((day.day, digest) for digest, day in days.items()))
            self._file.remove(DAY, *gone)
            self._file.remove(FACT, INDEX_TO_COME)
            # They are all taken in now, or of days that have changed meanwhile.
            self._file.remove(SEALED, *self._rows_kept())
        return touched

    def _without_purged(self, days: Mapping[str, DayIndex]) -> Mapping[str, DayIndex]:
        """The days without what is gone for good: whoever lists that again brings nothing back."""
        purged = self.purged()
        return {
            digest: replace(
                day,
                tips=tuple(row for row in day.tips if row.id not in purged),
                items=tuple(row for row in day.items if row.tip not in purged),
            )
            for digest, day in days.items()
        }

    def _list_again(self, days: Mapping[str, DayIndex]) -> set[str]:
        """Note which tips these days list although they are gone for good."""
        rows = self._file.get_all(PURGED, {row.id for day in days.values() for row in day.tips})
        self._file.put(PURGED, *((*row[:3], 1, row[4]) for row in rows.values()))
        return {str(tip) for tip in rows}

    def _rows_kept(self) -> list[str]:
        return self._file.keys("SELECT name FROM sealed WHERE name BETWEEN 'rows/' AND 'rows0'")

    @property
    def listed(self) -> str:
        """The digest of the list of days as it was last; empty if there was none."""
        row = self._file.get(FACT, LISTED)
        return "" if row is None else row[1]

    def listed_as(self, digest: str) -> None:
        """Remember the digest of the list."""
        if digest != self.listed:
            self._file.put(FACT, (LISTED, digest))


def _kept(
    row: TipRow, items: Sequence[ItemRow], known: Known | None, summary: bytes, held: Mapping[str, bytes]
) -> KeptTip:
    # Only the first summary of a tip is ever kept: it tells where nothing else does any more.
    known = known or (first_known(summary) if summary else Known(row.payload, row.header))
    # What this machine spoilt is damaged, and must not look as if it were sealed to somebody else. Its header may have
    # been exchanged here (`Tips.reseal`), and proves itself to whoever opens it.
    is_known = summary and first_known(summary).payload == known.payload
    return KeptTip(row, items, known, {row.id: summary if is_known else b"", **held})


def first_known(summary: bytes) -> Known:
    """What is known of a tip by its first summary alone."""
    parts = _digests(split(summary))
    return Known(parts.payload, parts.header)


def is_summary(summary: bytes, of: TipRow | Known) -> bool:
    """Whether this is the summary that the index says, or that was fetched first."""
    first = first_known(summary)
    return (first.payload, first.header) == (of.payload, of.header)


def _digests(parts: age.Parts) -> Parts:
    return Parts(sha256_hex(parts.header), sha256_hex(parts.payload))


def summary_name(tip: str) -> str:
    """What a tip's sealed summary is kept under."""
    return f"summary/{tip}"


def renewed_name(tip: str) -> str:
    """What the summary is kept under that the log explains in the place of the kept one, until it was looked into."""
    return f"renewed/{tip}"


def header_name(tip: str) -> str:
    """What the header is kept under that this member puts in the place of the one of a tip's summary."""
    return f"header/{tip}"


def _as_summary(name: str) -> str:
    return summary_name(name.rpartition("/")[2])


def item_name(tip: str, item: str) -> str:
    """What an item's sealed bytes are kept under.

    A lying desk can list any item under any tip, and send anything for it: what is kept for one tip is never touched
    for the sake of another.
    """
    return f"item/{tip}/{item}"


def _items_of(tip: str) -> tuple[str, str]:
    """The bounds of what items of a tip are kept under: no id has a letter beyond f."""
    return item_name(tip, ""), item_name(tip, "g")


def rows_name(digest: str) -> str:
    """What the rows of a day are kept under until they are taken in."""
    return f"rows/{digest}"


def of_any_tip(item: str) -> str:
    """Where items are that an earlier program kept: which tip each was fetched for isn't known, so it stays for any."""
    return f"item/any/{item}"


def _item(row: Row) -> ItemRow:
    name, tip, kind, day, size, blob = row
    return ItemRow(str(name), str(tip), str(kind), str(day), int(size), bool(blob))


def _item_row(item: ItemRow) -> Row:
    return (item.id, item.tip, item.kind, item.day, item.size, int(item.blob))


def _by_tip(items: Iterable[ItemRow]) -> Mapping[str, list[ItemRow]]:
    found: dict[str, list[ItemRow]] = defaultdict(list)
    for item in items:
        found[item.tip].append(item)
    return found


def _known_row(tip: str, known: Known) -> Row:
    days = (known.absent, int(known.signs), known.day)
    return (tip, known.payload, known.header, *days, known.signer, known.withdrawn)


def _rows(day: DayIndex, table: Table) -> list[Row]:
    if table is TIP:
        return [(row.id, row.day, row.payload, row.header, row.recipient) for row in day.tips]
    if table is ITEM:
        return list(map(_item_row, day.items))
    return [(row.tip, row.day, row.signature) for row in day.withdrawals]
