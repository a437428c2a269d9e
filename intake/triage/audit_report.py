"""What an auditor reads: who opened what, who may, and which log this was. One line for each, the same in a pipe."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from crypto.merkle import leaf_hash
from crypto.note import parse_note
from crypto.proof import LogProof
from intake.protocol.actions import Action, copy_of
from intake.protocol.audit import AuditError, VerifiedLog
from intake.protocol.card import parse_card
from intake.protocol.deletions import purges
from intake.protocol.endpoints import purpose_said, what_was_made
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.membership import in_words, let_in_alone
from intake.protocol.requests import LIFETIME, parse_base
from intake.terminal import shown
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.accepting import accept_restore
from intake.triage.fetching.log import KeptLog, fetch_whole
from intake.triage.fetching.restored import Declared
from intake.triage.fetching.witnessed import Cosigned, KeptCosigned, UnwitnessedError, Witnessed
from intake.triage.home import DamagedError, Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import Progress, bar

_NAMED = 6
"""Of more objects than these only their number is told."""

_KINDS = {"summary": "summaries", "item": "items", "tip": "reports"}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WholeLog:
    """A log that was fetched and verified: its entries, its checkpoint, and the newest one that is cosigned, if any."""

    lines: Sequence[bytes]
    signed: bytes
    cosigned: Cosigned | None
    witnessed: Witnessed

    def is_cosigned(self, index: int) -> bool:
        """Whether an entry is in the cosigned tree."""
        return self.cosigned is not None and index < self.cosigned.checkpoint.size

    def prove(self, index: int) -> LogProof:
        """That an entry is in the log, with the entry itself; by the cosigned checkpoint if that has it."""
        note, size = parse_note(self.signed), len(self.lines)
        if self.cosigned is not None and self.is_cosigned(index):
            note, size = self.cosigned.note, self.cosigned.checkpoint.size
        return LogProof.of(list(map(leaf_hash, self.lines[:size])), index, note, self.lines[index])


def fetch_log(home: Home, keys: MemberKeys, progress: Progress) -> WholeLog:
    """Fetch and verify the whole log. Errors as `run_audit`, but whether it is witnessed is for the caller to ask."""
    verified = _verified(home, keys, progress)
    kept, witnesses = KeptLog(home), KeptCosigned(home)
    if (head := kept.head) is None:
        raise DamagedError("what was fetched just now can't be read")
    lines = list(kept.lines(0, verified.checkpoint.size))
    return WholeLog(lines, head.received.note, witnesses.last, witnesses.witnessed)


def require_witnessed(witnessed: Witnessed, now: Callable[[], datetime] = _now) -> None:
    """Raise `UnwitnessedError` unless the policy is met."""
    if lack := witnessed.lack(now()):
        raise UnwitnessedError(f"the log is whole, but not witnessed as the policy asks: {lack}")


def accept(home: Home, keys: MemberKeys, reason: str, progress: Progress) -> Declared:
    """Begin anew from a log that was set back; as `accept_restore`."""
    client = DeskClient(home, keys.signing, keys.card.role)
    try:
        return accept_restore(client, home, reason, progress)
    finally:
        client.close()


def run_audit(home: Home, keys: MemberKeys, console: Console, now: Callable[[], datetime] = _now) -> None:
    """Fetch and verify the whole log and print it; `AuditError` or `DeskError` if it can't be.

    Raises `UnwitnessedError`, once all of it is printed, if too few witnesses have cosigned it.
    """
    verified = _verified(home, keys, bar(console))
    witnesses = KeptCosigned(home)
    for line in (*_report(verified), *_cosigned(witnesses), *_findings(verified, now())):
        # A line is never cut or broken: it can be searched for an id and counted.
        console.print(shown(line), soft_wrap=True, markup=False, highlight=False, emoji=False)
    require_witnessed(witnesses.witnessed, now)


def _verified(home: Home, keys: MemberKeys, progress: Progress) -> VerifiedLog:
    client = DeskClient(home, keys.signing, keys.card.role)
    try:
        verified = fetch_whole(client, home, progress)
    finally:
        client.close()
    for says in home.repairs:
        print(f"Damage on this machine: {says}.", file=sys.stderr)  # noqa: T201 - beside the report, not in it
    if accusation := client.journal.accusation():
        raise AuditError(accusation)
    return verified


def _report(verified: VerifiedLog) -> Iterator[str]:
    yield "Who did what (number, UTC, who, what, to what):"
    yield "  read: a program fetched this, sealed, and its member could open it"
    yield "  make: a member made this: a report that came otherwise, or a dossier of the team's own"
    yield "  open: a program says that it showed this to its member"
    yield "  vouch, shut_out: a reviewer's word that somebody be enrolled, or revoked; the last that was needed did it"
    yield "  unsay: such a word was taken back, before it was enough"
    yield "  rule: the operator set how many reviewers must vouch"
    yield "  propose, second, stop: a member wants a report deleted, wants it too, or stops it; delete: the server did"
    yield "  purged: a program says that it has deleted what it kept of a report that is gone"
    yield "  rewrap: a reviewer let the named member read these reports from then on; without a name, they put a newer"
    yield "    key of their own in the place of an older one, and nobody reads them who didn't before"
    yield "  rekey: a reviewer put a newer key in the place of the one that reports were sealed to"
    yield "  take_over: a program fetched its member's newer keys, sealed, which another machine of theirs had made"
    yield "  renew: a reviewer gave these reports another key, for all reviewers of then; where members are named, for"
    yield "    those alone. What came before, whoever read it until then can still read"
    yield "  take_back: a member had a reply to a source deleted, whoever wrote it"
    yield "  export: a file of this left a member's program; refer: it was handed on (digest: of the sealed word on it)"
    yield "  log: an auditor read the log; settle, expire, backup, restore, software: what the operator did"
    for index, entry in enumerate(verified.entries):
        yield f"{index:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {_name(verified, entry)}  {_did(verified, entry)}"
    yield ""
    yield "Members (key id, role, name, since and until in UTC):"
    for member in verified.roster.members:
        card = member.card
        until = f"until {member.until:%Y-%m-%d %H:%M:%S}" if member.until else "active"
        likes = "".join(
            f"; the name is that of {other.card.key_id}, or looks like it" for other in verified.roster.likes(member)
        )
        yield f"{card.key_id}  {card.role.value}  {card.name}  since {member.since:%Y-%m-%d %H:%M:%S}, {until}{likes}"
    yield from in_words(verified.roster, verified.clock.last)
    yield ""
    yield f"Verified: {verified.checkpoint.size} entries of the log {verified.checkpoint.origin}"
    yield f"Root:     {verified.checkpoint.root.hex()}"


def _cosigned(witnesses: KeptCosigned) -> Iterator[str]:
    if witnesses.asks:
        size = 0 if witnesses.last is None else witnesses.last.checkpoint.size
        yield f"Cosigned: {size} entries ({witnesses.witnessed.told()})"


def _findings(verified: VerifiedLog, now: datetime) -> Iterator[str]:
    """What is no fault of the log but should be looked at."""
    for ruling in verified.state.rulings:
        if ruling.entry.action is Action.RESTORE:
            copy = copy_of(ruling.entry.objects)
            yield (
                f"Restore:  entry {ruling.place} of {ruling.entry.at:%Y-%m-%d %H:%M:%S} says that a copy (SHA-256 "
                f"{copy.sha256}) was put back; whatever else was logged behind entry {copy.size - 1} is lost"
            )
        if ruling.entry.action is Action.SOFTWARE:
            version, digest = (name.partition("/")[2] for name in ruling.entry.objects)
            yield f"Software: from entry {ruling.place} on the server runs version {version}, SHA-256 {digest}"
    for correction in verified.clock.corrections:
        yield (
            f"Clock:    entry {correction.place} set the log's time back from {correction.before:%Y-%m-%d %H:%M:%S} "
            f"to {correction.after:%Y-%m-%d %H:%M:%S}; days between the two may be wrong"
        )
    for ruling in let_in_alone(verified.state.rulings):
        yield f"Members:  entry {ruling.place} is the operator's alone: nobody was there to vouch for who was enrolled"
    for purge in purges(verified.entries, verified.roster):
        missing = ", ".join(map(verified.roster.label, purge.missing)) or "none"
        signed = ", ".join(map(verified.roster.label, purge.receipts)) or "none"
        what = "deleted" if purge.deleted else "said to be withdrawn by its source"
        yield (
            f"Purge:    tip/{purge.tip}, {what}, {purge.at:%Y-%m-%d %H:%M:%S}; receipts of {signed}; "
            f"missing since then: {missing}"
        )
    ahead = [index for index, entry in enumerate(verified.entries) if entry.at > now + LIFETIME]
    if ahead:
        yield (
            f"Clock:    {len(ahead)} entries, the first of them {ahead[0]}, are of a time that has not come by this "
            f"machine's clock ({now:%Y-%m-%d %H:%M:%S} UTC): either that is wrong, or the server's clock was ahead; "
            "ask its operator"
        )


def _name(verified: VerifiedLog, entry: Entry) -> str:
    member = verified.roster.member(entry.who)
    return OPERATOR if member is None else verified.roster.label(entry.who)


def _did(verified: VerifiedLog, entry: Entry) -> str:
    is_short = len(entry.objects) <= _NAMED
    objects = (_object(verified, name) for name in entry.objects) if is_short else _counts(verified, entry)
    confirmed = ("(the operator confirmed the time)",) if entry.confirmed else ()
    return " ".join((entry.action.value, *objects, *confirmed, *_made(entry), *_carded(entry)))


def _made(entry: Entry) -> Iterator[str]:
    """By what a tip that a member made is known for ever, and that a look had a purpose."""
    if entry.request is None:
        return
    query = parse_base(entry.request.base, entry.request.signature).query
    if entry.action is Action.MAKE:
        yield f"(summary's payload: SHA-256 {what_was_made(query).payload})"
    if entry.action is Action.OPEN and (purpose := purpose_said(query)):
        yield f"(why: item/{purpose}, which reviewers can read)"


def _carded(entry: Entry) -> Iterator[str]:
    """Whose card somebody vouched for, who may never be enrolled."""
    if entry.action is Action.VOUCH and entry.request is not None:
        card = parse_card(entry.request.body or "")
        yield f"({card.name}, as {card.role.noun})"


def _counts(verified: VerifiedLog, entry: Entry) -> Iterator[str]:
    """How many objects of each kind: the ids of a first fetch would fill a screen. What was shown has its own line.

    Who was let in is named.
    """
    for kind, count in Counter(name.partition("/")[0] for name in entry.objects if name not in _people(entry)).items():
        yield f"{count} {_KINDS.get(kind, kind)}"
    yield from (_object(verified, name) for name in _people(entry))


def _people(entry: Entry) -> list[str]:
    return [name for name in entry.objects if name.startswith("member/")]


def _object(verified: VerifiedLog, name: str) -> str:
    key = name.removeprefix("member/")
    return name if verified.roster.member(key) is None else f"{name} ({verified.roster.label(key)})"
