"""A hundred entries come into a log of a million: a member's program fetches, verifies and keeps them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.progress import track

from bench.many import Requests, extend_log
from bench.served import Counted, free_port, served
from bench.timing import Part, Row
from crypto.merkle import Frontier, leaf_hash
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.audit import replay
from intake.protocol.card import Role
from intake.protocol.clock import LogClock
from intake.protocol.entry import parse_entry
from intake.protocol.evidence import Received
from intake.protocol.logstate import LogState
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.kept import KeptLog, Proven
from intake.triage.fetching.log import fetch_new
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys
from intake.triage.progress import no_progress

ENTRIES = 1_000_000
NEW = 100
ROUNDS = 7
_AT_ONCE = 10_000


class Bench:
    """A desk with a long log, and the home of a reviewer who has verified all of it."""

    def __init__(self, server: Keeper, place: Path, url: str) -> None:
        self._server, self._keys = server, make_keys(Role.REVIEWER, "amina")
        self._key = read_log_key(server.settings.log_key)
        # Long enough ago that of what is logged nothing could come a second time.
        then = (datetime.now(UTC) - timedelta(seconds=2 * ENTRIES)).replace(microsecond=0)
        members.enrol(server.store, LogAppender(self._key, lambda: then), self._keys.card)
        self._requests = Requests(self._keys.signing, self._key.verifier.name, then)
        self._grow(track(range(ENTRIES - 1), "Filling the log"))
        self.home = Home.open(place, desk=url, policy=server.settings.policy.read_text(), proxy=None)
        self._keep()
        self.client = DeskClient(self.home, self._keys.signing, Role.REVIEWER)
        sample = [parse_entry(self._requests.entry()).request for _ in range(NEW)]
        self._signed = [(each.base.encode(), each.signature) for each in sample if each]

    def row(self) -> Row:
        """What is measured."""
        what = f"{NEW} come into a log of {ENTRIES:,}, over loopback: fetched, verified, kept"
        return Row(what, self._new, f"{NEW} bare signatures", self._bare, "≤ 1 s", rounds=ROUNDS)

    def bytes_of_new(self, desk: Counted) -> str:
        """How much of the log it reads for that."""
        before = desk.answered
        self._new()
        return f"For {NEW} new entries in a log of {ENTRIES:,}: {desk.answered - before:,} bytes answered"

    def _grow(self, numbers: Iterable[int]) -> None:
        extend_log(self._server, self._key, self._requests, numbers)

    def _keep(self) -> None:
        """Put into the home what a program that verified all of it would have kept."""
        kept, log, edge = KeptLog(self.home), self._server.log, Frontier.empty()
        with self._server.store.reading() as session:
            _, state = replay(LogState.empty(self._key.verifier.name), log.lines(session, 0, 1), lambda _: ())
            for start in track(range(0, ENTRIES, _AT_ONCE), "Filling the home"):
                lines = log.lines(session, start, start + _AT_ONCE)
                kept.stage(start, lines)
                edge = edge.extend(map(leaf_hash, lines))
            note = log.checkpoint(session)
        clock = LogClock(edge.size, parse_entry(lines[-1]).at)
        kept.save(Received(datetime.now(UTC), note), replace(state, edge=edge, clock=clock), Proven((), ()))

    def _new(self) -> None:
        self._grow(range(NEW))
        grown = fetch_new(self.client, self.home, no_progress, lambda _: None)
        if grown.state.size - grown.before != NEW:
            raise RuntimeError(f"{grown.state.size - grown.before} entries were new")

    def _bare(self) -> None:
        for data, signature in self._signed:
            self._keys.card.verifier.verify_bytes(data, signature)


@contextmanager
def part() -> Iterator[Part]:
    """The row, while everything is there."""
    with TemporaryDirectory() as directory, ExitStack() as opened:
        port = free_port()
        server = open_keeper(initialise(Path(directory) / "server", {"desk_authority": f"127.0.0.1:{port}"}))
        opened.callback(server.store.close)
        desk = opened.enter_context(served(server, port))
        bench = Bench(server, Path(directory) / "home", f"http://127.0.0.1:{port}")
        opened.enter_context(closing(bench.home))
        opened.enter_context(closing(bench.client))
        yield Part([bench.row()], lambda: bench.bytes_of_new(desk))
