"""A copy of all that the server keeps but its keys, of one moment, while sources and members go on.

The log's key is not in it: whoever finds a copy could sign another log with it. Keep a copy of that file apart.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.accesslog.append import LogAppender
from intake.protocol.actions import Copy
from intake.storage.archive import Told, write_archive
from intake.storage.blobs.protocol import Blobs
from intake.storage.database import Frozen
from intake.storage.store import Store
from intake.storage.tables import Item


@dataclass(frozen=True, slots=True)
class Taken:
    """What a copy is made of: the store when its log had so many entries, and the blobs that its rows name.

    `bytes`: about how large it is.
    """

    log: str
    size: int
    database: Frozen
    blobs: Sequence[str]
    opened: Callable[[str], BinaryIO]
    bytes: int

    def write(self, file: BinaryIO, scratch: Path, told: Told) -> Copy:
        """Write the copy. `scratch`: an empty directory with room for the database."""
        database = scratch / "intake.db"
        self.database.copy(database)
        return Copy(self.size, write_archive(file, self.log, database, self.blobs, self.opened, told))


@contextmanager
def taken(store: Store, blobs: Blobs, log: LogAppender) -> Iterator[Taken]:
    """Hold what is there now for as long as the block runs; `BlobsHeldError` if somebody else does already."""
    with ExitStack() as held:
        # Nobody writes until all is held: it is of one moment.
        with store.in_order() as session:
            named = _blobs(session)
            opened = held.enter_context(blobs.held(named))
            database = held.enter_context(store.frozen())
            size = log.size(session)
        here = {name: length for name, length in named.items() if _is_there(opened, name)}
        yield Taken(log.origin, size, database, tuple(here), opened, database.bytes + sum(here.values()))


def _blobs(session: Session) -> dict[str, int]:
    rows = session.execute(select(Item.blob, Item.size).where(Item.blob.is_not(None)))
    return {name: size for name, size in rows if name is not None}


def _is_there(opened: Callable[[str], BinaryIO], name: str) -> bool:
    """Whether a blob was not lost before: settling names those, and a copy is made without them."""
    try:
        opened(name).close()
    except FileNotFoundError:
        return False
    return True
