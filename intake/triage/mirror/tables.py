"""The tables of the mirror. Each row has a digest of its own, so that damage is told from content."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

Value = bytes | str | int
Row = tuple[Any, ...]
"""Of these values: those of a row that is whole are of the types that were written."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first of its columns is the key. `by`: other columns that rows are looked up by.

    `lost`: what it means, in words for a member, that a row is damaged in both files; empty in a table of what the desk
    can send again, which is kept once. `stands_for`: single values that say that this table is whole. `since`: the
    version of the mirror that first had it.
    """

    name: str
    columns: tuple[str, ...]
    by: tuple[str, ...] = ()
    lost: str = ""
    stands_for: tuple[str, ...] = ()
    since: int = 1

    @property
    def key(self) -> str:
        """The column that names a row."""
        return self.columns[0]

    @property
    def is_twice(self) -> bool:
        """Whether each row lies in both files."""
        return bool(self.lost)

    def digest(self, row: Row) -> bytes:
        """What proves that a row is as this program wrote it."""
        return sha256(b"".join((self.name.encode(), *map(_encoded, row)))).digest()


def _encoded(value: object) -> bytes:
    match value:
        case str():
            # What a flipped bit made of a text has bytes too.
            data = value.encode(errors="surrogateescape")
            return b"s%d:%b" % (len(data), data)
        case bytes():
            return b"b%d:%b" % (len(value), value)
        case int():
            data = b"%d" % value
            return b"i%d:%b" % (len(data), data)
    return b"x0:"


_FETCHED_AGAIN = "a part of what the desk's index said last was damaged; it comes again with the next fetch"
_MEMORY = (
    "what was remembered of earlier fetches was damaged or lost. Which summary of a report came first is known from "
    "those that are kept; what can't be noticed any more is whatever the server removed or dated back before now"
)
_ROW = ("id", "tip", "kind", "day", "size", "blob")

FACT = Table("fact", ("name", "value"), lost="a part of what this machine knew of its last fetch was damaged")
"""Single values: the log's head and state, and the like."""
RECIPIENT = "recipient"
"""The public half of the key that a locked program seals to."""
MEMBERS_SEEN = "members seen"
"""How many entries of the log had been looked at for changes among the members, or were there at the first fetch."""

MEMBERS_NEW = "members new"
"""There until somebody has looked at the members whom the first fetch brought."""

INDEX_TO_COME = "index to come"
"""There while the index is missing, since the one that an earlier program kept is of another version."""

COSIGNED, COSIGNED_EDGE = "cosigned", "cosigned edge"
"""The last checkpoint with cosignatures that was verified, with the time at which it came; its tree's right edge."""

LEFT_OUT = "left out"
"""Which colleague kept this member from opening what, as it was found last, in words."""

LISTED, STATE = "listed", "state"
"""The digest of the list of days as it was last, and the log's state."""

DISTRUST = "distrust"
"""Why the log can't be trusted, as an auditor's last fetch found it, in words; there until one finds that it can."""

DEPOSITED = "deposited"
"""By the digest of their public halves: the keys that the desk has, sealed to what is on paper."""

DAY = Table("day", ("day", "digest"), lost=_FETCHED_AGAIN, stands_for=(LISTED,))
TIP = Table("tip", ("id", "day", "payload", "header", "recipient"), ("day",), lost=_FETCHED_AGAIN, stands_for=(LISTED,))
ITEM = Table("item", _ROW, ("tip", "day"), lost=_FETCHED_AGAIN, stands_for=(LISTED,))
WITHDRAWAL = Table("withdrawal", ("tip", "day", "signature"), ("day",), lost=_FETCHED_AGAIN, stands_for=(LISTED,))
"""The index as it was last."""

LACK = Table("lack", ("name",), lost=_FETCHED_AGAIN, stands_for=(LISTED,))
"""What is in the index, should be here, and is not."""

KNOWN = Table("known", ("tip", "payload", "header", "absent", "signs", "day", "signer", "withdrawn"), lost=_MEMORY)
FIRST = Table("first", _ROW, ("tip",), lost=_MEMORY)
"""Tips, and what their sources sent, as first fetched."""

OPENED = Table("opened", ("tip", "given"), lost="which reports were opened last was damaged; they are opened again")
"""The digest of what each tip was opened from last; none of a tip that was touched since."""

ADDED = Table(
    "added",
    ("item", "place", "who", "at", "digest", "tip", "to_source"),
    ("tip", "who", "place"),
    lost="who added what was damaged; it is read from the log again",
    stands_for=(STATE,),
)
"""Who added which item, as the log proves."""

ASKED = Table(
    "asked",
    ("nonce", "key", "created", "action", "objects", "state"),
    lost=(
        "what was noted of this machine's own requests was damaged; whether the log holds those can't be checked any "
        "more"
    ),
)
"""Requests that the log was not seen to hold."""

UNSENT = Table("unsent", ("item", "sealed"), lost="something that was kept to be sent was damaged, and is lost")

LOOKED = Table(
    "looked",
    ("tip", "items"),
    lost="which reports were looked at was damaged; some stand there as new again",
    since=2,
)
"""The ids of what each tip held when it was looked at last, one after the other."""

FOREIGN = Table(
    "foreign_use",
    ("place", "key", "at", "says"),
    ("key",),
    lost="what the log holds in your name and this machine did not do was damaged, and may not be said any more",
    since=3,
)
"""Entries of the log that a member's key signed and this directory's program did not make, in words."""

SEEN = Table(
    "seen",
    ("digest", "size", "at", "note", "told"),
    ("told",),
    lost="a checkpoint of the log that was kept for comparing was damaged, and is lost",
    since=3,
)
"""Signed checkpoints by the SHA-256 of their text: those that the desk showed, and those that somebody else `told`,
which 1 says until what the desk shows reaches as far."""

ASIDE = Table(
    "aside",
    ("alarm", "at", "reason", "says"),
    lost="why an alarm was put aside was damaged; it is raised again",
    since=3,
)
"""Alarms that somebody put aside, with their reason, which is sealed."""

PURGED = Table(
    "purged",
    ("tip", "day", "deleted", "again", "receipt"),
    lost="of which deleted reports nothing is kept here any more was damaged; it is looked at again",
    since=3,
)
"""Tips of which this machine has deleted what it kept: on which `day` the tip went, whether members `deleted` it or its
source withdrew it, whether the index has listed it `again` since, and whether the desk has taken the `receipt`."""

SLOW = Table(
    "slow",
    ("tip", "asked", "since"),
    lost="which sources have chosen that withdrawing takes some days was damaged; it is read from their reports again",
    since=3,
)
"""Tips whose sources have chosen that withdrawing takes some days: whether they have `asked` for it, and `since` which
day this machine knows of that or of a withdrawal; empty if of neither."""

EXCHANGED = Table(
    "exchanged",
    (
        "entry",
        "tip",
        "place",
        "who",
        "at",
        "does",
        "whom",
        "old_header",
        "old_payload",
        "new_header",
        "new_payload",
        "readers",
    ),
    ("tip", "whom", "who"),
    lost="who let whom read what was damaged; it is read from the log again",
    stands_for=(STATE,),
    since=3,
)
"""What the log shows in the place of what a summary was: `exchanged` reads and writes it."""

LETTING = Table(
    "letting",
    ("name", "key", "tip"),
    ("key",),
    lost="which older reports a colleague is yet to be let in to was damaged; choose those that lack once more",
    since=3,
)
"""Reports that a colleague is yet to be let in to, by the id of their key."""

ENTRY = Table("entry", ("place", "line"))
"""The log's entries."""

SEALED = Table("sealed", ("name", "bytes"))
"""What the desk sent: `summary/<tip>` as first fetched, and `item/<tip>/<id>`, which are sealed; and `rows/<digest>`,
what the index says of a day, until the days that have changed are all here. `renewed/<tip>` is the summary that the log
explains in the place of the one that is kept, until it was looked into."""

TABLES = (
    FACT,
    DAY,
    TIP,
    ITEM,
    WITHDRAWAL,
    LACK,
    KNOWN,
    FIRST,
    OPENED,
    ADDED,
    ASKED,
    UNSENT,
    ENTRY,
    SEALED,
    LOOKED,
    FOREIGN,
    SEEN,
    ASIDE,
    PURGED,
    SLOW,
    EXCHANGED,
    LETTING,
)
