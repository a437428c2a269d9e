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

    @property
    def status(self) -> str:
        """Where the tip stands: the latest status by the order of the log."""
        return next((s.payload.status for s in reversed(self.written) if isinstance(s.payload, Status)), "new")

    def written_as(self, kind: type[P]) -> list[Signed]:
        """What reviewers wrote of one kind, oldest first."""
        return [signed for signed in self.written if isinstance(signed.payload, kind)]


class Authors:
    """Who added which item, from the verified log."""

    def __init__(self, log: VerifiedLog) -> None:
        self._added: dict[str, tuple[Author, bytes]] = {}
        for place, entry in enumerate(log.entries):
            member = log.roster.member(entry.who)
            if entry.action is not Action.ADD or entry.request is None or member is None:
                continue
            digest = parse_base(entry.request.base, entry.request.signature).digest
            # The first entry counts: the desk never replaces an item.
            self._added.setdefault(entry.objects[1], (Author(member.card.name, entry.at, place), digest))

    def of(self, item: str, sealed: bytes) -> Author | None:
        """Who added exactly these bytes as this item."""
        author, digest = self._added.get(f"item/{item}", (None, b""))
        return author if hashlib.sha256(sealed).digest() == digest else None


def open_tip(
    row: TipRow,
    items: Sequence[ItemRow],
    sealed: Mapping[str, bytes],
    identity: HybridIdentity,
    log: VerifiedLog,
    authors: Authors,
) -> OpenTip:
    """Open all of a tip that can be opened. `sealed`: by tip id for the summary, and by item id."""
    tip = OpenTip(row.id, row.day, row.recipient)
    summary = sealed.get(row.id, b"")
    try:
        opened = Summary.from_json(unseal(summary, [identity]))
        tip.identities = [_hybrid(text) for text in opened.identities]
    except NoMatch:
        tip.warnings.append("This report was not sealed to you: it came before you were enrolled.")
        return tip
    except (AgeError, PayloadFormatError):
        tip.warnings.append("The summary of this report is damaged.")
        return tip
    if stanza_count(summary) not in log.roster.reviewer_counts(date.fromisoformat(row.day)):
        tip.warnings.append(
            "The summary is sealed to more or fewer people than there were reviewers. Tell your colleagues."
        )
    tip.source, tip.language = opened.source, opened.language
    tip.answers = {key: answer for key, answer in opened.answers.items() if answer != UNANSWERED}
    for item in items:
        if not item.blob:
            _open_item(tip, item, sealed.get(item.id, b""), authors)
    tip.written.sort(key=lambda signed: signed.author.place)
    tip.messages.sort(key=lambda sent: (sent[0], sent[1].place))
    for addition in sorted(tip.additions, key=lambda addition: addition.place):
        _merge(tip, addition.answers)
    return tip


def _open_item(tip: OpenTip, item: ItemRow, sealed: bytes, authors: Authors) -> None:
    try:
        document = unseal(sealed, tip.identities)
        if item.kind in ("reply", "work"):
            _take_written(tip, item, sealed, document, authors)
        else:
            _take_sent(tip, item, document)
    except (AgeError, PayloadFormatError, PaddingError):
        tip.warnings.append(f"An item of {item.day} could not be opened.")


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
