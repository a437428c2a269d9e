"""The log: fetched, verified from where the last time ended, then kept. What contradicts it becomes evidence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from crypto.checkpoint import Checkpoint
from crypto.merkle import Frontier, leaf_hash
from intake.protocol.audit import AuditError, replay, require_growth, require_tree
from intake.protocol.logstate import LogState
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.evidence import kept_as_evidence
from intake.triage.fetching.kept import PIECE, Head, KeptLog, Proven
from intake.triage.fetching.served import Served, fetch_entries, fetch_served, open_head, spool_all
from intake.triage.fetching.spool import Spool
from intake.triage.fetching.witnessed import KeptCosigned
from intake.triage.home import Home
from intake.triage.mirror.journal import Logged, logged_requests
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.progress import Progress, no_progress

_MENDED = "a part of the log that was kept here was damaged; it has been fetched again and is as it was"


@dataclass(frozen=True, slots=True)
class Growth:
    """What a fetch of the log brought. `before`: how many entries were verified earlier.

    `proven`: what the entries since then prove; `logged`: the requests of one's own in them, by nonce.
    """

    state: LogState
    before: int
    proven: Proven
    logged: Mapping[str, Logged]


def fetch_whole(client: DeskClient, home: Home, progress: Progress) -> Growth:
    """Fetch and verify every entry again, whatever is kept of them. Errors, and what is kept, as for `fetch_new`."""
    asked = client.journal.open()
    kept, witnesses = KeptLog(home), KeptCosigned(home)
    served = fetch_served(client, witnesses)
    checkpoint, head = open_head(home, served.received.note), kept.head
    with closing(Spool(home.directory)) as lines:
        with kept_as_evidence(client, kept, served, witnesses, lines):
            _require_growth(checkpoint, head)
            spool_all(client, checkpoint.size, lines, progress)
            start = LogState.empty(checkpoint.origin)
            require_tree(start.edge, map(leaf_hash, lines), checkpoint, _seen(head))
            growth = replayed(lines, start, checkpoint.size, client.journal.key, progress)
            edge = _cosigned_edge(served, witnesses, growth.state, (), lines.lines)
        with home.mirror.writing():
            for first in range(0, checkpoint.size, PIECE):
                last = min(first + PIECE, checkpoint.size)
                held, piece = list(kept.lines(first, last)), list(lines.lines(first, last))
                if held != piece:
                    kept.stage(first, piece)
                if head is not None and first + len(held) < min(last, head.checkpoint.size):
                    home.repaired(_MENDED)
            kept.save(served.received, growth.state, growth.proven)
            _keep_cosigned(served, witnesses, edge)
            # All entries are in hand: nothing could be found among earlier ones.
            client.journal.accuse(asked, growth.logged, lambda _: None)
            _note_foreign(client, head, growth.logged)
            client.journal.settle(asked, growth.logged, growth.state.clock.last)
    home.remember()
    return growth


def fetch_new(client: DeskClient, home: Home, progress: Progress, take: Callable[[Growth], None]) -> Growth:
    """Fetch what the log has more than is kept, verify and keep that, and the connection that it came over.

    `take` is called in the same transaction: what follows from what is new is kept with it, or neither.

    The journal is settled by it, and what is damaged here is fetched again. Raises `AuditError` if it is not the log
    that was seen before with entries added; what was kept then stays, and what the log signed is kept as evidence.
    """
    # First, so that what was answered until now must be in what is fetched now.
    asked = client.journal.open()
    kept, witnesses = KeptLog(home), KeptCosigned(home)
    served = fetch_served(client, witnesses)
    checkpoint, head, state = open_head(home, served.received.note), kept.head, kept.state
    with (
        closing(Spool(home.directory)) as lines,
        _unstaged(kept, head),
        kept_as_evidence(client, kept, served, witnesses, lines),
    ):
        _require_growth(checkpoint, head)
        start = state or LogState.empty(checkpoint.origin)
        _stage(client, kept, start.size, checkpoint.size, progress)
        try:
            require_tree(start.edge, map(leaf_hash, kept.lines(start.size, checkpoint.size)), checkpoint, _seen(head))
        except AuditError:
            # What is kept is what was signed then: how does the desk's tree begin now?
            spool_all(client, checkpoint.size, lines, progress)
            start = LogState.empty(checkpoint.origin)
            require_tree(start.edge, map(leaf_hash, lines), checkpoint, _seen(head))
            kept.stage(0, lines)
        growth = replayed(kept, start, checkpoint.size, client.journal.key, progress)
        edge = _cosigned_edge(served, witnesses, growth.state, [start.edge], kept.lines)
    if head is not None and start.size < head.checkpoint.size:
        home.repaired(_MENDED)
    # By itself: what becomes of the rest takes no accusation back.
    client.journal.accuse(asked, growth.logged, partial(kept.logged, client.journal.key, growth.before))
    with home.mirror.writing():
        if head is None or checkpoint != head.checkpoint or state is None:
            kept.save(served.received, growth.state, growth.proven)
        _note_foreign(client, head, growth.logged)
        _keep_cosigned(served, witnesses, edge)
        take(growth)
        # Last: a log that is not kept has shown nothing, and the next one may lack what this one held.
        client.journal.settle(asked, growth.logged, growth.state.clock.last)
    home.remember()
    return growth


def recall_log(home: Home) -> LogState | None:
    """The log as it was verified last, without asking the desk; `MirrorDamagedError` if this machine spoilt it."""
    kept = KeptLog(home)
    state, head = kept.state, kept.head
    if state is None and head is not None:
        start = LogState.empty(head.checkpoint.origin)
        require_kept = map(leaf_hash, kept.earlier(head.checkpoint.size))
        require_tree(start.edge, require_kept, head.checkpoint, None)
        growth = replayed(kept, start, head.checkpoint.size, "", no_progress)
        kept.save(head.received, growth.state, growth.proven)
        state = growth.state
    return state


def _cosigned_edge(
    served: Served,
    witnesses: KeptCosigned,
    state: LogState,
    edges: Sequence[Frontier],
    lines: Callable[[int, int], Iterable[bytes]],
) -> Frontier | None:
    """The edge of the cosigned tree, which must be a beginning of the verified log; None if none is shown."""
    if served.cosigned is None:
        return None
    head = Checkpoint(state.log, state.size, state.edge.root())

    def leaves(start: int, end: int) -> Iterator[bytes]:
        return map(leaf_hash, lines(start, end))

    return witnesses.require_beginning(served.cosigned, head, [*edges, state.edge], leaves)


def _keep_cosigned(served: Served, witnesses: KeptCosigned, edge: Frontier | None) -> None:
    if served.cosigned is not None and edge is not None:
        witnesses.keep(served.cosigned, edge)


def _note_foreign(client: DeskClient, head: Head | None, logged: Mapping[str, Logged]) -> None:
    # What lies before this machine's first fetch, and what it lost, may well be its own.
    if head is not None:
        new = {nonce: each for nonce, each in logged.items() if each.place >= head.checkpoint.size}
        client.journal.note_foreign(new)


def _seen(head: Head | None) -> Checkpoint | None:
    return None if head is None else head.checkpoint


def _require_growth(checkpoint: Checkpoint, head: Head | None) -> None:
    if head is not None:
        require_growth(checkpoint, head.checkpoint)


def _stage(client: DeskClient, kept: KeptLog, start: int, size: int, progress: Progress) -> None:
    """Fetch the entries from `start` up to `size`, but for those that a fetch that broke off has left here."""
    here = start + sum(1 for _ in kept.lines(start, size))
    for entries in fetch_entries(client, here, size, kept.bytes_kept(), progress):
        kept.stage(here, entries)
        here += len(entries)


def replayed(kept: KeptLog | Spool, state: LogState, size: int, key: str, progress: Progress) -> Growth:
    """Check what has come after `state`, up to `size` entries, a piece at a time. `key`: the id of one's own key."""
    before, proven = state.size, Proven((), ())
    logged: dict[str, Logged] = {}
    with progress("Verifying the log", size - before) as told:
        while state.size < size:
            start = state.size
            entries, state = replay(state, kept.lines(start, min(start + PIECE, size)), kept.earlier)
            if state.size == start:
                raise MirrorDamagedError("what was fetched of the log was damaged at once")
            proven = proven.and_then(Proven.by(start, entries))
            logged |= logged_requests(key, start, entries)
            told(state.size - before)
    return Growth(state, before, proven, logged)


@contextmanager
def _unstaged(kept: KeptLog, head: Head | None) -> Iterator[None]:
    """What turns out not to be what was signed is not kept."""
    try:
        yield
    except AuditError:
        kept.unstage(head.checkpoint.size if head is not None else 0)
        raise
