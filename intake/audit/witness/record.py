"""What a witness has cosigned last, of each log. One file of SQLite; what it says is durable before anybody is told."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from crypto.merkle import EMPTY_ROOT

_SCHEMA = "CREATE TABLE IF NOT EXISTS log (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT"


@dataclass(frozen=True, slots=True)
class Tree:
    """How many leaves a tree has, and its root. That of nothing is where every log begins."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class Record:
    """The latest tree of each log. Several threads may use it, and several processes, one at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        # Each transaction is begun below; a connection of Python's own accord would begin it too late.
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        path.chmod(0o600)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def taking(self, origin: str) -> Iterator["Taking"]:
        """Hold the latest tree of a log. What was put in its place is durable once this is left without an error."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield Taking(self._file, origin)
                self._file.execute("COMMIT")
            except BaseException:
                self._file.execute("ROLLBACK")
                raise


class Taking:
    """A log's latest tree, while nobody else can change it."""

    def __init__(self, file: sqlite3.Connection, origin: str) -> None:
        self._file = file
        self._origin = origin

    @property
    def latest(self) -> Tree:
        """What was cosigned last."""
        row = self._file.execute("SELECT size, root FROM log WHERE origin = ?", (self._origin,)).fetchone()
        return Tree() if row is None else Tree(int(row[0]), bytes(row[1]))

    def put(self, tree: Tree) -> None:
        """This is the latest from now on."""
        self._file.execute("REPLACE INTO log VALUES (?, ?, ?)", (self._origin, tree.size, tree.root))
