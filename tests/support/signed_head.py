"""What somebody with the log's key can do to the store: take entries off, and sign a head that fits what is left."""

from sqlalchemy import delete, select, update

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import Frontier
from crypto.note import Note
from intake.keeper import Keeper, read_log_key
from intake.storage.tables import LogEntry, LogHead


def signed(key: LogSigner, text: str) -> bytes:
    """A checkpoint with both signatures of a log, as a desk shows it."""
    return bytes(key.also_sign(Note(text, (key.sign(text),))))


def sign_head(server: Keeper, key: LogSigner | None = None, size: int | None = None) -> None:
    """Cut the log to so many entries and sign a head over what the store then holds, as if there had been no other."""
    key = key or read_log_key(server.settings.log_key)
    frontier = Frontier.empty()
    with server.store.writing() as session:
        if size is not None:
            session.execute(delete(LogEntry).where(LogEntry.index >= size))
        for leaf in session.scalars(select(LogEntry.leaf).order_by(LogEntry.index)):
            frontier = frontier.append(leaf)
        text = Checkpoint(key.verifier.name, frontier.size, frontier.root()).text
        session.execute(delete(LogHead).where(LogHead.size >= frontier.size))
        session.execute(update(LogHead).values(frontier=None))
        signed = bytes(Note(text, (key.sign(text),)))
        session.add(LogHead(size=frontier.size, checkpoint=signed, frontier=frontier.to_bytes()))
