"""What differs between databases, and is asked of each that a store can be: a module of its own for every one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.orm import Session

from intake.storage.room import Room
from intake.storage.sqlite import Sqlite


class Frozen(Protocol):
    """A database as it was at one moment. `bytes`: about how large a copy is."""

    bytes: int

    def copy(self, path: Path) -> None:
        """Write it into a new file, for its owner only, without what was deleted and the order in which things came."""


class Database(Protocol):
    """A database that a store is in. What is committed through `writer` is durable."""

    room: Room
    reader: Engine
    writer: Engine

    def is_made(self) -> bool:
        """Whether it is there."""

    def make(self) -> None:
        """Make it, for its owner only and durably, or see to that where it is there."""

    def hold_log(self, session: Session) -> None:
        """Let no other transaction that asks for the same go on until this one, of `writer`, has ended."""

    def told(self) -> AbstractContextManager[None]:
        """Errors for which somebody can do something, as `StoreFullError` and `StoreLockedError`."""

    def forget(self) -> bool:
        """Whether nothing that was deleted can be read from its files any more; keeps nobody waiting for long."""

    def is_unforgotten(self) -> bool:
        """Whether any process has found something that it could not forget yet."""

    def rewrite(self) -> None:
        """Write it anew, so that neither what was deleted nor its order is left; `StoreFullError` without room."""

    def frozen(self) -> AbstractContextManager[Frozen]:
        """It as it is now, to be copied while others go on."""

    def close(self) -> None:
        """Give back every connection."""


_DATABASES: dict[str, Callable[[URL], Database]] = {"sqlite": Sqlite}


def open_database(url: URL | str) -> Database:
    """The database at a URL; `KeyError` for a kind that can't hide, forget and lock as a store must."""
    parsed = make_url(url)
    return _DATABASES[parsed.get_backend_name()](parsed)
