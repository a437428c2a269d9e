"""Appending to the log and signing its head, inside the transaction of whatever is being logged.

For the desk and the operator's commands: nobody else can have the key.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.orm import Session

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner, LogVerifier
from crypto.merkle import Frontier, FrontierError, leaf_hash
from crypto.note import Note, NoteError, parse_note
from intake.accesslog.read import HEADS, OWN, LogDamagedError, LogReader, newest, utc_now
from intake.protocol.entry import Entry
from intake.storage.store import Transaction, holds_log
from intake.storage.tables import Base, LogEntry, LogHead

# Of the tables, and not of the classes, whose bookkeeping takes as long as the disk does.
_ADD_ENTRY = insert(Base.metadata.tables[LogEntry.__tablename__])
_ADD_HEAD = insert(HEADS)
_LEAVE_HEAD = (
    update(HEADS).where(HEADS.c.size == bindparam("left"), HEADS.c.frontier.is_not(None)).values(frontier=None)
)


class _Head(TypedDict):
    """A row of `LogHead`."""

    size: int
    checkpoint: bytes
    frontier: bytes


class LogAppender(LogReader):
    """The log of one server, by whoever writes it. `key` signs its checkpoints and its name is the log's origin."""

    def __init__(self, key: LogSigner, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self._key = key
        self._shown: Note | None = None

    @property
    def verifier(self) -> LogVerifier:
        """The public halves of its keys."""
        return self._key.verifier

    @property
    def origin(self) -> str:
        """The name of the log, in its checkpoints and in every request signed for it."""
        return self.verifier.name

    def start(self, session: Session) -> None:
        """Sign the empty tree, once, when the store is made."""
        if session.scalars(select(LogHead.size).limit(1)).first() is None:
            session.execute(_ADD_HEAD, self._head(Frontier.empty()))

    def require_key(self, session: Transaction) -> None:
        """Raise `LogDamagedError` if another key than this one signed the newest head; a store without one is new."""
        for signed in session.scalars(select(LogHead.checkpoint).order_by(LogHead.size.desc()).limit(1)):
            try:
                self._key.verifier.ed25519.verify(parse_note(signed))
            except NoteError:
                raise LogDamagedError("log.key is not the key of this store's log; put back your copy of it") from None

    def shown(self, session: Transaction) -> bytes:
        """The newest checkpoint with both of the log's signatures.

        The second one, of 2.4 kB and a millisecond, is made when it is asked for, once for each that is.
        """
        note, shown = parse_note(self.checkpoint(session)), self._shown
        if shown is None or shown.text != note.text:
            try:
                self._shown = shown = self._key.also_sign(note)
            except NoteError:
                raise LogDamagedError("the newest head of the log is not signed by log.key") from None
        return bytes(shown)

    def append(self, session: Session, entry: Entry) -> int:
        """Add an entry and sign the new head; both are durable when the caller's transaction is.

        Returns how many bytes the store holds more for it.
        """
        if not holds_log(session):
            raise RuntimeError("only a transaction in the order of the log appends to it")
        session.info[OWN] = True
        line, head = entry.to_bytes(), newest(session)
        leaf = leaf_hash(line)
        frontier = _edge(head).append(leaf)
        connection = session.connection()
        row = {"index": head.size, "leaf": leaf, "body": line, "rules": entry.rules}
        connection.execute(_ADD_ENTRY, row)
        # The old size in the condition: from a head that moved meanwhile nothing goes on.
        if connection.execute(_LEAVE_HEAD, {"left": head.size}).rowcount != 1:
            raise LogDamagedError("the head of the log moved during an append")
        signed = self._head(frontier)
        connection.execute(_ADD_HEAD, signed)
        return len(line) + len(signed["checkpoint"])

    def _head(self, frontier: Frontier) -> "_Head":
        text = Checkpoint(self.origin, frontier.size, frontier.root()).text
        note = bytes(Note(text, (self._key.sign(text),)))
        return {"size": frontier.size, "checkpoint": note, "frontier": frontier.to_bytes()}


def _edge(head: Row[int, bytes, bytes | None]) -> Frontier:
    try:
        return Frontier.from_bytes(head.size, head.frontier or b"")
    except FrontierError as error:
        raise LogDamagedError("the stored edge of the log's tree is malformed") from error
