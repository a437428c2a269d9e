"""Going on from a log that was set back, once a person has accepted what its operator declares."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from crypto.merkle import leaf_hash, root_hash
from intake.protocol.audit import verify_log
from intake.protocol.evidence import EvidenceError, parse_evidence
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.evidence import EVIDENCE
from intake.triage.fetching.kept import KeptLog, Proven
from intake.triage.fetching.restored import Declared, declared
from intake.triage.fetching.served import fetch_head, fetch_lines, open_head
from intake.triage.fetching.witnessed import KeptCosigned
from intake.triage.home import Home
from intake.triage.mirror.journal import logged_requests
from intake.triage.mirror.tables import FACT, MEMBERS_SEEN
from intake.triage.mirror.tips import Tips
from intake.triage.progress import Progress

RESTORES = "restores"
"""Where evidence lies once somebody has accepted the restore that explains it, with their reason."""


class NoRestoreError(Exception):
    """The log declares no restore that would explain what is wrong with it."""


def accept_restore(client: DeskClient, home: Home, reason: str, progress: Progress) -> Declared:
    """Begin anew from the log as it is served, if a declared restore explains why it contradicts the one seen before.

    The evidence stays, with the reason. `NoRestoreError` where there is no such restore, and nothing is changed then;
    `AuditError` if what is served is false by itself.
    """
    kept, served = KeptLog(home), fetch_head(client)
    checkpoint, head = open_head(home, served.note), kept.head
    held = list(kept.lines(0, head.checkpoint.size if head else 0))
    lines = fetch_lines(client, checkpoint.size, progress)
    verified = verify_log(lines, served.note, home.connection.log, None)
    restore = declared(held, lines)
    if restore is None:
        raise NoRestoreError("the log declares no restore that explains how it differs from what was seen before")
    # First: if this ends here, the alarm comes again, and can be accepted again.
    _put_aside(home, held, lines, restore, reason)
    tips = Tips(home.mirror)
    with home.mirror.writing():
        kept.forget_from(restore.place)
        KeptCosigned(home).forget_from(restore.place)
        kept.stage(restore.place, lines[restore.place :])
        new = verified.entries[restore.place :]
        kept.save(served, verified.state, Proven.by(restore.place, new))
        # What was looked at among the members, and what came before which index, was at places that are others now.
        seen = home.mirror.get(FACT, MEMBERS_SEEN)
        if seen is not None:
            home.mirror.put(FACT, (MEMBERS_SEEN, min(int(seen[1]), restore.place)))
        tips.fetched_at(replace(tips.fetched, place=min(tips.fetched.place, restore.place)))
        tips.touch(tips.ids())
        # Before it is forgotten what was asked from here.
        client.journal.note_foreign(logged_requests(client.journal.key, restore.place, new))
        client.journal.forgive(restore.at)
    return restore


def _put_aside(home: Home, held: Sequence[bytes], lines: Sequence[bytes], restore: Declared, reason: str) -> None:
    """Move the evidence that this restore explains out of the way of the alarm."""
    said = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, accepted because: {reason}\n".encode()
    before, after = list(map(leaf_hash, held)), list(map(leaf_hash, lines))
    for name in home.names(EVIDENCE):
        try:
            first, second = parse_evidence(home.read(name)).trees
        except EvidenceError:
            continue
        is_explained = restore.place < first.size and all(
            tree.size <= len(leaves) and root_hash(leaves[: tree.size]) == tree.root
            for tree, leaves in ((first, before), (second, after))
        )
        if is_explained:
            aside = name.replace(EVIDENCE, RESTORES, 1)
            home.save(f"{aside}.reason", said)
            home.rename(name, aside)
