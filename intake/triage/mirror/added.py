"""Who added which item, as the log proves: kept as the log is verified, looked up by item or tip."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from intake.protocol.actions import Action
from intake.protocol.entry import Entry
from intake.protocol.queries import is_to_source, what_was_made
from intake.protocol.requests import parse_base
from intake.protocol.roster import Roster
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import ADDED, Row

_TAKEN = "taken/"
_APPROVED = "approved/"


@dataclass(frozen=True, slots=True)
class Author:
    """Who added an item and when, as the log proves."""

    name: str
    at: datetime
    place: int


@dataclass(frozen=True, slots=True)
class Added:
    """What the log proves of an item that a reviewer added. `key`: id of the key that signed that."""

    author: Author
    key: str
    digest: bytes
    tip: str
    item: str
    to_source: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """That a member took an item back, by the log: an item, by whom, and under which key."""

    item: str
    author: Author
    key: str


@dataclass(frozen=True, slots=True)
class OfTip:
    """Whether a member `made` a tip, every item that was ever `added` to it, and what was `taken` back, in the order of
    the log.

    Of a tip, the `digest` is that of the payload of its summary.
    """

    made: Added | None
    added: tuple[Added, ...]
    taken: tuple[Taken, ...]


class Authors:
    """Looks up who added what; members are named as the roster calls them."""

    def __init__(self, file: MirrorFile, roster: Roster) -> None:
        self._file = file
        self._names = {member.card.key_id: roster.label(member.card.key_id) for member in roster.members}

    def of(self, item: str, sealed: bytes) -> Author | None:
        """Who added exactly these bytes as this item."""
        added = self.added(item)
        return added.author if added is not None and hashlib.sha256(sealed).digest() == added.digest else None

    def added(self, item: str) -> Added | None:
        """What the log says of an item."""
        row = self._file.get(ADDED, item)
        return None if row is None else self._added(row)

    def to(self, tip: str) -> OfTip:
        """What the log proves of a tip."""
        rows = sorted(self._file.where(ADDED, "tip", tip), key=lambda row: int(row[1]))
        made = next((self._added(row) for row in rows if row[0] == _of_tip(tip)), None)
        return OfTip(
            made,
            tuple(self._added(row) for row in rows if "/" not in row[0]),
            tuple(self._taken(row) for row in rows if row[0].startswith(_TAKEN)),
        )

    def taken(self, item: str) -> Taken | None:
        """Who took an item back, if anybody did."""
        row = self._file.get(ADDED, _TAKEN + item)
        return None if row is None else self._taken(row)

    def approved(self, tip: str) -> list[Added]:
        """What leads let leave of a tip, in the order of the log; the digest is that of the sealed word on it.

        Of leads whom the roster knows: the file may be ahead of it.
        """
        rows = (
            row for row in self._file.where(ADDED, "tip", tip) if row[0].startswith(_APPROVED) and row[2] in self._names
        )
        return [self._added(row) for row in sorted(rows, key=lambda row: int(row[1]))]

    def makers(self, tips: Iterable[str]) -> dict[str, Author]:
        """Who made each of those of these tips that members made."""
        rows = self._file.get_all(ADDED, map(_of_tip, tips))
        return {added.tip: added.author for added in map(self._added, rows.values())}

    def tips_of(self, key: str) -> set[str]:
        """The tips that a member added something to."""
        return set(self._file.keys("SELECT DISTINCT tip FROM added WHERE who = ?", (key,)))

    def _taken(self, row: Row) -> Taken:
        added = self._added(row)
        return Taken(added.item.removeprefix(_TAKEN), added.author, added.key)

    def _added(self, row: Row) -> Added:
        item, place, who, at, digest, tip, to_source = row
        author = Author(self._names[who], datetime.fromisoformat(at), place)
        return Added(author, who, digest, tip, item, to_source=bool(to_source))


def added_rows(place: int, entry: Entry) -> Iterator[Row]:
    """What an entry proves of items, of a tip that a member made, and of what a lead let leave, for the file.

    What was taken back, or let leave, is a row of its own: no item has such an id.
    """
    logged = entry.request
    if logged is None or entry.action not in (Action.ADD, Action.MAKE, Action.TAKE_BACK, Action.APPROVE):
        return
    request = parse_base(logged.base, logged.signature)
    tip, item = (name.partition("/")[2] for name in entry.objects)
    when = place, entry.who, entry.at.isoformat()
    if entry.action is Action.APPROVE:
        yield (f"{_APPROVED}{place}", *when, bytes.fromhex(item), tip, 0)
    elif entry.action is Action.ADD:
        yield (item, *when, request.digest, tip, int(is_to_source(request.query)))
    elif entry.action is Action.TAKE_BACK:
        yield (_TAKEN + item, *when, request.digest, tip, 0)
    else:
        made = what_was_made(request.query)
        yield (_of_tip(tip), *when, bytes.fromhex(made.payload), tip, 0)
        yield (item, *when, bytes.fromhex(made.first), tip, 0)


def _of_tip(tip: str) -> str:
    """What a tip that a member made is kept under: no item has such an id."""
    return f"tip/{tip}"


def keep_added(file: MirrorFile, rows: Iterable[Row]) -> None:
    """Keep what the log proves. The first entry counts: the desk never replaces an item."""
    with file.writing():
        for row in rows:
            if file.get(ADDED, row[0]) is None:
                file.put(ADDED, row)
