"""The next item of a source: signed, numbered, bound to the one before, and sealed to the tip.

Which one is the next is kept with the tip, sealed to the source, and opened with the seed of the request. It is read
and written in the transaction that stores the item, so that two windows don't get the same number. That
takes a few milliseconds, whatever is sent: files are sealed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy.orm import Session

from crypto.age import AgeError, HybridIdentity, Recipient, parse_recipient, seal, unseal
from crypto.codename import Seed
from intake.protocol.kinds import Kind
from intake.report.documents import read_one
from intake.report.payloads import Chain, FromSource, PayloadFormatError
from intake.report.signed import Link, SourceItem, source_key
from intake.storage.tables import Item, Tip

_NOTHING_YET = Chain(0, "")


class TipGoneError(Exception):
    """A tip was withdrawn, or its time was over, while something for it arrived."""


@dataclass(frozen=True, slots=True)
class KnownTip:
    """What it takes to add to a tip."""

    id: bytes
    recipient: str


@dataclass(frozen=True, slots=True, repr=False)
class Writer:
    """A source that writes to a tip: its seed, what replies to it are sealed to, and the tip's id and recipient."""

    seed: Seed
    identity: HybridIdentity
    tip: bytes
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Following:
    """An item that goes on with a chain, and what the chain then ends with, sealed to the source."""

    item: Item
    chain: bytes


def identity_of(seed: Seed) -> HybridIdentity:
    """What replies are sealed to."""
    return HybridIdentity.from_seed(seed.identity_seed())


def append(
    session: Session,
    seed: Seed,
    tip: KnownTip,
    name: bytes,
    payload: FromSource,
    day: date,
    heard: Sequence[bytes] = (),
) -> Sequence[Item]:
    """Add the source's next item to a tip, under this id, and return it; nothing if there is one of this id.

    `heard`: ids of the newest replies that the source could read. `TipGoneError` if it was withdrawn meanwhile.
    """
    identity = identity_of(seed)
    row = session.get(Tip, tip.id, with_for_update=True)
    if row is None:
        raise TipGoneError
    if session.get(Item, name) is not None:
        return ()
    writer = Writer(seed, identity, tip.id, parse_recipient(tip.recipient))
    following = _follow(writer, _newest(identity, row.chain), name, payload, day, heard)
    row.chain = following.chain
    session.add(following.item)
    return (following.item,)


def begin(writer: Writer, name: bytes, payload: FromSource, day: date) -> Following:
    """The first item of a tip that is about to be stored."""
    return _follow(writer, _NOTHING_YET, name, payload, day, ())


def _follow(
    writer: Writer, newest: Chain, name: bytes, payload: FromSource, day: date, heard: Sequence[bytes]
) -> Following:
    link = Link(writer.tip.hex(), name.hex(), newest.number + 1, newest.previous, tuple(reply.hex() for reply in heard))
    sealed = seal(SourceItem(payload, link).signed_by(source_key(writer.seed)).padded(), [writer.recipient])
    chain = seal(Chain(link.number, sha256(sealed).hexdigest()).padded(), [writer.identity.recipient])
    item = Item(id=name, tip_id=writer.tip, kind=Kind(payload.kind), day=day, size=len(sealed), sealed=sealed)
    return Following(item, chain)


def _newest(identity: HybridIdentity, sealed: bytes | None) -> Chain:
    """What the chain ends with. One that can't be opened begins anew: reviewers see that, and no word is lost."""
    if sealed is None:
        return _NOTHING_YET
    try:
        return read_one(unseal(sealed, [identity]), Chain)
    except (AgeError, PayloadFormatError):
        return _NOTHING_YET
