"""Checkpoints of one log that contradict one another, kept in files that anybody can check."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Cosigner
from crypto.merkle import leaf_hash, root_hash
from crypto.note import SigningKey
from intake.protocol.audit import AuditError, ContradictionError, open_checkpoint, require_tree
from intake.protocol.evidence import Received, attest
from intake.protocol.logstate import LogState
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.fetching.kept import KeptLog
from intake.triage.fetching.restored import Declared, declared
from intake.triage.fetching.served import Served, spool_all
from intake.triage.fetching.spool import Spool
from intake.triage.fetching.witnessed import KeptCosigned
from intake.triage.home import Home
from intake.triage.progress import no_progress

EVIDENCE = "evidence"

_MOST_EVIDENCE = 100
"""Files at most: a server that lies anew at each fetch fills no disk."""

_MOST_COSIGNERS = 8
"""Witnesses that evidence names at most, so that it fits into its file."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two checkpoints that may contradict one another, in the order in which they came, and who cosigned both.

    `by_word`: whether the member's word is worth keeping where the larger tree isn't known.
    """

    first: Received
    second: Received
    cosigners: Sequence[Cosigner] = ()
    by_word: bool = False


def evidence_files(home: Home) -> list[str]:
    """Where evidence against the log is kept, if there is any."""
    return [str(home.path(name)) for name in home.names(EVIDENCE)]


@contextmanager
def kept_as_evidence(
    client: DeskClient, kept: KeptLog, served: Served, witnesses: KeptCosigned, lines: Spool
) -> Iterator[None]:
    """Where checkpoints contradict one another, say so with the files that they are kept in.

    `lines`: the entries that the desk shows, as far as they were fetched by then.
    """
    try:
        yield
    except ContradictionError as error:
        pairs = _contradicting(kept, served, witnesses)
        files = [file for pair in pairs if (file := keep_evidence(client.key, kept, pair, lines))]
        names = " and in ".join(dict.fromkeys(files))
        restore = _restore(client, kept, served.received, lines)
        says = [str(error), names and f"what it signed is kept in {names}", "" if restore is None else str(restore)]
        raise AuditError("; ".join(filter(None, says))) from error


def _restore(client: DeskClient, kept: KeptLog, served: Received, lines: Spool) -> Declared | None:
    """The restore by which the log's operator explains a contradiction, if there is one."""
    checkpoint, head = open_checkpoint(served.note, kept.home.connection.log), kept.head
    with closing(Spool(kept.home.directory)) as fetched:
        try:
            if len(lines) != checkpoint.size:
                spool_all(client, checkpoint.size, fetched, no_progress)
            shown = fetched if len(fetched) else lines
            require_tree(LogState.empty(checkpoint.origin).edge, map(leaf_hash, shown), checkpoint, None)
        except (AuditError, DeskError):
            return None
        return declared(kept.lines(0, head.checkpoint.size if head else 0), shown)


def _contradicting(kept: KeptLog, served: Served, witnesses: KeptCosigned) -> Iterator[Pair]:
    head, log, cosigned, earlier = kept.head, kept.home.connection.log, served.cosigned, witnesses.last
    if head is not None:
        yield Pair(head.received, served.received, by_word=True)
    if cosigned is not None:
        yield Pair(cosigned.signed_by(log, ()), served.received)
    if cosigned is not None and earlier is not None:
        both = witnesses.cosigners_of_both(earlier, cosigned)[:_MOST_COSIGNERS]
        yield Pair(earlier.signed_by(log, both), cosigned.signed_by(log, both), both)


def keep_evidence(key: SigningKey, kept: KeptLog, pair: Pair, lines: Iterable[bytes] = ()) -> str:
    """Keep two checkpoints in a file signed by `key` and return where; empty if they show nothing.

    `lines`: the entries that the desk shows now, as far as they are known.
    """
    home, log = kept.home, kept.home.connection.log
    # By the first key: one may be from before the log had two.
    first, second = (open_checkpoint(each.note, log.first) for each in (pair.first, pair.second))
    if first == second:
        return ""
    small, large = sorted((first, second), key=lambda tree: tree.size)
    leaves = _leaves_of(large, lines, kept)
    may_go_together = not pair.by_word if leaves is None else root_hash(leaves[: small.size]) == small.root
    # That a log shrank is something to testify to, even where the smaller tree is the beginning of the larger.
    if first.size < second.size and may_go_together:
        return ""
    digest = hashlib.sha256("".join((first.text, second.text, *map(str, pair.cosigners))).encode()).hexdigest()
    name = f"{EVIDENCE}/{digest[:32]}.txt"
    if not home.has(name):
        if len(home.names(EVIDENCE)) >= _MOST_EVIDENCE:
            return str(home.path(EVIDENCE))
        home.save(name, attest(key, log, pair.first, pair.second, leaves, pair.cosigners))
    return str(home.path(name))


def _leaves_of(tree: Checkpoint, lines: Iterable[bytes], kept: KeptLog) -> list[bytes] | None:
    """The leaf hashes of a tree, if it is the one that the desk shows now, or the one that is kept."""
    for held in (islice(lines, tree.size), kept.lines(0, tree.size)):
        leaves = list(map(leaf_hash, held))
        if len(leaves) == tree.size and root_hash(leaves) == tree.root:
            return leaves
    return None
