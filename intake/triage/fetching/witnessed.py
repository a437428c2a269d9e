"""What witnesses have cosigned of the log: verified as a beginning of the log that was shown here, and kept.

A server can show each of us a log that only grows, and yet not the same one. Witnesses cosign one history, so the
member's policy asks for so many of them, and for cosignatures that are no older than so many days.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Cosigner
from crypto.logkey import LogVerifier
from crypto.merkle import Frontier, FrontierError
from crypto.note import Note, NoteError, SignatureError, parse_note
from crypto.policy import Policy
from intake.protocol.audit import AuditError, ContradictionError, open_checkpoint
from intake.protocol.evidence import Received
from intake.triage.home import Home
from intake.triage.mirror.tables import COSIGNED, COSIGNED_EDGE, FACT
from intake.triage.times import moment

UNKNOWN = "whether enough of its witnesses have cosigned the log is known after the next fetch: the policy is a new one"
"""What is said of a policy by which nothing was fetched yet."""

_AHEAD = timedelta(days=1)
"""A cosignature of a later time than so much from now counts for nothing: it would never become too old."""


class UnwitnessedError(Exception):
    """Too few of the witnesses have cosigned a log that is whole, in words for a member."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that the log signed, with whatever cosignatures it bears: as it was received, and what it says."""

    received: Received
    checkpoint: Checkpoint

    @property
    def note(self) -> Note:
        """All of it."""
        return parse_note(self.received.note)

    def signed_by(self, log: LogVerifier, cosigners: Sequence[Cosigner]) -> Received:
        """The same with the signatures of these alone, for evidence: the others say nothing there."""
        wanted = {(key.key.name, key.key.id) for key in (*log.keys, *cosigners)}
        lines = tuple(line for line in self.note.signatures if (line.name, line.key_id) in wanted)
        return Received(self.received.at, bytes(Note(self.note.text, lines)))


@dataclass(frozen=True, slots=True)
class Witnessed:
    """When (POSIX seconds) whom of a policy's witnesses, by name, cosigned the same beginning of the log.

    `days`: how old a cosignature may be. `is_asked`: whether the log was fetched since the policy is this one.
    """

    policy: Policy
    days: int
    times: Mapping[bytes, int]
    is_asked: bool = True

    @classmethod
    def by(cls, policy: Policy, days: int, signed: Note | None, *, is_asked: bool = True) -> Self:
        """Who cosigned a checkpoint, if there is one; nobody, if one of its cosignatures is false."""
        return cls(policy, days, {} if signed is None else _times(policy, signed), is_asked)

    def lately(self, now: datetime) -> list[bytes]:
        """Those who did within these days, by name."""
        first, last = (now - timedelta(days=self.days)).timestamp(), (now + _AHEAD).timestamp()
        return [name for name, time in self.times.items() if first <= time <= last]

    def is_met(self, now: datetime) -> bool:
        """Whether enough of them did, lately."""
        return self.policy.is_met(self.lately(now))

    def is_unknown(self, now: datetime) -> bool:
        """Whether nobody can say yet if the policy is met: what is kept was fetched by another one."""
        return not self.is_asked and not self.is_met(now)

    def lack(self, now: datetime) -> str:
        """Why the policy is not met, in words; empty if it is, or if that is not known yet."""
        if self.is_met(now) or self.is_unknown(now):
            return ""
        return f"within {self.days} days, too few of its witnesses have cosigned what you are shown ({self.told()})"

    def told(self) -> str:
        """Who cosigned when, in words."""
        return "; ".join(f"{_in_words(name)}: {self._when(name)}" for name in self.policy.witnesses)

    def _when(self, name: bytes) -> str:
        try:
            return moment(datetime.fromtimestamp(self.times[name], UTC)) if name in self.times else "never"
        except (ValueError, OverflowError, OSError):
            return "at a time that no clock shows"


Leaves = Callable[[int, int], Iterable[bytes]]
"""Gives the hashes of the log's entries, verified by now, from one up to but not including another."""


class KeptCosigned:
    """What was verified last of it. Everything is read from the mirror when this is made."""

    def __init__(self, home: Home) -> None:
        self._file = home.mirror
        self._log = home.connection.log
        self._policy = home.connection.believed
        self._days = home.connection.witness_days
        self._home = home
        self.last = self._read()

    @property
    def asks(self) -> bool:
        """Whether there is anybody whose cosignature could matter."""
        return bool(self._policy.witnesses)

    @property
    def witnessed(self) -> Witnessed:
        """By whom it is cosigned."""
        before = self._home.remembered
        is_asked = before is None or before.policy == self._home.connection.policy
        return Witnessed.by(self._policy, self._days, None if self.last is None else self.last.note, is_asked=is_asked)

    def offered(self, note: bytes, at: datetime) -> Cosigned | None:
        """What the desk shows as cosigned, if it is a checkpoint of this log; nobody has to believe it otherwise."""
        return self._opened(Received(at, note))

    def require_beginning(
        self, offered: Cosigned, head: Checkpoint, edges: Iterable[Frontier], leaves: Leaves
    ) -> Frontier:
        """The edge of the cosigned tree; `ContradictionError` unless it is the beginning of the tree of `head`.

        `edges`: of beginnings that were verified. From the largest that is not larger, only what follows is hashed.
        """
        tree = offered.checkpoint
        if tree.size > head.size:
            raise ContradictionError(f"the log shrank: {tree.size} entries are cosigned, now it claims {head.size}")
        known = [Frontier.empty(), *self._edge(), *edges]
        edge = max((each for each in known if each.size <= tree.size), key=lambda each: each.size)
        edge = edge.extend(leaves(edge.size, tree.size))
        if (edge.size, edge.root()) != (tree.size, tree.root):
            raise ContradictionError(
                f"others are shown another log: of its first {tree.size} entries, others are cosigned than you see"
            )
        return edge

    def keep(self, offered: Cosigned, edge: Frontier) -> None:
        """Keep what was verified, unless enough have cosigned what is kept, and too few this."""
        if self.last is not None and offered.received.note == self.last.received.note:
            return
        if self._is_enough(self.last) and not self._is_enough(offered):
            return
        received = offered.received
        with self._file.writing():
            self._file.put(
                FACT,
                (COSIGNED, received.at.isoformat().encode() + b"\n" + received.note),
                (COSIGNED_EDGE, edge.to_bytes()),
            )
        self.last = offered

    def forget_from(self, place: int) -> None:
        """Forget a tree that held an entry from a place on: the log was set back."""
        if self.last is not None and self.last.checkpoint.size > place:
            self._file.remove(FACT, COSIGNED, COSIGNED_EDGE)
            self.last = None

    def cosigners_of_both(self, one: Cosigned, other: Cosigned) -> list[Cosigner]:
        """The witnesses whose true cosignatures both bear."""
        names = _times(self._policy, one.note).keys() & _times(self._policy, other.note).keys()
        return [witness.key for name, witness in self._policy.witnesses.items() if name in names]

    def _is_enough(self, cosigned: Cosigned | None) -> bool:
        """Whether enough have cosigned it, whenever that was."""
        return cosigned is not None and self._policy.is_met(_times(self._policy, cosigned.note))

    def _edge(self) -> Iterable[Frontier]:
        """The edge of what was verified last, if it is whole."""
        row = self._file.get(FACT, COSIGNED_EDGE)
        if row is not None and self.last is not None:
            tree = self.last.checkpoint
            try:
                edge = Frontier.from_bytes(tree.size, bytes(row[1]))
            except FrontierError:
                return
            if edge.root() == tree.root:
                yield edge

    def _read(self) -> Cosigned | None:
        row = self._file.get(FACT, COSIGNED)
        if row is None:
            return None
        at, _, note = bytes(row[1]).partition(b"\n")
        return self._opened(Received(datetime.fromisoformat(at.decode()), note))

    def _opened(self, received: Received) -> Cosigned | None:
        try:
            return Cosigned(received, open_checkpoint(received.note, self._log))
        except AuditError:
            return None


def _times(policy: Policy, signed: Note) -> dict[bytes, int]:
    """Who cosigned, and when; nobody, if one cosignature is false."""
    try:
        return policy.cosigned(signed)
    except (SignatureError, NoteError):
        return {}


def _in_words(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
