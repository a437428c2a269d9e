"""What an auditor reads on the command line: one line for each thing, the same in a pipe."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from intake.audit.standing import standing
from intake.audit.verified import VerifiedLog
from intake.findings.found import TITLES, Finding
from intake.findings.record import Answer
from intake.protocol.actions import Action, copy_of
from intake.protocol.card import parse_card
from intake.protocol.deletions import purges
from intake.protocol.entry import Entry
from intake.protocol.membership import in_words, let_in_alone
from intake.protocol.queries import purpose_said, what_was_made
from intake.protocol.requests import LIFETIME, parse_base
from intake.protocol.rules import REKEYING

NAMED = 6
"""Of more objects than these only their number is told."""

_KINDS = {"summary": "summaries", "item": "items", "tip": "reports"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is no fault of the log. `is_usual`: that nobody has to look into it."""

    says: str
    is_usual: bool = False


def whole_report(log: VerifiedLog, found: Iterable[Finding], now: datetime) -> Iterator[str]:
    """What is new since the last time, who is a member, which log this was, and what stands out."""
    if log.before == log.size:
        yield f"Nothing new since the last time: {log.size} entries."
    else:
        yield from _entries(log)
    yield ""
    yield from _members(log)
    yield ""
    yield f"Verified: {log.size} entries of the log {log.checkpoint.origin}"
    yield f"Root:     {log.checkpoint.root.hex()}"
    yield f"Policy:   {standing(log.witnessed, now).says}"
    if log.policy.witnesses:
        size = 0 if log.cosigned is None else log.cosigned.checkpoint.size
        yield f"Cosigned: {size} entries ({log.witnessed.told()})"
    for notice in noticed(log, now):
        yield notice.says
    yield _summed(log, found)


def finding_lines(log: VerifiedLog, found: Iterable[Finding]) -> Iterator[str]:
    """Each finding in a line, with what was said to it below."""
    for finding in found:
        at = f"{finding.at:%Y-%m-%d %H:%M:%S}"
        yield f"{finding.id}  {at}  {TITLES[finding.kind]}: {about(log, finding)}"
        for answer in log.record.answers.get(finding.id, ()):
            yield f"    {answered(log, answer, finding)}"


def about(log: VerifiedLog, finding: Finding) -> str:
    """Whom a finding is about, and what they did, in words."""
    return f"{', '.join(name_of(log, key) for key in finding.who) or 'the operator'} {finding.says}"


def answered(log: VerifiedLog, answer: Answer, finding: Finding) -> str:
    """What somebody said to a finding, with their name: no others than theirs. Whom it is about is no other's word."""
    own = ", whom it is about" if answer.who in finding.who else ""
    return f"{name_of(log, answer.who)}{own}, {answer.at:%Y-%m-%d %H:%M} UTC: {answer.says}"


def name_of(log: VerifiedLog, key: str) -> str:
    """What a member is called, by key id."""
    return key if log.roster.member(key) is None else log.roster.label(key)


def _summed(log: VerifiedLog, found: Iterable[Finding]) -> str:
    listed = list(found)
    answered = sum(log.record.is_answered(finding.id, finding.who) for finding in listed)
    return f"Findings: {len(listed)}, of which {answered} were answered by others; 'intake audit findings' lists them"


def _entries(log: VerifiedLog) -> Iterator[str]:
    yield "Who did what (number, UTC, who, what, to what):"
    yield "  index: a program asked which reports there are, on all days or on one: each fetch begins with that"
    yield "  read: a program fetched this, sealed, and its member could open it"
    yield "  add: a member wrote something for this report, sealed: a note, a status, a reply to its source"
    yield "  make: a member made this: a report that came otherwise, or a dossier of the team's own"
    yield "  open: a program says that it showed this to its member"
    yield "  vouch, shut_out: a reviewer's word that somebody be enrolled, or revoked; the last that was needed did it"
    yield "  unsay: such a word was taken back, before it was enough"
    yield "  rule: the operator set a number that members go by: how many must vouch or want a deletion, and the like"
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
    yield "  approve: a lead let something of this leave (digest: of the sealed word on to whom, and what for)"
    yield "  deposit: a program left its member's recovery file, sealed, at the desk"
    yield "  log: an auditor read the log"
    yield "  enrol, revoke, settle, expire, backup, restore, software, clock: what the operator did; expire: what was"
    yield "    older than reports are kept was deleted; clock: the log's time was set back"
    yield "  explain: a member answered a finding"
    for index, entry in enumerate(log.entries(log.before), log.before):
        yield f"{index:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {name_of(log, entry.who)}  {_did(log, entry)}"


def _members(log: VerifiedLog) -> Iterator[str]:
    yield "Members (key id, role, name, since and until in UTC):"
    for member in log.roster.members:
        card = member.card
        until = f"until {member.until:%Y-%m-%d %H:%M:%S}" if member.until else "active"
        likes = "".join(
            f"; the name is that of {other.card.key_id}, or looks like it" for other in log.roster.likes(member)
        )
        yield f"{card.key_id}  {card.role.value}  {card.name}  since {member.since:%Y-%m-%d %H:%M:%S}, {until}{likes}"
    yield from in_words(log.roster, log.state.clock.last)


def noticed(log: VerifiedLog, now: datetime) -> Iterator[Notice]:
    """What is no fault of the log but should be looked at, and what is usual and may be asked for."""
    runs = False
    for ruling in log.state.rulings:
        if ruling.entry.action is Action.RESTORE:
            copy = copy_of(ruling.entry.objects)
            yield Notice(
                f"Restore:  entry {ruling.place} of {ruling.entry.at:%Y-%m-%d %H:%M:%S} says that a copy (SHA-256 "
                f"{copy.sha256}) was put back; whatever else was logged behind entry {copy.size - 1} is lost"
            )
        if ruling.entry.action is Action.SOFTWARE:
            version, digest = (name.partition("/")[2] for name in ruling.entry.objects)
            says = f"Software: from entry {ruling.place} on the server runs version {version}, SHA-256 {digest}"
            # The first is what it began with; what came in its place later is a change.
            yield Notice(says, is_usual=not runs)
            runs = True
    for correction in log.state.clock.corrections:
        yield Notice(
            f"Clock:    entry {correction.place} set the log's time back from {correction.before:%Y-%m-%d %H:%M:%S} "
            f"to {correction.after:%Y-%m-%d %H:%M:%S}; days between the two may be wrong"
        )
    for ruling in let_in_alone(log.state.rulings):
        yield Notice(
            f"Members:  entry {ruling.place} is the operator's alone: nobody was there to vouch for who was enrolled"
        )
    for purge in purges(log.record.deeds, log.roster):
        missing = ", ".join([*map(log.roster.label, purge.missing), *_revoked(log, purge.revoked)]) or "none"
        signed = ", ".join(map(log.roster.label, purge.receipts)) or "none"
        what = "deleted" if purge.deleted else "said to be withdrawn by its source"
        yield Notice(
            f"Purge:    tip/{purge.tip}, {what}, {purge.at:%Y-%m-%d %H:%M:%S}; receipts of {signed}; "
            f"missing since then: {missing}",
            is_usual=not purge.missing,
        )
    for member in log.roster.reviewers:
        if log.roster.must_rekey(member, now):
            yield Notice(
                f"Old key:  what comes is sealed to the same key of {log.roster.label(member.card.key_id)} since "
                f"{member.sealed_since:%Y-%m-%d %H:%M:%S}, and by the rules no longer than "
                f"{log.roster.rules[REKEYING]} days: their program exchanges it once it fetches"
            )
    ahead = [deed.place for deed in log.record.deeds if deed.at > now + LIFETIME]
    if ahead:
        yield Notice(
            f"Clock:    {len(ahead)} entries, the first of them {ahead[0]}, are of a time that has not come by this "
            f"machine's clock ({now:%Y-%m-%d %H:%M:%S} UTC): either that is wrong, or the server's clock was ahead; "
            "ask its operator"
        )


def _revoked(log: VerifiedLog, keys: Iterable[str]) -> Iterator[str]:
    """Those whose programs can sign nothing any more, and since when."""
    for key in keys:
        member = log.roster.member(key)
        if member is not None and member.until is not None:
            yield f"{log.roster.label(key)} (revoked since {member.until:%Y-%m-%d}, and may keep a copy)"


def _did(log: VerifiedLog, entry: Entry) -> str:
    is_short = len(entry.objects) <= NAMED
    objects = (_object(log, name) for name in entry.objects) if is_short else _counts(log, entry)
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


def _counts(log: VerifiedLog, entry: Entry) -> Iterator[str]:
    """How many objects of each kind: the ids of a first fetch would fill a screen. What was shown has its own line.

    Who was let in is named.
    """
    for kind, count in Counter(name.partition("/")[0] for name in entry.objects if name not in _people(entry)).items():
        yield f"{count} {_KINDS.get(kind, kind)}"
    yield from (_object(log, name) for name in _people(entry))


def _people(entry: Entry) -> list[str]:
    return [name for name in entry.objects if name.startswith("member/")]


def _object(log: VerifiedLog, name: str) -> str:
    key = name.removeprefix("member/")
    return name if log.roster.member(key) is None else f"{name} ({log.roster.label(key)})"
