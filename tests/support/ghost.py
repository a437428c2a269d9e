"""Somebody who was never let in, and stands in the store as a reviewer all the same."""

from datetime import UTC, datetime

from sqlalchemy import select

from crypto.age import HybridIdentity
from crypto.merkle import leaf_hash
from crypto.note import SigningKey
from intake.keeper import Keeper
from intake.protocol.actions import Action
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import OPERATOR, Entry
from intake.storage.tables import LogEntry, LogHead


def ghost() -> Entry:
    """An entry as the operator would have made it."""
    card = issue_card(Role.REVIEWER, SigningKey.generate("ghost"), HybridIdentity.generate())
    at = datetime.now(UTC).replace(microsecond=0)
    return Entry(at, OPERATOR, Action.ENROL, (f"member/{card.key_id}",), card=card.text)


def add_ghost(server: Keeper) -> None:
    """Behind the last entry, with a head that counts it and bears an older one's signature."""
    line = ghost().to_bytes()
    with server.store.writing() as session:
        head = session.scalars(select(LogHead).order_by(LogHead.size.desc()).limit(1)).one()
        session.add(LogEntry(index=head.size, leaf=leaf_hash(line), body=line, rules=True))
        forged = head.checkpoint.replace(b"\n%d\n" % head.size, b"\n%d\n" % (head.size + 1))
        session.add(LogHead(size=head.size + 1, checkpoint=forged, frontier=head.frontier))
