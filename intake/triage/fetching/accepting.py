"""Going on from a log that was set back, once a person has accepted what its operator declares."""

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from crypto.checkpoint import Checkpoint
from crypto.merkle import Frontier, leaf_hash
from intake.protocol.audit import require_tree
from intake.protocol.evidence import EvidenceError, Received, parse_evidence
from intake.protocol.logstate import LogState
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.evidence import EVIDENCE
from intake.triage.fetching.kept import KeptLog
from intake.triage.fetching.log import Growth, replayed
from intake.triage.fetching.restored import Declared, declared
from intake.triage.fetching.served import fetch_head, open_head, spool_all
from intake.triage.fetching.spool import Spool
from intake.triage.fetching.witnessed import KeptCosigned
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.mirror.aside import Aside
from intake.triage.mirror.tables import FACT, MEMBERS_SEEN
from intake.triage.mirror.tips import Tips
from intake.triage.progress import Progress

RESTORES = "restores"
"""Where evidence lies once somebody has accepted the restore that explains it; an auditor's reason as well."""


class NoRestoreError(Exception):
    """The log declares no restore that would explain what is wrong with it."""


def accept_restore(client: DeskClient, home: Home, keys: MemberKeys, reason: str, progress: Progress) -> Declared:
    """Begin anew from the log as it is served, if a declared restore explains why it contradicts the one seen before.

    The evidence stays, and the reason is kept. `NoRestoreError` where there is no such restore, and nothing is changed
    then; `AuditError` if what is served is false by itself.
    """
    kept, served = KeptLog(home), fetch_head(client)
    checkpoint, head = open_head(home, served.note), kept.head
    seen = head.checkpoint.size if head else 0
    with closing(Spool(home.directory)) as lines:
        spool_all(client, checkpoint.size, lines, progress)
        start = LogState.empty(checkpoint.origin)
        require_tree(start.edge, map(leaf_hash, lines), checkpoint, None)
        restore = declared(kept.lines(0, seen), lines)
        if restore is None:
            raise NoRestoreError("the log declares no restore that explains how it differs from what was seen before")
        before = replayed(lines, start, restore.place, "", progress).state
        growth = replayed(lines, before, checkpoint.size, client.journal.key, progress)
        # First: if this ends here, the alarm comes again, and can be accepted again.
        _keep_reason(home, keys, restore, reason)
        _put_aside(home, lambda: kept.lines(0, seen), lines, restore)
        _begin_anew(client, home, restore, served, growth, lines)
    return restore


def _begin_anew(
    client: DeskClient, home: Home, restore: Declared, served: Received, growth: Growth, lines: Spool
) -> None:
    """Keep what the log has from the restore on, in the place of what was there."""
    kept, tips = KeptLog(home), Tips(home.mirror)
    with home.mirror.writing():
        # Before it is forgotten what was exchanged since.
        tips.set_back(restore.place)
        kept.forget_from(restore.place)
        KeptCosigned(home).forget_from(restore.place)
        kept.stage(restore.place, lines.lines(restore.place, len(lines)))
        kept.save(served, growth.state, growth.proven)
        # What was looked at among the members, and what came before which index, was at places that are others now.
        seen = home.mirror.get(FACT, MEMBERS_SEEN)
        if seen is not None:
            home.mirror.put(FACT, (MEMBERS_SEEN, min(int(seen[1]), restore.place)))
        tips.fetched_at(replace(tips.fetched, place=min(tips.fetched.place, restore.place)))
        tips.touch(tips.ids())
        # Before it is forgotten what was asked from here.
        client.journal.note_foreign(growth.logged)
        client.journal.forgive(restore.at)


def _keep_reason(home: Home, keys: MemberKeys, restore: Declared, reason: str) -> None:
    """Why it was accepted: a reviewer's words lie sealed, as of any alarm. An auditor has no key for that."""
    now = datetime.now(UTC)
    if keys.opening is not None:
        Aside(home.mirror, keys.opening).put(f"The log was set back: {restore.says}", reason, now)
    else:
        said = f"{now:%Y-%m-%d %H:%M} UTC: {restore.says}.\nAccepted because: {reason}\n"
        home.save(f"{RESTORES}/{restore.at:%Y-%m-%d-%H%M%S}.reason", said.encode())


def _put_aside(home: Home, held: Callable[[], Iterable[bytes]], lines: Iterable[bytes], restore: Declared) -> None:
    """Move the evidence that this restore explains out of the way of the alarm. `held`: the entries seen before."""
    trees: dict[str, tuple[Checkpoint, Checkpoint]] = {}
    for name in home.names(EVIDENCE):
        with suppress(EvidenceError):
            trees[name] = parse_evidence(home.read(name)).trees
    before = _roots(held(), {first.size for first, _ in trees.values()})
    after = _roots(lines, {second.size for _, second in trees.values()})
    for name, (first, second) in trees.items():
        is_seen = before.get(first.size) == first.root and after.get(second.size) == second.root
        if is_seen and restore.place < first.size:
            home.rename(name, name.replace(EVIDENCE, RESTORES, 1))


def _roots(lines: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots of the trees of the first entries, by how many; of those sizes that there are."""
    leaves, edge, found = map(leaf_hash, lines), Frontier.empty(), {}
    for size in sorted(sizes):
        edge = edge.extend(islice(leaves, size - edge.size))
        if edge.size == size:
            found[size] = edge.root()
    return found
