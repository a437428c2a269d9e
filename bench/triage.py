"""The reviewer's program beside what it can't do without: unsealing, requests, signatures."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from rich.progress import track

from bench.many import Requests, extend_log, fill
from bench.served import Counted, free_port, served
from bench.timing import Part, Row
from crypto.age import unseal
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.report.events import Note
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys
from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace

TIPS = 10_000
MESSAGES = 2
ENTRIES = 100_000
_SIGNATURES = 100
_USED = time.process_time
"""The desk answers in this process: what both sides use."""
DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(100)]


class Bench:
    """A desk on a port, full, and a reviewer's program that has fetched everything."""

    def __init__(self, directory: Path, server: Keeper, url: str) -> None:
        self._directory, self._server, self._url = directory, server, url
        self._homes = count()
        self._keys = make_keys(Role.REVIEWER, "amina")
        key = read_log_key(server.settings.log_key)
        # Long enough ago that of what is logged nothing could come a second time.
        then = (datetime.now(UTC) - timedelta(seconds=ENTRIES + 3600)).replace(microsecond=0)
        members.enrol(server.store, LogAppender(key, lambda: then), self._keys.card)
        requests = Requests(self._keys.signing, key.verifier.name, then)
        extend_log(server, key, requests, track(range(ENTRIES), "Filling the log"))
        fill(server, track(range(TIPS), "Filling the store"), DAYS, MESSAGES)
        self.workspace = self._workspace()
        self._sync(self.workspace)
        self._tips = list(self.workspace.book.given())
        self._written_to = iter(self._tips)
        logged = [request for _ in range(_SIGNATURES) if (request := parse_entry(requests.entry()).request)]
        self._signatures = [(request.base.encode(), request.signature) for request in logged]

    def rows(self) -> list[Row]:
        """What is measured."""
        loaded = f"{TIPS:,} reports, {TIPS * (MESSAGES + 1):,} items, {ENTRIES:,} log entries"
        return [
            Row(
                f"sync, nothing new, {loaded}, processor time of both sides",
                self._nothing_new,
                "two bare requests",
                self._bare_requests,
                "0.3 s",
                clock=_USED,
                other_clock=_USED,
            ),
            Row(
                "sync, 10 new among them, processor time of both sides",
                self._ten_new,
                "20 bare unseals",
                self._bare_unseals,
                "0.5 s",
                clock=_USED,
                other_clock=_USED,
            ),
            Row("a note with them", self._note, "two bare requests", self._bare_requests, "50 ms, the desk apart"),
            Row(
                "first sync, processor time of both sides",
                self._first,
                "the same unseals, signatures, reads, inserts",
                self._bare_first,
                "2",
                rounds=1,
                clock=_USED,
                other_clock=_USED,
            ),
        ]

    def _workspace(self) -> Workspace:
        place = self._directory / f"home-{next(self._homes)}"
        policy = self._server.settings.policy.read_text()
        return Workspace(Home.open(place, desk=self._url, policy=policy, proxy=None), self._keys, no_progress)

    def _sync(self, workspace: Workspace) -> None:
        workspace.sync()
        if workspace.problem or workspace.alarm:
            raise RuntimeError(workspace.problem or workspace.alarm)

    def _nothing_new(self) -> None:
        self._sync(self.workspace)

    def bytes_of_nothing(self, desk: Counted) -> int:
        """How many bytes a desk answers where nothing is new."""
        self._nothing_new()
        before = desk.answered
        self._nothing_new()
        return desk.answered - before

    def _bare_requests(self) -> None:
        for _ in range(2):
            self.workspace._client.checkpoint()

    def _ten_new(self) -> None:
        # Sealing them costs as much as opening them, and is not what is measured: it is small beside the rest.
        fill(self._server, range(10), DAYS[-1:])
        self._sync(self.workspace)

    def _bare_unseals(self) -> None:
        for tip in self._tips[:10]:
            self._unseal(tip)

    def _unseal(self, tip: str) -> list[bytes]:
        """Open what is kept of a report, and nothing else. Returns what was opened."""
        kept, opened = self.workspace._kept.kept(tip).get(tip), self.workspace.book.tip(tip)
        if kept is None or opened is None or self._keys.identity is None:
            raise RuntimeError(tip)
        unseal(kept.sealed[tip], [self._keys.identity])
        for item in kept.items:
            unseal(kept.sealed[item.id], opened.identities)
        return list(kept.sealed.values())

    def _note(self) -> None:
        self.workspace.write(Unsent.typed(new_form(), next(self._written_to), Note("Seen.")))

    def _first(self) -> None:
        workspace = self._workspace()
        self._sync(workspace)
        workspace.close()
        workspace._home.close()
        rmtree(workspace._home.directory)

    def _bare_first(self) -> None:
        place = self._directory / "bare.db"
        with closing(sqlite3.connect(place)) as db:
            db.execute("CREATE TABLE sealed (bytes)")
            for tip in self._tips:
                db.executemany("INSERT INTO sealed VALUES (?)", [(sealed,) for sealed in self._unseal(tip)])
            db.commit()
        place.unlink()
        # Of every entry of the log, and of every item that a source sent.
        verifier = self._keys.card.verifier
        for data, signature in islice(cycle(self._signatures), ENTRIES + TIPS * (MESSAGES + 1)):
            verifier.verify_bytes(data, signature)


@contextmanager
def part() -> Iterator[Part]:
    """The rows, while everything is there."""
    with TemporaryDirectory() as directory:
        port = free_port()
        server = open_keeper(initialise(Path(directory) / "server", {"desk_authority": f"127.0.0.1:{port}"}))
        with served(server, port) as desk:
            bench = Bench(Path(directory), server, f"http://127.0.0.1:{port}")
            yield Part(
                bench.rows(), lambda: f"A sync with nothing new: {bench.bytes_of_nothing(desk):,} bytes answered"
            )
        server.store.close()
