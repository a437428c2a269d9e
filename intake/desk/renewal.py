"""Renewals in the store: another identity and summary of a tip, where it still has the one that the request says."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import PreconditionFailed

from intake.protocol import limits
from intake.protocol.renewal import Renewals, Renewed, may_renew
from intake.protocol.roster import Roster
from intake.protocol.wire import WireError
from intake.storage.tables import Tip


def are_for(renewals: Renewals, renewed: Iterable[Renewed], who: str, roster: Roster) -> bool:
    """Whether each summary is for as many people as may read it: all reviewers of now, or those whom it names.

    Those must be reviewers, and `who` (key id) renews among them. Who can open a summary nobody sees who can't.
    """
    reviewers = {member.card.key_id for member in roster.reviewers}
    readers = set(renewals.readers) or reviewers
    return who in readers <= reviewers and all(each.readers == len(readers) for each in renewed)


def renew_tips(
    session: Session, renewals: Renewals, renewed: Sequence[Renewed], who: str, roster: Roster
) -> tuple[list[str], int]:
    """Renew what may be renewed by this member (key id); returns the other tips, and how many bytes are more.

    Raises `PreconditionFailed` if anything is there already: that it was put there otherwise must not be in the log.
    `WireError` if a summary is larger than it may be.
    """
    wanted = {bytes.fromhex(each.tip): (each, new) for each, new in zip(renewals.renewals, renewed, strict=True)}
    columns = Tip.id, Tip.header, Tip.payload, Tip.readers, Tip.renewals
    kept = {row.id: row for row in session.execute(select(*columns).where(Tip.id.in_(wanted)))}
    revoked = sum(member.until is not None for member in roster.members)
    others, more = [], 0
    for name, (each, new) in wanted.items():
        _, header, payload, readers, before = kept.get(name, (name, b"", b"", None, 0))
        digests = sha256(header).hexdigest(), sha256(payload).hexdigest()
        if digests == (each.header, each.payload):
            raise PreconditionFailed
        # Of what is restricted, those who verify the log go on from that until an entry says that it is opened again.
        is_said = bool(renewals.readers) or renewals.opens == (readers is not None)
        may = is_said and _may(who, readers, roster) and may_renew(before, revoked)
        if digests != (each.old_header, each.old_payload) or not may:
            others.append(each.tip)
            continue
        if len(new.header) + len(new.payload) > limits.SUMMARY:
            raise WireError("a summary would be larger than it may be")
        values = {"header": new.header, "payload": new.payload, "recipient": new.recipient, "renewals": before + 1}
        only = " ".join(renewals.readers) or None
        session.execute(update(Tip).where(Tip.id == name).values(**values, readers=only))
        more += max(len(new.header) + len(new.payload) - len(header) - len(payload), 0)
    return others, more


def _may(who: str, readers: str | None, roster: Roster) -> bool:
    """Whether a member renews what is restricted to these; once none of them is left, any reviewer does."""
    if readers is None:
        return True
    left = {member.card.key_id for member in roster.reviewers}.intersection(readers.split())
    return who in left or not left
