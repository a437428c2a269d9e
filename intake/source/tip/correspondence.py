"""What a source sends, sealed and stored; and the replies, opened again in memory."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable

from crypto.age import AgeError, HybridIdentity, HybridRecipient, unseal
from crypto.codename import Seed
from intake.protocol.kinds import Kind
from intake.report.beginning import begin, identity_of
from intake.report.documents import read_one
from intake.report.events import TO_SOURCE, ConsentRequest
from intake.report.payloads import (
    ASKED,
    ENDED,
    SLOWLY,
    STAYS,
    WAIT_DAYS,
    About,
    Addition,
    ConsentAnswer,
    Deletion,
    FromSource,
    Leaving,
    Message,
    Opened,
    PayloadFormatError,
    Reply,
    Report,
)
from intake.report.signed import sign_withdrawal, source_key
from intake.server import Server
from intake.source.tip.chain import KnownTip, append, item_of
from intake.storage.removal import remove_tips
from intake.storage.store import Forgotten, Transaction
from intake.storage.tables import Base, Item, TakenBack, Tip, Withdrawal

_ITEM_ID = b"intake source item v1"

# Made once: to make one takes longer than to run it.
_TABLES = {kind: Base.metadata.tables[kind.__tablename__] for kind in (Tip, Item)}
_INSERTS = {kind: insert(table) for kind, table in _TABLES.items()}
_COLUMNS = {kind: tuple(table.c.keys()) for kind, table in _TABLES.items()}
_TIPS, _ITEMS = _TABLES[Tip].c, _TABLES[Item].c
_TAKEN = Base.metadata.tables[TakenBack.__tablename__].c
_TIP_OF_WORDS = select(_TIPS.id, _TIPS.recipient).where(_TIPS.lookup == bindparam("lookup"))
_REPLIES = select(_ITEMS.id, _ITEMS.day, _ITEMS.sealed).where(
    _ITEMS.tip_id == bindparam("tip"), _ITEMS.kind == Kind.REPLY
)

_TAKEN_BACK = select(_TAKEN.day).where(_TAKEN.tip_id == bindparam("tip"), _TAKEN.day.is_not(None)).order_by(_TAKEN.day)

_LEAVING = select(_TIPS.leaving).where(_TIPS.id == bindparam("tip"))
_SLOWLY = select(_TIPS.slowly).where(_TIPS.id == bindparam("tip"))


class NoReviewersError(ServiceUnavailable):
    """Nobody is enrolled who could open a report."""


class Arrival(Enum):
    """What became of a report."""

    STORED = auto()
    SENT_BEFORE = auto()
    """The same form, a second time."""
    OTHER_REPORT = auto()
    """This codename has a report already, and it is not this one. Nothing was stored."""


@dataclass(frozen=True, slots=True, repr=False)
class Dated:
    """What the team has sealed to the source, its id and its day. `written`: None if it can't be opened."""

    id: bytes
    day: date
    written: Reply | ConsentRequest | None

    @property
    def text(self) -> str | None:
        """What it says to the source."""
        match self.written:
            case ConsentRequest(words=text) | Reply(text=text):
                return text
            case None:
                return None

    @property
    def order(self) -> tuple[int, date]:
        """Grows from one reply to the next; only from day to day among those from before replies had numbers."""
        return 0 if self.written is None else self.written.number, self.day


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """What the team has answered, in its order, and the first day on which somebody opened the report.

    `taken_back`: the days on which it took back a reply that was there; `leaving`: the day on which the report goes, if
    its source has asked for that.
    """

    written: Sequence[Dated]
    opened: date | None
    taken_back: Sequence[date] = ()
    leaving: date | None = None

    @property
    def replies(self) -> Sequence[Dated]:
        """What is to be read."""
        return [each for each in self.written if not isinstance(each.written, ConsentRequest)]

    @property
    def questions(self) -> Mapping[bytes, ConsentRequest]:
        """By id, what the source is asked: as it was worded last, unless that was taken back."""
        asked = {each.id: each.written for each in self.written if isinstance(each.written, ConsentRequest)}
        passed = {(other.request, seen) for other in asked.values() for seen in other.seen}
        return {
            item: request
            for item, request in asked.items()
            if not request.taken_back and (request.request, item.hex()) not in passed
        }

    @property
    def heard(self) -> Sequence[bytes]:
        """The ids of the newest of it: what the source writes now comes after them."""
        newest = max((each.order for each in self.written), default=None)
        return sorted(each.id for each in self.written if each.order == newest)

    def wordings(self, item: bytes) -> Sequence[bytes]:
        """The ids of all that was ever asked with this question: with what it was before it was worded anew, too."""
        asked = {each.id: each.written.request for each in self.written if isinstance(each.written, ConsentRequest)}
        return [other for other in asked if asked[other] == asked.get(item)] or [item]


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A stored blob, and what its content is: true size in bytes, SHA-256 in hex."""

    blob: str
    size_sealed: int
    size: int
    sha256: str


def require_reviewers(server: Server) -> None:
    """Raise `NoReviewersError` if there is nobody to seal a report to, `LogDamagedError` if that can't be told."""
    with server.store.reading() as session:
        _recipients(server, session)


def find_before_report(server: Server, seed: Seed) -> KnownTip | None:
    """The tip of a codename that a report is about to be written with; `NoReviewersError` if nobody could open one."""
    with server.store.reading() as session:
        _recipients(server, session)
        return _find(session, seed)


def find(server: Server, seed: Seed) -> KnownTip | None:
    """The tip of a codename; one look-up, whether there is one or not."""
    with server.store.reading() as session:
        return _find(session, seed)


def receive_report(server: Server, seed: Seed, report: Report, token: str, chosen: Leaving | None = None) -> Arrival:
    """Seal a report and store it with its tip, durably; or find that it is there.

    `chosen`: that withdrawing it shall take some days, or that no words lead to it; signed and sealed behind it.
    """
    try:
        return _receive_report(server, seed, report, token, chosen)
    except IntegrityError:
        # Another request of this codename was faster. SQLite makes them wait for each other, PostgreSQL does not.
        return _receive_report(server, seed, report, token, chosen)


def receive(server: Server, seed: Seed, tip: KnownTip, payload: Addition | Message | ConsentAnswer, token: str) -> None:
    """Sign, seal and store what a form brought, durably. Sending the same again changes nothing."""
    _append_once(server, seed, tip, item_id(seed, token, payload.padded()), payload)


def receive_file(server: Server, seed: Seed, tip: KnownTip, about: About, file: SealedFile, token: str) -> None:
    """Store a file that is sealed already, and what is said about it. Sending the same again changes nothing."""
    described = item_id(seed, token, about.padded())
    name = item_id(seed, token, b"content", described)
    content = Item(id=name, tip_id=tip.id, kind=Kind.CONTENT, day=server.today(), size=file.size_sealed, blob=file.blob)
    stored = False
    try:
        stored = _append_once(server, seed, tip, described, replace(about, content=name.hex()), content)
    finally:
        if not stored:
            server.blobs.remove(file.blob)


def answered(server: Server, seed: Seed) -> Answered | None:
    """What the team has sealed to whoever has this codename; None if it has no tip. One look-up either way."""
    with server.store.reading() as session:
        tip = _find(session, seed)
        if tip is None:
            return None
        rows = session.execute(_REPLIES, {"tip": tip.id}).all()
        taken_back = session.scalars(_TAKEN_BACK, {"tip": tip.id}).all()
        leaving = session.scalar(_LEAVING, {"tip": tip.id})
    found = _answered(seed, rows)
    return replace(found, taken_back=[day for day in taken_back if day is not None], leaving=leaving)


def delete_reply(server: Server, seed: Seed, tip: KnownTip, item: bytes) -> Forgotten | None:
    """Delete a reply to this tip for good, and sign that; None if there is none with this id.

    With a question goes what it was before it was worded anew: that would stand there again.
    """
    written = _read(server, seed, tip)
    found = False
    with server.store.in_order(last=True) as session:
        for name in written.wordings(item):
            wanted = delete(Item).where(Item.id == name, Item.tip_id == tip.id, Item.kind == Kind.REPLY)
            if session.scalar(wanted.returning(Item.id)) is not None:
                found = True
                _append(session, server, seed, tip, secrets.token_bytes(16), Deletion(name.hex()), written.heard)
    return server.store.forget() if found else None


def withdraw(server: Server, seed: Seed, tip: KnownTip) -> Forgotten:
    """Delete a tip for good, with everything that belongs to it. The source's signature of that remains.

    Nothing remains of a tip that still waited for its gate: nobody misses it, and that it was there tells when.
    """
    signature = sign_withdrawal(source_key(seed), tip.id.hex())

    def word(session: Session) -> Withdrawal | None:
        now = server.log.time(session)
        shows = session.scalar(select(Tip.id).where(Tip.id == tip.id, server.gate.shown(now, Tip.id)))
        return None if shows is None else Withdrawal(tip_id=tip.id, day=now.date(), signature=signature)

    return remove_tips(server.store, server.blobs, Tip.id == tip.id, leaving=word).forgotten


def leave_slowly(server: Server, seed: Seed, tip: KnownTip) -> Forgotten | date:
    """Withdraw a tip at once, or, where its source has chosen so when it sent it, after some days: on which one.

    Until then the source can take that back. Its signature waits with the tip.
    """
    heard = _read(server, seed, tip).heard
    with server.store.in_order(last=True) as session:
        row = session.get(Tip, tip.id, with_for_update=True)
        if row is None or not row.slowly:
            found = None
        elif row.leaving is not None:
            found = row.leaving
        else:
            found = row.leaving = server.log.time(session).date() + timedelta(days=WAIT_DAYS)
            row.word = sign_withdrawal(source_key(seed), tip.id.hex())
            _append(session, server, seed, tip, secrets.token_bytes(16), Leaving(ASKED), heard)
    return withdraw(server, seed, tip) if found is None else found


def stay(server: Server, seed: Seed, tip: KnownTip) -> bool:
    """Take back that a tip is to be withdrawn; False if that wasn't asked."""
    heard = _read(server, seed, tip).heard
    with server.store.in_order(last=True) as session:
        row = session.get(Tip, tip.id, with_for_update=True)
        if row is None or row.leaving is None:
            return False
        row.leaving = row.word = None
        _append(session, server, seed, tip, secrets.token_bytes(16), Leaving(STAYS), heard)
    return True


def end_code(server: Server, seed: Seed, tip: KnownTip) -> Forgotten | None:
    """Keep a tip and end its code: nobody comes back with it any more, and no reply can be read. None if it is gone.

    A withdrawal that waits is taken back: whoever extorted the code must not have both.
    """
    heard = _read(server, seed, tip).heard
    with server.store.in_order(last=True) as session:
        row = session.get(Tip, tip.id, with_for_update=True)
        if row is None:
            return None
        _append(session, server, seed, tip, secrets.token_bytes(16), Leaving(ENDED), heard)
        row.leaving = row.word = row.chain = None
        # Nobody has a code that leads to this.
        row.lookup = secrets.token_bytes(len(row.lookup))
    return server.store.forget()


def withdraw_latecomer(server: Server, seed: Seed) -> Forgotten | None:
    """Withdraw a report that was sent twice, and arrived again behind its withdrawal; None if there is none."""
    tip = find(server, seed)
    return None if tip is None else withdraw(server, seed, tip)


def item_id(seed: Seed, token: str, *parts: bytes) -> bytes:
    """The 16-byte id of what a form with this token brought.

    It covers what was written, so that going back, changing the text and sending it again stores the new text too.
    Nothing can be tested against it without the lookup key and the token, of which the latter is nowhere kept.
    """
    digest = hashlib.sha256(_ITEM_ID)
    for part in (seed.lookup_key(), token.encode(), *parts):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()[:16]


def _receive_report(server: Server, seed: Seed, report: Report, token: str, chosen: Leaving | None) -> Arrival:
    item = item_id(seed, token, report.padded())
    with server.store.in_order() as session:
        # What is found and written here are rows: the bookkeeping of objects is for those that change.
        rows = session.connection()
        if _find(rows, seed) is not None:
            return Arrival.OTHER_REPORT if session.get(Item, item) is None else Arrival.SENT_BEFORE
        # Once: the day that it bears and the gate that it waits for must not lie on both sides of a midnight.
        now = server.log.time(session)
        tip = secrets.token_bytes(16)
        begun = begin(seed, report, tip, item, _recipients(server, session))
        row = Tip(
            id=tip,
            day=now.date(),
            recipient=begun.recipient,
            lookup=begun.lookup,
            header=begun.summary.header,
            payload=begun.summary.payload,
            chain=begun.first.chain,
            slowly=chosen == Leaving(SLOWLY),
            renewals=0,
        )
        first = item_of(tip, item, report, now.date(), begun.first.sealed)
        for added in (row, first):
            rows.execute(_INSERTS[type(added)], {column: getattr(added, column) for column in _COLUMNS[type(added)]})
        behind: Sequence[Item] = ()
        if chosen is not None:
            known, name = KnownTip(tip, begun.recipient), item_id(seed, token, chosen.says.encode())
            behind = append(session, seed, known, name, chosen, now.date())
        server.gate.hide(session, now, [row, first, *behind])
    return Arrival.STORED


def is_slow(server: Server, tip: KnownTip) -> bool:
    """Whether withdrawing this tip takes some days."""
    with server.store.reading() as session:
        return bool(session.scalar(_SLOWLY, {"tip": tip.id}))


def _recipients(server: Server, session: Transaction) -> Sequence[HybridRecipient]:
    recipients = server.members.roster(session).recipients
    if not recipients:
        raise NoReviewersError
    return recipients


def _find(session: Transaction, seed: Seed) -> KnownTip | None:
    row = session.execute(_TIP_OF_WORDS, {"lookup": seed.lookup_key()}).one_or_none()
    return None if row is None else KnownTip(*row)


def _append_once(server: Server, seed: Seed, tip: KnownTip, name: bytes, payload: FromSource, *with_it: Item) -> bool:
    """Store the source's next item, and what belongs to it, durably; False if it is there already."""
    heard = _read(server, seed, tip).heard
    with server.store.in_order() as session:
        return _append(session, server, seed, tip, name, payload, heard, *with_it)


def _append(
    session: Session,
    server: Server,
    seed: Seed,
    tip: KnownTip,
    name: bytes,
    payload: FromSource,
    heard: Sequence[bytes],
    *with_it: Item,
) -> bool:
    """Add the source's next item and what belongs to it; reviewers see both from the next gate on."""
    now = server.log.time(session)
    added = append(session, seed, tip, name, payload, now.date(), heard)
    if added:
        session.add_all(with_it)
        server.gate.hide(session, now, [*added, *with_it])
    return bool(added)


def _read(server: Server, seed: Seed, tip: KnownTip) -> Answered:
    with server.store.reading() as session:
        rows = session.execute(_REPLIES, {"tip": tip.id}).all()
    return _answered(seed, rows)


def _answered(seed: Seed, rows: Iterable[Any]) -> Answered:
    identity = identity_of(seed)
    documents = [(item, day, _open(identity, sealed or b"")) for item, day, sealed in rows]
    written = [Dated(item, day, each) for item, day, each in documents if not isinstance(each, Opened)]
    opened = min((day for _, day, each in documents if isinstance(each, Opened)), default=None)
    return Answered(sorted(written, key=lambda each: (each.order, each.id)), opened)


def _open(identity: HybridIdentity, sealed: bytes) -> Reply | ConsentRequest | Opened | None:
    try:
        return read_one(unseal(sealed, [identity]), *TO_SOURCE)
    except (AgeError, PayloadFormatError):
        return None
