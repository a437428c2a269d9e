"""From sealed bytes to a tip that can be read: opened in memory, each author proven by the log, doubts said aloud."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from crypto.age import AgeError, HybridIdentity, NoMatch, parse_identity, stanza_count, unseal
from crypto.padding import PaddingError
from intake.protocol.actions import Action
from intake.protocol.audit import VerifiedLog
from intake.protocol.clock import LogClock
from intake.protocol.endpoints import may
from intake.protocol.requests import parse_base
from intake.protocol.wire import ItemRow, TipRow
from intake.report.definition import UNANSWERED, Answer, load_form
from intake.report.payloads import (
    About,
    Addition,
    Message,
    Note,
    Opened,
    Payload,
    PayloadFormatError,
    Reply,
    Report,
    Status,
    Summary,
)
from intake.triage.memory import Known

_TELL = "Tell your colleagues and your auditors, over another channel than this server."

P = TypeVar("P", bound=Payload)
Q = TypeVar("Q", bound=Payload)


@dataclass(frozen=True, slots=True)
class Author:
    """Who added an item and when, as the log proves."""

    name: str
    at: datetime
    place: int


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """Something a reviewer wrote."""

    author: Author
    payload: Reply | Opened | Note | Status


@dataclass(slots=True, repr=False)
class OpenTip:
    """A tip in the clear, in memory. `warnings` are shown with it."""

    id: str
    day: str
    recipient: str
    source: str = ""
    language: str = ""
    identities: Sequence[HybridIdentity] = ()
    answers: dict[str, Answer] = field(default_factory=dict)
    narrative: str = ""
    additions: list[Addition] = field(default_factory=list)
    messages: list[tuple[str, Message]] = field(default_factory=list)
    files: dict[str, tuple[str, About]] = field(default_factory=dict)
    written: list[Signed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    spoilt: list[str] = field(default_factory=list)
    """Items that are not what was sealed, on this machine or at the desk already."""

    @property
    def status(self) -> str:
        """Where the tip stands: the latest status by the order of the log."""
        return next((s.payload.status for s in reversed(self.written) if isinstance(s.payload, Status)), "new")

    def written_as(self, kind: type[P]) -> list[Signed]:
        """What reviewers wrote of one kind, oldest first."""
        return [signed for signed in self.written if isinstance(signed.payload, kind)]


@dataclass(frozen=True, slots=True)
class Added:
    """What the log proves of an item that a reviewer added."""

    author: Author
    digest: bytes
    tip: str
    item: str
    to_source: bool


class Authors:
    """Who added which item, from the verified log."""

    def __init__(self, log: VerifiedLog) -> None:
        self._added: dict[str, Added] = {}
        for place, entry in enumerate(log.entries):
            member = log.roster.member(entry.who)
            if entry.action is not Action.ADD or entry.request is None or member is None:
                continue
            if not may(member.card.role, Action.ADD):
                continue
            request = parse_base(entry.request.base, entry.request.signature)
            author = Author(log.roster.label(entry.who), entry.at, place)
            tip, item = (name.partition("/")[2] for name in entry.objects)
            # The first entry counts: the desk never replaces an item.
            self._added.setdefault(item, Added(author, request.digest, tip, item, request.query == "?kind=reply"))

    def of(self, item: str, sealed: bytes) -> Author | None:
        """Who added exactly these bytes as this item."""
        added = self._added.get(item)
        return added.author if added is not None and hashlib.sha256(sealed).digest() == added.digest else None

    def before(self, place: int) -> list[Added]:
        """What had been added when the log had so many entries."""
        return [added for added in self._added.values() if added.author.place < place]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever opens tips, since when these are sealed to them, and what the verified log says."""

    identity: HybridIdentity
    since: date
    log: VerifiedLog
    authors: Authors


def open_tip(
    row: TipRow, items: Sequence[ItemRow], sealed: Mapping[str, bytes], known: Known, reader: Reader
) -> OpenTip:
    """Open all of a tip that can be opened. `sealed`: by tip id for the summary as first fetched, and by item id."""
    tip = OpenTip(row.id, row.day, row.recipient)
    tip.warnings += _doubts(row, known, reader.log.clock)
    summary = sealed.get(row.id, b"")
    try:
        opened = Summary.from_json(unseal(summary, [reader.identity]))
        tip.identities = _identities(opened)
    except NoMatch:
        tip.warnings.append(_not_sealed_to(reader, row, known))
        return tip
    except (AgeError, PayloadFormatError):
        tip.warnings.append("The summary of this report is damaged.")
        return tip
    if stanza_count(summary) not in reader.log.roster.reviewer_counts(date.fromisoformat(row.day)):
        tip.warnings.append(
            f"The summary is sealed to more or fewer people than there were reviewers on that day. {_TELL}"
        )
    if row.recipient != str(tip.identities[0].recipient):
        tip.warnings.append(
            "The server names another key for this report than the report itself does: what the source sends from now "
            f"on may be meant for somebody else. What you write is sealed to the report's own key. {_TELL}"
        )
    tip.source, tip.language = opened.source, opened.language
    tip.answers = {key: answer for key, answer in opened.answers.items() if answer != UNANSWERED}
    for item in items:
        if not item.blob:
            _open_item(tip, item, sealed.get(item.id, b""), reader.authors)
    _check_files(tip, items)
    tip.written.sort(key=lambda signed: signed.author.place)
    tip.messages.sort(key=lambda sent: (sent[0], sent[1].place))
    for addition in sorted(tip.additions, key=lambda addition: addition.place):
        _merge(tip, addition.answers)
    return tip


def _doubts(row: TipRow, known: Known, clock: LogClock) -> list[str]:
    """What the server says of a tip now that does not go with what was seen before."""
    doubts = []
    if row.summary != known.summary:
        doubts.append(
            "The server has put another summary in the place of the one that was fetched first, and nothing in the log "
            f"explains that. What you see was opened with the first one. {_TELL}"
        )
    if known.absent and date.fromisoformat(row.day) < clock.earliest(date.fromisoformat(known.absent)):
        doubts.append(
            f"This report is dated {row.day}, but the server did not have it yet when you fetched on {known.absent}. "
            f"{_TELL}"
        )
    return doubts


def _not_sealed_to(reader: Reader, row: TipRow, known: Known) -> str:
    clock = reader.log.clock
    if known.absent or clock.earliest(date.fromisoformat(row.day)) > clock.latest(reader.since):
        return f"This report was not sealed to you, although it came after you were enrolled. {_TELL}"
    return "This report was not sealed to you: it came before you were enrolled."


def _identities(opened: Summary) -> Sequence[HybridIdentity]:
    if not opened.identities:
        raise PayloadFormatError("a summary without an identity")
    return [_hybrid(text) for text in opened.identities]


def _check_files(tip: OpenTip, items: Sequence[ItemRow]) -> None:
    """Leave out each file whose content is none of this tip's, or can't be as large as is said."""
    sizes = {item.id: item.size for item in items if item.blob}
    for name, (day, about) in list(tip.files.items()):
        if not 0 <= about.size <= sizes.get(about.content, -1):
            del tip.files[name]
            tip.warnings.append(f"A file of {day} is not on the server as it is described. It is not shown.")


def _open_item(tip: OpenTip, item: ItemRow, sealed: bytes, authors: Authors) -> None:
    try:
        document = unseal(sealed, tip.identities)
        if item.kind in ("reply", "work"):
            _take_written(tip, item, sealed, document, authors)
        else:
            _take_sent(tip, item, document)
    except (AgeError, PayloadFormatError, PaddingError):
        tip.warnings.append(f"An item of {item.day} could not be opened.")
        tip.spoilt.append(item.id)


def _take_sent(tip: OpenTip, item: ItemRow, document: bytes) -> None:
    match item.kind:
        case "report":
            report = Report.from_json(document)
            tip.narrative = str(report.answers.get("narrative", ""))
            _merge(tip, report.answers)
        case "addition":
            tip.additions.append(Addition.from_json(document))
        case "message":
            tip.messages.append((item.day, Message.from_json(document)))
        case "about":
            tip.files[item.id] = (item.day, About.from_json(document))
        case _:
            raise PayloadFormatError("an item of an unknown kind")


def _take_written(tip: OpenTip, item: ItemRow, sealed: bytes, document: bytes, authors: Authors) -> None:
    author = authors.of(item.id, sealed)
    if author is None:
        tip.warnings.append(f"A {item.kind} of {item.day} is not in the log as any reviewer's. It is not shown.")
        return
    tip.written.append(Signed(author, _written(item.kind, document)))


def _written(kind: str, document: bytes) -> Reply | Opened | Note | Status:
    if kind == "reply":
        return _either(Reply, Opened, document)
    return _either(Status, Note, document)


def _either(one: type[P], other: type[Q], document: bytes) -> P | Q:
    try:
        return one.from_json(document)
    except PayloadFormatError:
        return other.from_json(document)


def _merge(tip: OpenTip, answers: Mapping[str, Answer]) -> None:
    """Later answers replace earlier ones; entries are added to those before."""
    for key, answer in answers.items():
        if key in _entries():
            tip.answers[key] = (*tip.answers.get(key, ()), *answer)
        elif answer != UNANSWERED:
            tip.answers[key] = answer


def _entries() -> frozenset[str]:
    return frozenset(entries.key for entries in load_form().entries)


def _hybrid(text: str) -> HybridIdentity:
    identity = parse_identity(text)
    if not isinstance(identity, HybridIdentity):
        raise PayloadFormatError("a tip's identity is of another kind")
    return identity
