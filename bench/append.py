"""Appending to the log, one entry after the other, each durable, beside the synced commits it can't do without."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.many import Requests
from bench.timing import Part, Row
from intake.accesslog import members
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.card import Role
from intake.protocol.entry import Entry, parse_entry
from intake.triage.keys.keyfile import make_keys

AT_A_TIME = 200
ROUNDS = 9


@contextmanager
def part() -> Iterator[Part]:
    """One row: entries a second, each on the disk before the next."""
    with TemporaryDirectory() as temporary, ExitStack() as opened:
        directory = Path(temporary)
        server = open_keeper(initialise(directory / "server", {}))
        opened.callback(server.store.close)
        keys = make_keys(Role.REVIEWER, "amina")
        members.enrol(server.store, server.log, keys.card)
        requests = Requests(keys.signing, server.log.origin, datetime.now(UTC).replace(microsecond=0))
        entries = iter([parse_entry(requests.entry()) for _ in range(AT_A_TIME * (ROUNDS + 1))])
        file = opened.enter_context(closing(sqlite3.connect(directory / "bare.db", isolation_level=None)))
        yield Part(
            [
                Row(f"append, {AT_A_TIME} entries one at a time, durable", lambda: _append(server, entries),
                    "bare commits of the same lines, as durable", _bare(file, requests.entry()), "≥ 0.7", inverse=True,
                    rounds=ROUNDS, amount=AT_A_TIME, unit="entries")
            ]
        )  # fmt: skip


def _append(server: Keeper, entries: Iterator[Entry]) -> None:
    for _ in range(AT_A_TIME):
        with server.store.in_order() as session:
            server.log.append(session, next(entries))


def _bare(file: sqlite3.Connection, line: bytes) -> Callable[[], None]:
    """A commit for each line, with the settings of the store."""
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE log (place INTEGER PRIMARY KEY, line BLOB)")
    places = count()

    def work() -> None:
        for _ in range(AT_A_TIME):
            file.execute("INSERT INTO log VALUES (?, ?)", (next(places), line))

    return work
