"""Headers of summaries in the store: exchanged where they still are what the request says, and nowhere else."""

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crypto.age import split
from intake.protocol import limits
from intake.protocol.manifest import Manifest
from intake.protocol.wire import WireError
from intake.storage.tables import Tip


def exchange_headers(session: Session, manifest: Manifest, headers: Iterable[bytes]) -> tuple[list[str], int]:
    """Exchange headers; returns the tips that have another header by now, or are gone, and how many bytes are more.

    What is exchanged already stays so. `WireError` if a header is for more or fewer people than it may be: as many as
    the one before, and one more where somebody is let in. Who they are, nobody can see who can't open it.
    """
    wanted = {bytes.fromhex(each.tip): (each, header) for each, header in zip(manifest.exchanges, headers, strict=True)}
    kept = {name: (header, size) for name, header, size in _kept(session, wanted, let_in=bool(manifest.whom))}
    others, new, more = [], [], 0
    for name, (each, header) in wanted.items():
        before, payload = kept.get(name, (b"", 0))
        digest = sha256(before).hexdigest()
        if digest not in (each.old, each.new):
            others.append(each.tip)
        elif digest == each.old:
            _require_fit(before, header, payload, let_in=bool(manifest.whom))
            new.append({"id": name, "header": header})
            more += max(len(header) - len(before), 0)
    if new:
        # By primary key, many in one statement ("ORM Bulk UPDATE by Primary Key" in SQLAlchemy's manual).
        session.execute(update(Tip), new)
    return others, more


def readers_of(data: bytes) -> int:
    """To how many people a sealed file is, 0 for what is none."""
    header = split(data).header
    return _stanzas(header)


def _kept(session: Session, names: Iterable[bytes], *, let_in: bool) -> Iterable[tuple[bytes, bytes, int]]:
    """Nobody is let into what is restricted to some: that takes a renewal, which names them."""
    wanted = select(Tip.id, Tip.header, Tip.payload).where(Tip.id.in_(names))
    rows = session.execute(wanted.where(Tip.readers.is_(None)) if let_in else wanted)
    return [(name, header, len(payload)) for name, header, payload in rows]


def _stanzas(header: bytes) -> int:
    """How many there are in a header that was read before: nothing else in it begins a line so."""
    return header.count(b"\n-> ")


def _require_fit(before: bytes, header: bytes, payload: int, *, let_in: bool) -> None:
    if _stanzas(header) != _stanzas(before) + let_in:
        raise WireError("a header is for more or fewer people than it may be")
    if len(header) + payload > limits.SUMMARY:
        raise WireError("a summary would be larger than it may be")
