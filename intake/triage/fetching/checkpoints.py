"""Checkpoints that were seen, and what others saw: a log that shows different people different trees is found so.

What a colleague or an auditor was shown comes over another channel than the server. Where it is of a longer log than is
kept here, it is looked at once the desk shows as much.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from crypto.checkpoint import Checkpoint
from crypto.note import SigningKey
from intake.protocol.audit import AuditError, open_checkpoint
from intake.protocol.evidence import Received
from intake.protocol.limits import CHECKPOINT
from intake.triage.fetching.evidence import Pair, keep_evidence
from intake.triage.fetching.kept import Head, KeptLog
from intake.triage.home import Home
from intake.triage.mirror.tables import SEEN, Row

_MOST = 1000
"""Checkpoints of the desk's that are kept: one for each fetch that brought something."""
_MOST_TOLD = 100
"""Checkpoints of others' that wait until the desk shows as much."""


_NONE = (
    "this is no checkpoint of your log, or not all of one: it begins with the log's name and ends with its signatures"
)


class NotACheckpointError(ValueError):
    """What was given is no checkpoint of this log, signed by its keys; in words for whoever gave it."""


class Compared(Enum):
    """How what somebody else saw goes together with what is kept here."""

    SAME = auto()
    BEGINS_OURS = auto()
    """It is the tree that the one kept here began with."""

    LONGER = auto()
    """It will be looked at once the desk has shown as much."""

    CONTRADICTS = auto()
    """The log signed two histories. Both are kept as evidence."""


class Checkpoints:
    """Those of one member's home. `key` signs evidence."""

    def __init__(self, home: Home, key: SigningKey) -> None:
        self._home, self._key = home, key
        self._file = home.mirror
        self._log = KeptLog(home)

    @property
    def newest(self) -> Head | None:
        """What was verified last."""
        return self._log.head

    def fetched(self) -> Sequence[str]:
        """The log was verified just now: keep its head, and look at what others saw.

        Returns where evidence is kept of what turned out to contradict it.
        """
        head = self.newest
        if head is None:
            return ()
        self._keep(head, told=False)
        told = [row for row in self._file.where(SEEN, "told", 1) if int(row[1]) <= head.checkpoint.size]
        found = [self._contradicts(head, self._opened(row)) for row in told]
        for row in told:
            self._file.put(SEEN, (*row[:-1], 0))
        return tuple(filter(None, found))

    def compare(self, note: bytes, at: datetime) -> Compared:
        """Look at a checkpoint that somebody else was shown, received at this time (UTC).

        `NotACheckpointError` if it is none of this log's.
        """
        try:
            if len(note) > CHECKPOINT:
                raise NotACheckpointError("this is longer than any checkpoint")
            theirs = Head(Received(at, note), open_checkpoint(note, self._home.connection.log))
        except AuditError as error:
            raise NotACheckpointError(_NONE) from error
        ours = self.newest
        if ours is None or theirs.checkpoint.size > ours.checkpoint.size:
            self._keep(theirs, told=True)
            return Compared.LONGER
        if self._contradicts(ours, theirs):
            return Compared.CONTRADICTS
        return Compared.SAME if theirs.checkpoint == ours.checkpoint else Compared.BEGINS_OURS

    def _contradicts(self, ours: Head, theirs: Head) -> str:
        """Where both are kept if they contradict one another; empty if they don't. Ours is not the shorter one."""
        if self._log.root(theirs.checkpoint.size) == theirs.checkpoint.root:
            return ""
        return keep_evidence(self._key, self._log, Pair(ours.received, theirs.received, by_word=True))

    def _keep(self, head: Head, *, told: bool) -> None:
        digest, at = _digest(head.checkpoint), head.received.at.isoformat()
        most = _MOST_TOLD if told else _MOST
        if self._file.get(SEEN, digest) is None:
            with self._file.writing():
                self._file.put(SEEN, (digest, head.checkpoint.size, at, head.received.note, int(told)))
                # Nobody who pastes without end fills the disk.
                older = "SELECT digest FROM seen WHERE told = ? ORDER BY at DESC LIMIT -1 OFFSET ?"
                self._file.remove(SEEN, *self._file.keys(older, (int(told), most)))

    def _opened(self, row: Row) -> Head:
        note = bytes(row[3])
        # By the first key, as for the head: it may be from before the log had two.
        checkpoint = open_checkpoint(note, self._home.connection.log.first)
        return Head(Received(datetime.fromisoformat(str(row[2])), note), checkpoint)


def _digest(checkpoint: Checkpoint) -> str:
    return hashlib.sha256(checkpoint.text.encode()).hexdigest()
