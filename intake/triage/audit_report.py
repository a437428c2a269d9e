"""What an auditor reads: who opened what, who may, and which log this was. One line for each, the same in a pipe."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Console

from intake.protocol.actions import Action
from intake.protocol.audit import VerifiedLog
from intake.protocol.endpoints import what_was_made
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.requests import LIFETIME, parse_base
from intake.terminal import shown
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.log import KeptLog, fetch_whole
from intake.triage.home import DamagedError, Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import Progress, bar

_NAMED = 6
"""Of more objects than these only their number is told."""

_KINDS = {"summary": "summaries", "item": "items", "tip": "reports"}


def _now() -> datetime:
    return datetime.now(UTC)


def fetch_log(home: Home, keys: MemberKeys, progress: Progress) -> tuple[Sequence[bytes], bytes]:
    """Fetch and verify the whole log: its entries, and the signed checkpoint. Errors as `run_audit`."""
    verified = _verified(home, keys, progress)
    kept = KeptLog(home)
    if (head := kept.head) is None:
        raise DamagedError("what was fetched just now can't be read")
    return list(kept.lines(0, verified.checkpoint.size)), head.received.note


def run_audit(home: Home, keys: MemberKeys, console: Console, now: Callable[[], datetime] = _now) -> None:
    """Fetch and verify the whole log and print it; `AuditError` or `DeskError` if it can't be."""
    verified = _verified(home, keys, bar(console))
    for line in (*_report(verified), *_findings(verified, now())):
        # A line is never cut or broken: it can be searched for an id and counted.
        console.print(shown(line), soft_wrap=True, markup=False, highlight=False, emoji=False)


def _verified(home: Home, keys: MemberKeys, progress: Progress) -> VerifiedLog:
    client = DeskClient(home, keys.signing)
    try:
        verified = fetch_whole(client, home, progress)
    finally:
        client.close()
    for says in home.repairs:
        print(f"Damage on this machine: {says}.", file=sys.stderr)  # noqa: T201 - beside the report, not in it
    return verified


def _report(verified: VerifiedLog) -> Iterator[str]:
    yield "Who did what (number, UTC, who, what, to what):"
    yield "  read: a program fetched this, sealed, and its member could open it"
    yield "  make: a member made this: a report that came otherwise, or a dossier of the team's own"
    yield "  open: a program says that it showed this to its member"
    yield "  rewrap: a reviewer let the named member read these reports from then on; without a name, they put a newer"
    yield "    key of their own in the place of an older one, and nobody reads them who didn't before"
    yield "  rekey: a reviewer put a newer key in the place of the one that reports were sealed to"
    yield "  take_over: a program fetched its member's newer keys, sealed, which another machine of theirs had made"
    yield "  renew: a reviewer gave these reports another key, for all reviewers of then; where members are named, for"
    yield "    those alone. What came before, whoever read it until then can still read"
    yield "  take_back: a member had a reply to a source deleted, whoever wrote it"
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
    yield ""
    yield f"Verified: {verified.checkpoint.size} entries of the log {verified.checkpoint.origin}"
    yield f"Root:     {verified.checkpoint.root.hex()}"


def _findings(verified: VerifiedLog, now: datetime) -> Iterator[str]:
    """What is no fault of the log but should be looked at: corrections of the clock, and a future that hasn't come."""
    for correction in verified.clock.corrections:
        yield (
            f"Clock:    entry {correction.place} set the log's time back from {correction.before:%Y-%m-%d %H:%M:%S} "
            f"to {correction.after:%Y-%m-%d %H:%M:%S}; days between the two may be wrong"
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
    return " ".join((entry.action.value, *objects, *confirmed, *_made(entry)))


def _made(entry: Entry) -> Iterator[str]:
    """By what a tip that a member made is known for ever."""
    if entry.action is Action.MAKE and entry.request is not None:
        query = parse_base(entry.request.base, entry.request.signature).query
        yield f"(summary's payload: SHA-256 {what_was_made(query).payload})"


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
