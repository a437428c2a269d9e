"""What somebody with the server's store can make of the log behind its back; with its key, a signed one."""

from sqlalchemy import delete, select

from crypto.merkle import leaf_hash
from intake.keeper import Keeper
from intake.protocol.entry import rules
from intake.storage.tables import LogEntry


def lines(server: Keeper) -> list[bytes]:
    """The entries as they are stored."""
    with server.store.reading() as session:
        return list(session.scalars(select(LogEntry.body).order_by(LogEntry.index)))


def rewrite(server: Keeper, changed: list[bytes]) -> None:
    """Put other entries into the store."""
    with server.store.writing() as session:
        session.execute(delete(LogEntry))
        session.add_all(
            LogEntry(index=index, leaf=leaf_hash(line), body=line, rules=rules(line))
            for index, line in enumerate(changed)
        )
