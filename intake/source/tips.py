"""What a source sends, sealed and stored; and the replies, opened again in memory."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable

from crypto.age import AgeError, HybridIdentity, HybridRecipient, parse_recipient, seal, unseal
from crypto.codename import Seed
from intake.report.definition import load_form
from intake.report.payloads import About, Addition, Message, Opened, PayloadFormatError, Reply, Report, Summary
from intake.server import Server
from intake.source.files import SealedFile
from intake.storage.removal import remove_tips
from intake.storage.store import Forgotten
from intake.storage.tables import Item, Kind, Tip

_ITEM_ID = b"intake source item v1"


class NoReviewersError(ServiceUnavailable):
    """Nobody is enrolled who could open a report."""


class Arrival(Enum):
    """What became of a report."""

    STORED = auto()
    SENT_BEFORE = auto()
    """The same form, a second time."""
    OTHER_REPORT = auto()
    """This codename has a report already, and it is not this one. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class KnownTip:
    """What it takes to add to a tip."""

    id: bytes
    recipient: str


@dataclass(frozen=True, slots=True, repr=False)
class DatedReply:
    """A reply, its id and its day; `text` is None if it can't be opened."""

    id: bytes
    day: date
    text: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """What the team has answered, newest first, and the first day on which somebody opened the report."""

    replies: Sequence[DatedReply]
    opened: date | None


def require_reviewers(server: Server) -> None:
    """Raise `NoReviewersError` if there is nobody to seal a report to."""
    with server.store.reading() as session:
        _recipients(server, session)


def find(server: Server, seed: Seed) -> KnownTip | None:
    """The tip of a codename; one look-up, whether there is one or not."""
    with server.store.reading() as session:
        return _find(session, seed)


def receive_report(server: Server, seed: Seed, report: Report, token: str) -> Arrival:
    """Seal a report and store it with its tip, durably; or find that it is there."""
    try:
        return _receive_report(server, seed, report, token)
    except IntegrityError:
        # Another request of this codename was faster. SQLite makes them wait for each other, PostgreSQL does not.
        return _receive_report(server, seed, report, token)


def receive(server: Server, seed: Seed, tip: KnownTip, payload: Addition | Message, token: str) -> None:
    """Seal an addition or a message and store it, durably. Sending the same again changes nothing."""
    # The id does not depend on the place, which is another one when the same is sent again.
    name = item_id(seed, token, payload.padded())
    with server.store.reading() as session:
        place = session.scalar(select(func.count()).select_from(Item).where(Item.tip_id == tip.id)) or 0
    sealed = seal_to(tip, replace(payload, place=place).padded())
    _store_once(server, _item(server, tip, name, Kind(payload.kind), sealed))


def receive_file(server: Server, seed: Seed, tip: KnownTip, about: About, file: SealedFile, token: str) -> None:
    """Store a file that is sealed already, and what is said about it. Sending the same again changes nothing."""
    described = item_id(seed, token, about.padded())
    content = item_id(seed, token, b"content", described)
    stored = False
    try:
        document = replace(about, content=content.hex()).padded()
        stored = _store_once(
            server,
            _item(server, tip, described, Kind.ABOUT, seal_to(tip, document)),
            Item(
                id=content, tip_id=tip.id, kind=Kind.CONTENT, day=server.today(), size=file.size_sealed, blob=file.blob
            ),
        )
    finally:
        if not stored:
            server.blobs.remove(file.blob)


def answered(server: Server, seed: Seed, tip: KnownTip) -> Answered:
    """What the team has sealed to the source."""
    identity = HybridIdentity.from_seed(seed.identity_seed())
    wanted = select(Item.id, Item.day, Item.sealed).where(Item.tip_id == tip.id, Item.kind == Kind.REPLY)
    with server.store.reading() as session:
        rows = session.execute(wanted.order_by(Item.day.desc(), Item.id)).all()
    opened = [(item, day, _open(identity, sealed or b"")) for item, day, sealed in rows]
    return Answered(
        replies=[
            DatedReply(item, day, reply.text if reply else None)
            for item, day, reply in opened
            if not isinstance(reply, Opened)
        ],
        opened=min((day for _, day, reply in opened if isinstance(reply, Opened)), default=None),
    )


def delete_reply(server: Server, tip: KnownTip, item: bytes) -> Forgotten | None:
    """Delete a reply to this tip for good; None if there is none with this id."""
    wanted = delete(Item).where(Item.id == item, Item.tip_id == tip.id, Item.kind == Kind.REPLY)
    with server.store.writing(last=True) as session:
        found: bool = session.execute(wanted).rowcount == 1  # type: ignore[attr-defined]
    return server.store.forget() if found else None


def withdraw(server: Server, tip: KnownTip) -> Forgotten:
    """Delete a tip for good, with everything that belongs to it."""
    return remove_tips(server.store, server.blobs, Tip.id == tip.id).forgotten


def item_id(seed: Seed, token: str, *parts: bytes) -> bytes:
    """The 16-byte id of what a form with this token brought.

    It covers what was written, so that going back, changing the text and sending it again stores the new text too.
    Nothing can be tested against it without the lookup key and the token, of which the latter is nowhere kept.
    """
    digest = hashlib.sha256(_ITEM_ID)
    for part in (seed.lookup_key(), token.encode(), *parts):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()[:16]


def seal_to(tip: KnownTip, document: bytes) -> bytes:
    """A document, sealed to whoever has the tip's identity."""
    return seal(document, [parse_recipient(tip.recipient)])


def _receive_report(server: Server, seed: Seed, report: Report, token: str) -> Arrival:
    document = report.padded()
    item = item_id(seed, token, document)
    with server.store.writing() as session:
        if _find(session, seed) is not None:
            return Arrival.OTHER_REPORT if session.get(Item, item) is None else Arrival.SENT_BEFORE
        identity = HybridIdentity.generate()
        tip = KnownTip(secrets.token_bytes(16), str(identity.recipient))
        summary = seal(_summary(seed, identity, report).padded(), _recipients(server, session))
        row = Tip(
            id=tip.id, day=server.log.day(session), summary=summary, recipient=tip.recipient, lookup=seed.lookup_key()
        )
        session.add(row)
        session.flush()
        first = _item(server, tip, item, Kind.REPORT, seal_to(tip, document))
        session.add(first)
        server.gate.hide(session, server.log.time(session), [row, first])
    return Arrival.STORED


def _summary(seed: Seed, identity: HybridIdentity, report: Report) -> Summary:
    source = HybridIdentity.from_seed(seed.identity_seed()).recipient
    answers = load_form().complete(report.answers)
    return Summary((str(identity),), str(source), report.language, report.form, answers)


def _recipients(server: Server, session: Session) -> Sequence[HybridRecipient]:
    recipients = server.log.roster(session).recipients
    if not recipients:
        raise NoReviewersError
    return recipients


def _find(session: Session, seed: Seed) -> KnownTip | None:
    row = session.execute(select(Tip.id, Tip.recipient).where(Tip.lookup == seed.lookup_key())).one_or_none()
    return None if row is None else KnownTip(*row)


def _item(server: Server, tip: KnownTip, name: bytes, kind: Kind, sealed: bytes) -> Item:
    return Item(id=name, tip_id=tip.id, kind=kind, day=server.today(), size=len(sealed), sealed=sealed)


def _store_once(server: Server, *items: Item) -> bool:
    """Store items that belong together, durably; False if the first is there already."""
    try:
        with server.store.writing() as session:
            if session.get(Item, items[0].id) is not None:
                return False
            session.add_all(items)
            server.gate.hide(session, server.log.time(session), items)
    except IntegrityError:
        with server.store.reading() as session:
            if session.get(Item, items[0].id) is not None:
                return False
        raise
    return True


def _open(identity: HybridIdentity, sealed: bytes) -> Reply | Opened | None:
    try:
        document = unseal(sealed, [identity])
    except AgeError:
        return None
    for kind in (Reply, Opened):
        with suppress(PayloadFormatError):
            return kind.from_json(document)
    return None
