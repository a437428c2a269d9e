"""Headers of summaries in the store: exchanged where they still are what the request says, and nowhere else."""

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import PreconditionFailed

from crypto.age import split
from intake.desk.restriction import is_for
from intake.protocol import limits
from intake.protocol.manifest import Manifest
from intake.protocol.wire import WireError
from intake.storage.tables import Tip


def exchange_headers(session: Session, manifest: Manifest, headers: Iterable[bytes], who: str) -> tuple[list[str], int]:
    """Exchange headers for a member (key id); returns the tips of which that was not done, and how many bytes are more.

    Those have another header by now, are gone, or are restricted to others. Raises `PreconditionFailed` if anything is
    there already: that it took the place of something else must not be in the log. `WireError` if a header is for more
    or fewer people than it may be: as many as the one before, and one more where somebody is let in. Who they are,
    nobody can see who can't open it.
    """
    wanted = {bytes.fromhex(each.tip): (each, header) for each, header in zip(manifest.exchanges, headers, strict=True)}
    rows = session.execute(select(Tip.id, Tip.header, Tip.payload, Tip.readers).where(Tip.id.in_(wanted)))
    kept = {name: (header, len(payload), readers) for name, header, payload, readers in rows}
    others, more = [], 0
    for name, (each, header) in wanted.items():
        before, payload, readers = kept.get(name, (b"", 0, None))
        digest = sha256(before).hexdigest()
        if digest == each.new:
            raise PreconditionFailed
        # Nobody is let into what is restricted to some: that takes a renewal, which names them.
        may = is_for(readers, who) and not (readers and manifest.whom)
        if digest != each.old or not may:
            others.append(each.tip)
            continue
        _require_fit(before, header, payload, let_in=bool(manifest.whom))
        session.execute(update(Tip).where(Tip.id == name).values(header=header))
        more += max(len(header) - len(before), 0)
    return others, more


def readers_of(data: bytes) -> int:
    """To how many people a sealed file is, 0 for what is none."""
    header = split(data).header
    return _stanzas(header)


def _stanzas(header: bytes) -> int:
    """How many there are in a header that was read before: nothing else in it begins a line so."""
    return header.count(b"\n-> ")


def _require_fit(before: bytes, header: bytes, payload: int, *, let_in: bool) -> None:
    if _stanzas(header) != _stanzas(before) + let_in:
        raise WireError("a header is for more or fewer people than it may be")
    if len(header) + payload > limits.SUMMARY:
        raise WireError("a summary would be larger than it may be")
