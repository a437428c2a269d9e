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

from crypto.age import AgeError, HybridIdentity, parse_recipient, seal, unseal
from crypto.codename import Seed
from intake.protocol.kinds import Kind
from intake.report.payloads import Chain, FromSource, PayloadFormatError
from intake.report.signed import Link, SourceItem, source_key
from intake.storage.tables import Item, Tip

_NOTHING_YET = Chain(0, "")


@dataclass(frozen=True, slots=True)
class KnownTip:
    """What it takes to add to a tip."""

    id: bytes
    recipient: str


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

    `heard`: ids of the newest replies that the source could read. `NoResultFound` if the tip was withdrawn meanwhile.
    """
    identity = identity_of(seed)
    row = session.get_one(Tip, tip.id, with_for_update=True)
    if session.get(Item, name) is not None:
        return ()
    newest = _newest(identity, row.chain)
    link = Link(tip.id.hex(), name.hex(), newest.number + 1, newest.previous, tuple(reply.hex() for reply in heard))
    document = SourceItem(payload, link).signed_by(source_key(seed)).padded()
    sealed = seal(document, [parse_recipient(tip.recipient)])
    row.chain = seal(Chain(link.number, sha256(sealed).hexdigest()).padded(), [identity.recipient])
    item = Item(id=name, tip_id=tip.id, kind=Kind(payload.kind), day=day, size=len(sealed), sealed=sealed)
    session.add(item)
    return (item,)


def _newest(identity: HybridIdentity, sealed: bytes | None) -> Chain:
    """What the chain ends with. One that can't be opened begins anew: reviewers see that, and no word is lost."""
    if sealed is None:
        return _NOTHING_YET
    try:
        return Chain.from_json(unseal(sealed, [identity]))
    except (AgeError, PayloadFormatError):
        return _NOTHING_YET
