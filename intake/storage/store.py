"""Transactions: one way to read, one way to write, and one to write in the order of the log."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum, auto
from threading import Event, Lock, Thread

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.orm import Session

from intake.storage.database import Frozen, open_database

_AGAIN = 1.0
"""Seconds until what could not be forgotten is tried again."""

_HOLDS_LOG = "holds the log"

Transaction = Session | Connection
"""What can be asked for rows: any transaction, whether it can also change something or not."""


class Forgotten(Enum):
    """Whether what was deleted can still be read from the files of the database."""

    DONE = auto()
    PENDING = auto()
    """Something still reads what was there before. It is emptied as soon as that ends, without anybody asking."""


class Store:
    """The database at a URL, shared by threads. A transaction never spans a body that is still arriving."""

    def __init__(self, url: URL | str) -> None:
        self._database = open_database(url)
        self.room = self._database.room
        # A database lets whoever asks next have the write lock, however long others have been asking; threads take
        # turns.
        self._turn = Lock()
        # A process that ended before it had forgotten what it should may be why this one was started.
        self._pending = True
        self._forgetting: Thread | None = None
        self._emptying = Lock()
        self._closed = Event()

    @property
    def engine(self) -> Engine:
        """For the schema's migrations."""
        return self._database.reader

    def is_made(self) -> bool:
        """Whether there is such a database."""
        return self._database.is_made()

    def make(self) -> None:
        """Make the database, empty, for its owner only, durably."""
        self._database.make()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing. It must be short: while it runs, nothing deleted can be forgotten.

        It gives rows and no objects, whose bookkeeping is for what changes and takes longer than to ask.
        """
        with self._database.told(), self._database.reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, last: bool = False) -> Iterator[Session]:
        """A transaction that is durable once the block has been left, and undone if it raises.

        `last`: for what makes room or shuts somebody out, which may take the last of the disk. Raises `StoreFullError`
        and `StoreLockedError`.
        """
        self.room.require(last=last)
        with (
            self._turn,
            self._database.told(),
            Session(self._database.writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
        if self._forgetting is None and (self._pending or self._database.is_unforgotten()):
            self.forget()

    @contextmanager
    def in_order(self, *, last: bool = False) -> Iterator[Session]:
        """A transaction that writes, and before whose end nobody else appends to the log or takes its time for a row.

        What it stores by the log's time is in the order of the log, and shows at its gate and not after it.
        """
        with self.writing(last=last) as session:
            self._database.hold_log(session)
            session.info[_HOLDS_LOG] = True
            yield session

    def forget(self) -> Forgotten:
        """Let nothing that was deleted stay in the files of the database; wait for nobody longer than a moment.

        What can't be done now is done by itself later: by a thread of this process, or by whoever writes next.
        """
        # One at a time: an earlier one that succeeds says nothing of what was deleted since it began.
        with self._emptying:
            if self._empty():
                return Forgotten.DONE
            if self._forgetting is None:
                self._forgetting = Thread(target=self._keep_forgetting, name="forgetting", daemon=True)
                self._forgetting.start()
            return Forgotten.PENDING

    def rewrite(self) -> Forgotten:
        """Write the database anew, so that neither what was deleted nor the order in which things came is left in it.

        Others can read meanwhile, and writers wait. `StoreFullError` unless there is room for a copy.
        """
        self._database.rewrite()
        return self.forget()

    def frozen(self) -> AbstractContextManager[Frozen]:
        """The database as it is now, to be copied while others go on. For as long, nothing deleted is forgotten."""
        return self._database.frozen()

    def close(self) -> None:
        """Give back every connection."""
        self._closed.set()
        with self._emptying:
            forgetting = self._forgetting
        if forgetting is not None:
            forgetting.join()
        self._database.close()

    def _keep_forgetting(self) -> None:
        while not self._closed.wait(_AGAIN):
            with self._emptying:
                if self._empty():
                    self._forgetting = None
                    return

    def _empty(self) -> bool:
        self._pending = not self._database.forget()
        return not self._pending


def holds_log(session: Session) -> bool:
    """Whether this transaction is one of `Store.in_order`."""
    return _HOLDS_LOG in session.info
