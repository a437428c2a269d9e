"""What a tip is opened from beside the key: as the server shows it, as it was first, and what the log says of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from intake.protocol.clock import Correction, LogClock
from intake.protocol.index import ItemRow, TipRow
from intake.protocol.logstate import LogState
from intake.protocol.readership import Readership
from intake.triage.mirror.added import Added, Author, Authors, Taken
from intake.triage.mirror.exchanged import Exchanges, Link, Step, chain, history, last_renewal, let_in, restricted_by
from intake.triage.mirror.known import Known, parts_of
from intake.triage.reading.renewed import Verdict


@dataclass(frozen=True, slots=True)
class Restriction:
    """By the log: a member restricts a tip to these `readers` (key ids, and what they are called).

    `left`: how many of them are reviewers now; `is_mine`: whether whoever reads here is one of those that it names.
    """

    by: Author
    readers: tuple[str, ...]
    named: tuple[str, ...]
    left: int
    is_mine: bool

    @property
    def says(self) -> str:
        """That it is restricted, in words."""
        *others, last = sorted(self.named)
        named = f"{', '.join(others)} and {last}" if others else last
        return f"Restricted to {named}, by {self.by.name}, on {self.by.at:%Y-%m-%d}."


@dataclass(frozen=True, slots=True)
class Given:
    """All that a tip is opened from beside the key: from two that are equal the same is opened, to the last doubt.

    `row`, `items`: as the desk shows them now, `known`: as they were first; `kept`: SHA-256 (hex) by id of the sealed
    bytes on this machine, the summary's by that of the tip; `me`: the key of whoever reads; `renewed`: what another
    summary is that stands in the place of the kept one. By the log: `reviewers`, how many there were when its summary
    was made; `since`, when `me` was enrolled; `corrections` of its clock; who `made` it; what was `added` to it, in its
    order, `missing`, the ids of what must be here of it and is not, what was `taken` back before the index, what stands
    in the place of what by the `links` of the log, and to whom it is restricted (`restriction`); `place`: how many
    entries it had before the index that shows it, as far as any link lies beyond.
    """

    row: TipRow
    items: tuple[ItemRow, ...]
    known: Known
    kept: Mapping[str, str]
    reviewers: tuple[int, ...]
    since: date
    corrections: tuple[Correction, ...]
    made: Added | None
    added: tuple[Added, ...]
    missing: tuple[str, ...]
    taken: tuple[Taken, ...] = ()
    me: str = ""
    links: tuple[Link, ...] = ()
    place: int = 0
    renewed: Verdict = Verdict.FITS
    restriction: Restriction | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 over every field: a new one can't be forgotten here."""
        return hashlib.sha256(repr(self).encode()).digest()

    @property
    def clock(self) -> LogClock:
        """What the log's clock calls a day."""
        return LogClock(corrections=self.corrections)

    def author(self, item: str) -> Author | None:
        """Who added exactly the bytes that are kept as this item."""
        digest = bytes.fromhex(self.kept.get(item, ""))
        return next((added.author for added in self.added if (added.item, added.digest) == (item, digest)), None)

    @property
    def chain(self) -> Sequence[Step] | None:
        """The steps by which the log explains what the index shows in the place of what is kept; None if none do."""
        return chain(self.links, self.known.parts, parts_of(self.row), self.place)

    @property
    def let_in(self) -> list[Link]:
        """By whom, and when, somebody was let in to read what the index shows."""
        return [link for link in history(self.links, parts_of(self.row)) if link.whom]

    @property
    def readers(self) -> set[int]:
        """To how many people the summary that is kept may be sealed, by the log."""
        more = let_in(self.links, self.known.parts)
        return {count + more for count in self.reviewers}

    @property
    def renewal(self) -> Link | None:
        """The renewal that the summary that is kept comes from, if it does."""
        return last_renewal(self.links, self.known.parts)

    @property
    def is_shut_out(self) -> bool:
        """Whether whoever reads is none of those to whom it is restricted."""
        return self.restriction is not None and not self.restriction.is_mine

    @property
    def first(self) -> str:
        """The id of the item that came with a tip that a member made; empty for a source's."""
        place = -1 if self.made is None else self.made.author.place
        return next((added.item for added in self.added if added.author.place == place), "")

    @property
    def replies(self) -> list[Added]:
        """Everything that was ever sealed to the source, in the order of the log."""
        return [added for added in self.added if added.to_source]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads by a verified log: by which key, since when tips are sealed to it, and where an index was read."""

    me: str
    since: date
    log: LogState
    authors: Authors
    exchanges: Exchanges
    readership: Readership
    place: int

    def given(
        self,
        row: TipRow,
        items: Sequence[ItemRow],
        known: Known,
        kept: Mapping[str, str],
        renewed: Verdict = Verdict.FITS,
    ) -> Given:
        """What a tip is opened from, with all that the log says of it.

        `renewed`: what another summary is that stands in the place of the kept one.
        """
        # Nothing that a reviewer adds is an attachment's content: called that, it would be neither fetched nor shown.
        links = self.exchanges.of(row.id)
        proven, present = self.authors.to(row.id), {item.id for item in items if not item.blob}
        return Given(
            row=row,
            items=tuple(sorted(items, key=lambda item: item.id)),
            known=known,
            kept=dict(sorted(kept.items())),
            reviewers=self._reviewers(row, last_renewal(links, known.parts)),
            since=self.since,
            corrections=self.log.clock.corrections,
            made=proven.made,
            added=proven.added,
            missing=tuple(
                each.item for each in proven.added if each.author.place < self.place and each.item not in present
            ),
            taken=tuple(each for each in proven.taken if each.author.place < self.place),
            me=self.me,
            links=links,
            # What it is costs nobody an opening where nothing follows from it.
            place=min(self.place, links[-1].author.place + 1) if links else 0,
            renewed=renewed,
            restriction=self._restriction(restricted_by(links, parts_of(row))),
        )

    def _reviewers(self, row: TipRow, renewal: Link | None) -> tuple[int, ...]:
        """For how many people a summary was made, by the log."""
        if renewal is not None:
            return (len(renewal.readers or self.readership.at(renewal.author.place)),)
        return tuple(sorted(self.log.roster.reviewer_counts(date.fromisoformat(row.day))))

    def _restriction(self, renewal: Link | None) -> Restriction | None:
        if renewal is None:
            return None
        left = len(self.readership.now.intersection(renewal.readers))
        is_mine = self.me in renewal.readers
        return Restriction(renewal.author, renewal.readers, renewal.readers_named, left, is_mine)
