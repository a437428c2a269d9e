"""The next item of a source: signed, numbered, bound to the one before, and sealed to the tip.

Which one is the next is kept with the tip, sealed to the source, and opened with the seed of the request. It is read
and written in the transaction that stores the item, so that two windows don't get the same number. That
takes a few milliseconds, whatever is sent: files are sealed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from crypto.age import AgeError, HybridIdentity, parse_recipient, unseal
from crypto.codename import Seed
from intake.protocol.kinds import Kind
from intake.report.beginning import NOTHING_YET, Writer, follow, identity_of
from intake.report.documents import read_one
from intake.report.payloads import Chain, FromSource, PayloadFormatError
from intake.storage.tables import Item, Tip


class TipGoneError(Exception):
    """A tip was withdrawn, or its time was over, while something for it arrived."""


@dataclass(frozen=True, slots=True)
class KnownTip:
    """What it takes to add to a tip."""

    id: bytes
    recipient: str


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
    # Its own of now: reviewers may have given it another since this request began.
    writer = Writer(seed, identity, tip.id, parse_recipient(row.recipient))
    following = follow(writer, _newest(identity, row.chain), name, payload, heard)
    row.chain = following.chain
    item = item_of(tip.id, name, payload, day, following.sealed)
    session.add(item)
    return (item,)


def item_of(tip: bytes, name: bytes, payload: FromSource, day: date, sealed: bytes) -> Item:
    """The row of what a source sent."""
    return Item(id=name, tip_id=tip, kind=Kind(payload.stored_as), day=day, size=len(sealed), sealed=sealed)


def _newest(identity: HybridIdentity, sealed: bytes | None) -> Chain:
    """What the chain ends with. One that can't be opened begins anew: reviewers see that, and no word is lost."""
    if sealed is None:
        return NOTHING_YET
    try:
        return read_one(unseal(sealed, [identity]), Chain)
    except (AgeError, PayloadFormatError):
        return NOTHING_YET
