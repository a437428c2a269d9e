"""The checks an auditor makes of the whole log, offline: trust in neither the operator nor the reviewers.

1. Every entry is canonical, and times go back only where the operator corrects the clock.
2. Every entry of a member carries a request signed by that member's key while it was enrolled, at most five minutes
   old, that was never logged before and that members of this role may make (`protocol/endpoints.py`), and it names
   exactly the action and the objects that follow from that request. What it holds of the request's body is what was
   signed: the whole of it, or the part whose digest the query names.
3. Entries of the operator are only what operators do (`actions.OPERATORS`), and these are consistent. From
   the first entry of the second version on, names can be told apart, and far jumps of the clock are confirmed. A tip is
   deleted only as enough members wanted, after the countdown, and if nobody stopped it (`protocol/deletions.py`).
   A copy of the store that was put back is declared by the very entry that follows on the copy's last one.
4. The entries hash to the root of a checkpoint signed with both of the log's keys.
5. That tree extends the one of the last checkpoint that was seen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from crypto.checkpoint import Checkpoint, CheckpointError
from crypto.logkey import LogVerifier
from crypto.merkle import Frontier, leaf_hash
from crypto.note import NoteError, SignatureError, Verifier
from intake.protocol.actions import (
    OPERATORS,
    Action,
    ActionError,
    copy_of,
    require_operators_objects,
)
from intake.protocol.clock import ClockError, LogClock
from intake.protocol.deletions import DeletionError
from intake.protocol.endpoints import asked, may
from intake.protocol.entry import OPERATOR, Entry, EntryError, LoggedRequest, parse_entry
from intake.protocol.logstate import LogState, Ruling, reusable
from intake.protocol.requests import RequestError, SignedRequest, parse_base
from intake.protocol.roster import Roster, RosterError


class AuditError(Exception):
    """The log is not what it claims to be. The message says where and why."""


class ContradictionError(AuditError):
    """Two checkpoints that the log signed can't both be heads of one log that only grows."""


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """A log that passed every check. `entries`: those that came after the state that it was gone on from."""

    checkpoint: Checkpoint
    entries: tuple[Entry, ...]
    state: LogState

    @property
    def roster(self) -> Roster:
        """The members."""
        return self.state.roster

    @property
    def clock(self) -> LogClock:
        """The log's clock."""
        return self.state.clock


def verify_log(lines: Sequence[bytes], signed: bytes, log: LogVerifier, seen: Checkpoint | None) -> VerifiedLog:
    """Check the whole log against a signed checkpoint and the one seen last; `AuditError` at the first fault."""
    checkpoint = open_checkpoint(signed, log)
    if checkpoint.size != len(lines):
        raise AuditError(f"the log was cut: its checkpoint counts {checkpoint.size} entries, {len(lines)} were served")
    empty = LogState.empty(checkpoint.origin)
    require_tree(empty.edge, map(leaf_hash, lines), checkpoint, seen)
    entries, state = replay(empty, lines, lambda size: lines[:size])
    return VerifiedLog(checkpoint, entries, state)


def open_checkpoint(signed: bytes, log: LogVerifier) -> Checkpoint:
    """A checkpoint that the log signed, with each of its keys that is known; `AuditError` otherwise."""
    try:
        return log.open(signed)
    except (NoteError, CheckpointError) as error:
        raise AuditError("the checkpoint is not this log's, or not signed by its keys") from error


def require_tree(edge: Frontier, leaves: Iterable[bytes], checkpoint: Checkpoint, seen: Checkpoint | None) -> None:
    """Raise `AuditError` unless the tree with this edge and these leaves after it is that of `checkpoint`.

    Raises `ContradictionError` where it doesn't extend the one `seen` before, of which the edge is a part.
    """
    if seen is not None:
        require_growth(checkpoint, seen)
        leaves = iter(leaves)
        edge = edge.extend(islice(leaves, max(seen.size - edge.size, 0)))
        if edge.size == seen.size and edge.root() != seen.root:
            says = f"the log was rewritten: its first {seen.size} entries are not the ones seen before"
            raise ContradictionError(says)
    edge = edge.extend(leaves)
    if (edge.size, edge.root()) != (checkpoint.size, checkpoint.root):
        raise AuditError("the log was altered: its entries do not hash to the root that was signed")


def require_growth(checkpoint: Checkpoint, seen: Checkpoint) -> None:
    """Raise `ContradictionError` if the heads alone show that one does not extend the other."""
    if checkpoint.size < seen.size:
        raise ContradictionError(
            f"the log shrank: {seen.size} entries were seen before, now it claims {checkpoint.size}"
        )
    if checkpoint.size == seen.size and checkpoint.root != seen.root:
        raise ContradictionError(f"the log was rewritten: its {seen.size} entries are not the ones seen before")


_FALSE = (
    EntryError,
    RosterError,
    DeletionError,
    ClockError,
    RequestError,
    ActionError,
    NoteError,
)

Earlier = Callable[[int], Iterable[bytes]]
"""Gives so many entries from the start of the log: what was verified before, as it was then."""


def replay(state: LogState, lines: Iterable[bytes], earlier: Earlier) -> tuple[tuple[Entry, ...], LogState]:
    """Check each of the next entries against all before it; `AuditError` at the first that is false.

    Returns them, and the state to go on from. Any cut into pieces gives the same. `earlier` is asked only where the
    operator corrects the clock.
    """
    run = _Replay(state, earlier)
    entries = tuple(map(run.take, lines))
    run.verify()
    return entries, run.state


Verify = Callable[[Verifier, LoggedRequest], None]
"""Verifies that a key signed a request, or sees to it that it is."""


def verify_now(verifier: Verifier, request: LoggedRequest) -> None:
    """Raise `SignatureError` unless the key signed this request."""
    verifier.verify_bytes(request.base.encode(), request.signature)


@dataclass(frozen=True, slots=True)
class _Signed:
    """That the entry at `place` holds a request which this key must have signed."""

    place: int
    verifier: Verifier
    request: LoggedRequest


class _Replay:
    """Takes the entries in order, and is worth something once `verify` has verified what signed them.

    That comes last, for all of them in a row: in turns with the rest each would push the other out of the processor's
    caches, which takes a tenth more time.
    """

    def __init__(self, state: LogState, earlier: Earlier) -> None:
        self._log = state.log
        self._edge, self._clock, self._version = state.edge, state.clock, state.version
        self._roster, self._rulings = state.roster.copy(), list(state.rulings)
        self._deletions = state.deletions.copy()
        # Whole signature bases: the desk forgets a nonce once no request that bears it can be let in any more.
        self._bases = dict(state.recent)
        self._began, self._leaves, self._earlier = state.size, list[bytes](), earlier
        self._signed: list[_Signed] = []

    @property
    def state(self) -> LogState:
        recent, edge = reusable(self._bases, self._clock), self._edge.extend(self._leaves)
        rulings = tuple(self._rulings)
        return LogState(self._log, edge, self._clock, self._version, rulings, recent, self._roster, self._deletions)

    def take(self, line: bytes) -> Entry:
        try:
            entry = parse_entry(line)
            self._check(entry)
            if entry.rules:
                self._roster.apply(entry)
                self._deletions.apply(entry, self._roster)
                self._rulings.append(Ruling(self._place, entry))
            self._clock = self._clock.after(entry)
        except _FALSE as error:
            # Where a signature above it is false, that is what is wrong with the log.
            self.verify()
            raise _false(self._place, error) from error
        self._leaves.append(leaf_hash(line))
        if entry.action is Action.CLOCK:
            self._remember()
        return entry

    def verify(self) -> None:
        """Raise `AuditError` at the first of the entries that were taken whose request its member did not sign."""
        for signed in self._signed:
            try:
                verify_now(signed.verifier, signed.request)
            except SignatureError as error:
                raise _false(signed.place, error) from error
        self._signed.clear()

    def _verify_later(self, verifier: Verifier, request: LoggedRequest) -> None:
        self._signed.append(_Signed(self._place, verifier, request))

    def _remember(self) -> None:
        """Once the clock went back, what was logged long ago could come again at its time."""
        for line in self._earlier(self._began):
            request = parse_entry(line).request
            if request is not None:
                self._bases[request.base] = parse_base(request.base, request.signature).created

    @property
    def _place(self) -> int:
        """Of the entry that is taken."""
        return self._began + len(self._leaves)

    def _check(self, entry: Entry) -> None:
        if entry.version < self._version:
            raise EntryError("it is of an older version than the entry above it")
        self._version = entry.version
        request = require_said(entry, self._roster, self._clock, self._log, self._verify_later)
        if request is not None:
            # Of those that were used, only what the clock lets in is known.
            if request.base in self._bases:
                raise EntryError("its request was used before")
            self._bases[request.base] = request.created
        elif entry.action is Action.RESTORE and copy_of(entry.objects).size != self._place:
            raise EntryError("it declares that a copy of another length was put back")


def _false(place: int, error: Exception) -> AuditError:
    return AuditError(f"entry {place} is false: {error}")


def require_said(
    entry: Entry, roster: Roster, clock: LogClock, log: str, verify: Verify = verify_now
) -> SignedRequest | None:
    """That whoever an entry of this log names has said it: its request, or None where it is the operator's.

    `roster` and `clock`: before the entry. Raises one of the errors that make an entry false. Whether the request was
    used before is for the caller, and where it gives another `verify`, that the signature is verified.
    """
    if entry.request is None:
        if entry.who != OPERATOR or entry.action not in OPERATORS:
            raise EntryError("nobody signed for it")
        require_operators_objects(entry.action, entry.objects)
        return None
    request = parse_base(entry.request.base, entry.request.signature)
    member, verifier = roster.member(request.key_id), roster.verifier(request.key_id)
    if entry.who != request.key_id or member is None or verifier is None:
        raise EntryError("its signer was not enrolled at the time")
    verify(verifier, entry.request)
    clock.require(request.created, entry.at)
    if request.log != log:
        raise EntryError("its request was signed for another desk")
    _require_named(entry, request, entry.request.body)
    if not may(member.card.role, entry.action):
        raise EntryError(f"a member with the role of {member.card.role} may not do this")
    return request


def _require_named(entry: Entry, request: SignedRequest, body: str | None) -> None:
    content = None if body is None else body.encode()
    wanted = asked(request.method, request.path, request.query)
    if content is not None:
        wanted.row.require_logged(request, content)
    derived = wanted.named(content)
    if (entry.action, entry.objects) != (derived.action, derived.objects):
        raise EntryError("it does not say what its request did")
