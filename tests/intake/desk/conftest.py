"""A desk over a real store, and clients that sign."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crypto.age import HybridIdentity
from enrolled import Enrolled
from intake.keeper import Keeper
from intake.protocol.kinds import Kind
from intake.storage.tables import Item, Tip
from signed_client import Client, ClientOf, StoreTip

RECIPIENT = str(HybridIdentity.generate().recipient)


@pytest.fixture
def client(server: Keeper) -> Iterator[ClientOf]:
    """Makes a client for a member."""
    made: list[Client] = []

    def make(member: Enrolled, of: Keeper | None = None) -> Client:
        made.append(Client(of or server, member.key))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def stored(server: Keeper) -> StoreTip:
    """Stores a tip with so many small items; ids in hex."""

    def store(items: int) -> tuple[str, list[str]]:
        tip, today = secrets.token_bytes(16), datetime.now(UTC).date()
        names = [secrets.token_bytes(16) for _ in range(items)]
        with server.store.writing() as session:
            session.add(
                Tip(
                    id=tip,
                    day=today,
                    header=b"header",
                    payload=b"summary " + tip,
                    recipient=RECIPIENT,
                    lookup=secrets.token_bytes(32),
                )
            )
            session.flush()
            session.add_all(
                Item(id=name, tip_id=tip, kind=Kind.MESSAGE, day=today, size=21, sealed=b"item " + name)
                for name in names
            )
        return tip.hex(), [name.hex() for name in names]

    return store
