"""With 2,000 reports: what a fetch, a note and a look cost follows from what is new, counted and not timed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bench.many import fill
from intake.protocol import audit
from intake.protocol.index import AS_KEPT
from intake.triage.book import Book, Wanted
from intake.triage.home import Home
from intake.triage.mirror.file import MirrorFile
from intake.triage.progress import no_progress
from intake.triage.reading import opening
from intake.triage.workspace import Workspace
from open_desk import Desk
from opened import opened_tip
from program import Enrol
from sent import write

pytestmark = pytest.mark.slow

TIPS = 2_000
DAYS = 20


@dataclass
class Counts:
    """What was done: files unsealed, rows read and written, transactions made durable, entries verified, and bytes of
    each answer by its path."""

    unsealed: int = 0
    read: int = 0
    written: int = 0
    transactions: int = 0
    verified: int = 0
    answers: list[tuple[str, int]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.answers)


Counting = Callable[[], AbstractContextManager[Counts]]


@pytest.fixture
def counting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Counts what happens in a block."""
    counts = Counts()

    def count(where: Any, name: str, what: str, size: Callable[[Any, Any], int]) -> None:
        honest = getattr(where, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            result = honest(*arguments, **named)
            setattr(counts, what, getattr(counts, what) + size(arguments, result))
            return result

        monkeypatch.setattr(where, name, counted)

    count(opening, "unseal", "unsealed", lambda *_: 1)
    count(audit, "parse_entry", "verified", lambda *_: 1)
    count(MirrorFile, "select", "read", lambda _, rows: len(rows))
    count(MirrorFile, "keys", "read", lambda _, keys: len(keys))
    count(Book, "given", "read", lambda _, found: len(found))
    count(MirrorFile, "put", "written", lambda arguments, _: len(arguments) - 2)
    count(MirrorFile, "_transaction", "transactions", lambda *_: 1)
    honest = desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        body = b"".join(honest(environ, start))
        counts.answers.append((environ["PATH_INFO"], len(body)))
        return iter([body])

    desk.wsgi = answer

    @contextmanager
    def block() -> Iterator[Counts]:
        nonlocal counts
        counts = Counts()
        yield counts

    return block


@pytest.fixture
def workspace(desk: Desk, enrol: Enrol, tmp_path: Path) -> Iterator[Workspace]:
    """Amina's program, before it has fetched anything."""
    keys = enrol("amina")
    fill(desk.server, range(TIPS), [date(2026, 1, 1) + timedelta(days=number) for number in range(DAYS)])
    workspace = Workspace(
        Home.open(tmp_path / "amina-home", desk=desk.url, policy=desk.policy, proxy=None), keys, no_progress
    )
    yield workspace
    workspace.close()


def test_with_two_thousand_reports_each_step_costs_what_is_new(
    workspace: Workspace, desk: Desk, counting: Counting
) -> None:
    with counting() as first:
        workspace.sync()
    assert (workspace.problem, workspace.alarm, workspace.book.queue(Wanted()).tips) == ("", "", TIPS)
    # A summary and a report each; the enrolment, the list, its days at once, and the reads.
    reads = sum(path == "/v1/read" for path, _ in first.answers)
    assert (first.unsealed, first.verified) == (2 * TIPS, 3 + reads)
    assert len(first.answers) == 2 + reads + 2
    assert reads <= TIPS // 70 + 1
    # Of each tip: what the index says of it and of its report, what of both is remembered, what is sealed, and what
    # the log has exchanged.
    assert first.read < 100 + 17 * TIPS
    assert first.written < 100 + 9 * TIPS
    # Two for each request, one with what it brought, and one for fifty tips that are opened.
    assert first.transactions < 3 * len(first.answers) + TIPS // 50 + 10
    # Its sealed bytes in Base 64, and two rows of the index.
    assert first.bytes < TIPS * 14_000 + 30_000

    with counting() as nothing:
        workspace.sync()
    # Two at most are new in the log: the index that was read the last time, and now.
    assert (nothing.unsealed, nothing.verified) == (0, 1)
    assert nothing.read < 50
    assert nothing.written < 20
    assert ("/v1/index", len(AS_KEPT)) in nothing.answers
    assert nothing.bytes < 30_000

    fill(desk.server, range(10), [date(2026, 1, 3)])
    with counting() as ten:
        workspace.sync()
    assert workspace.book.queue(Wanted()).tips == TIPS + 10
    # A summary and a report each.
    assert (ten.unsealed, ten.verified) == (20, 3)
    assert ten.read < 50 + 10 * 60 + 2 * 2 * TIPS // DAYS * 2
    assert ten.written < 30 + 10 * 15
    # The rows of one day are sent whole.
    assert ten.bytes < 10 * 20_000 + TIPS // DAYS * 500 + 30_000

    tip = workspace.book.queue(Wanted()).rows[0].tip
    with counting() as note:
        write(workspace, tip, "note", "Seen before.")
    assert workspace.problem == ""
    assert [signed.author.name for signed in opened_tip(workspace.book, tip).written] == ["amina"]
    # This tip again, with its note.
    assert note.unsealed == 3
    assert note.verified <= 5
    assert note.read < 150
    assert note.written < 50
    assert note.bytes < 40_000

    with counting() as look:
        assert opened_tip(workspace.book, tip).narrative
        _ = (workspace.alarm, workspace.notices, workspace.changes)
    assert (look.unsealed, look.read, look.written, look.answers) == (0, 0, 0, [])
