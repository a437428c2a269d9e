"""From sealed bytes to a tip that can be read: opened in memory, each author proven by the log, doubts said aloud."""

import hashlib
from collections import defaultdict
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
from intake.protocol.index import ItemRow, TipRow, sha256_hex
from intake.protocol.requests import parse_base
from intake.report.definition import UNANSWERED, Answer, load_form
from intake.report.payloads import (
    About,
    Addition,
    Deletion,
    Note,
    Opened,
    Payload,
    PayloadFormatError,
    Reply,
    Report,
    Status,
    Summary,
    one_of,
)
from intake.report.signed import SOURCE_KINDS, parse_signer, parse_source_item
from intake.triage.chain import TELL, Sent, check, named
from intake.triage.conversation import Line, Replied, in_order
from intake.triage.memory import Known

P = TypeVar("P", bound=Payload)

_TO_SOURCE: tuple[type[Reply | Opened], ...] = (Reply, Opened)
_AMONG_REVIEWERS: tuple[type[Status | Note], ...] = (Status, Note)
_BEFORE_SIGNATURES = (
    "This report is from before signatures: nothing proves that what stands here as the source's came from the source. "
    "What they sent later is signed, but the report names no key to check that by."
)


@dataclass(frozen=True, slots=True)
class Author:
    """Who added an item and when, as the log proves."""

    name: str
    at: datetime
    place: int


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """Something a reviewer wrote."""

    item: str
    author: Author
    payload: Reply | Opened | Note | Status


@dataclass(slots=True, repr=False)
class OpenTip:
    """A tip in the clear, in memory. `warnings` and `remarks` are shown with it.

    `signer`: the source's key, empty if none is known. `rows`: the items that are shown as the source's, `deleted`: ids
    of the replies that it deleted, `replies`: how many the log has.
    """

    id: str
    day: str
    source: str = ""
    signer: str = ""
    language: str = ""
    identities: Sequence[HybridIdentity] = ()
    answers: dict[str, Answer] = field(default_factory=dict)
    narrative: str = ""
    conversation: list[Line] = field(default_factory=list)
    files: dict[str, tuple[str, About]] = field(default_factory=dict)
    written: list[Signed] = field(default_factory=list)
    rows: Sequence[ItemRow] = ()
    deleted: set[str] = field(default_factory=set)
    replies: int = 0
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
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
    """What the log proves of an item that a reviewer added. `key`: id of the key that signed that."""

    author: Author
    key: str
    digest: bytes
    tip: str
    item: str
    to_source: bool


class Authors:
    """Who added which item, from the verified log."""

    def __init__(self, log: VerifiedLog) -> None:
        self._added: dict[str, Added] = {}
        self._replies: dict[str, list[Added]] = defaultdict(list)
        names = {member.card.key_id: log.roster.label(member.card.key_id) for member in log.roster.members}
        for place, entry in enumerate(log.entries):
            member = log.roster.member(entry.who)
            if entry.action is not Action.ADD or entry.request is None or member is None:
                continue
            if not may(member.card.role, Action.ADD):
                continue
            request = parse_base(entry.request.base, entry.request.signature)
            author = Author(names[entry.who], entry.at, place)
            tip, item = (name.partition("/")[2] for name in entry.objects)
            # The first entry counts: the desk never replaces an item.
            if item not in self._added:
                self._added[item] = Added(author, entry.who, request.digest, tip, item, request.query == "?kind=reply")
                if self._added[item].to_source:
                    self._replies[tip].append(self._added[item])

    def of(self, item: str, sealed: bytes) -> Author | None:
        """Who added exactly these bytes as this item."""
        added = self._added.get(item)
        return added.author if added is not None and hashlib.sha256(sealed).digest() == added.digest else None

    def replies(self, tip: str) -> list[Added]:
        """Everything that was ever sealed to the source of a tip, in the order of the log."""
        return self._replies[tip]

    def by(self, key: str) -> set[str]:
        """The items that a key has added, whatever became of them."""
        return {added.item for added in self._added.values() if added.key == key}

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
    """Open all of a tip that can be opened, also what its source sent once and the server no longer has.

    `sealed`: by tip id for the summary as first fetched, and by item id.
    """
    tip = OpenTip(row.id, row.day)
    tip.warnings += _doubts(row, known, reader.log.clock)
    summary = sealed.get(row.id, b"")
    try:
        opened = Summary.from_json(unseal(summary, [reader.identity]))
        signer = parse_signer(opened.signer) if opened.signer else None
        tip.identities = _identities(opened)
    except NoMatch:
        tip.warnings.append(_not_sealed_to(reader, row, known))
        return tip
    except (AgeError, PayloadFormatError):
        tip.warnings.append("The summary of this report is damaged.")
        return tip
    if stanza_count(summary) not in reader.log.roster.reviewer_counts(date.fromisoformat(row.day)):
        tip.warnings.append(
            f"The summary is sealed to more or fewer people than there were reviewers on that day. {TELL}"
        )
    if row.recipient != sha256_hex(str(tip.identities[0].recipient).encode()):
        tip.warnings.append(
            "The server names another key for this report than the report itself does: what the source sends from now "
            f"on may be meant for somebody else. What you write is sealed to the report's own key. {TELL}"
        )
    if signer is None:
        _say_unsigned(tip, known)
    tip.source, tip.signer, tip.language = opened.source, opened.signer, opened.language
    tip.answers = {key: answer for key, answer in opened.answers.items() if answer != UNANSWERED}
    rows = _first_seen(tip, items, known, sealed)
    opened_items = _open_items(tip, rows, sealed, reader.authors)
    first = {row.id for row in known.items}
    # What nobody could ever open may be anything: no number of such items stands for one that is missing.
    unread = len(first - {each.row.id for each in opened_items})
    sent = check(opened_items, tip.id, signer, first, unread)
    tip.warnings += sent.doubts
    tip.rows = [each.row for each in sent.sent]
    for each in sent.sent:
        _take_sent(tip, each)
    _check_files(tip, items)
    tip.written.sort(key=lambda signed: signed.author.place)
    tip.conversation = in_order(sent.sent, _replied(tip, reader.authors))
    return tip


def _first_seen(tip: OpenTip, items: Sequence[ItemRow], known: Known, sealed: Mapping[str, bytes]) -> Sequence[ItemRow]:
    """All rows, as they were first fetched; of what is gone from the server too, if this machine has kept it."""
    present, first = {item.id for item in items}, {row.id: row for row in known.items}
    gone = [row for row in known.items if row.id not in present]
    for row in gone:
        rest = "What this machine has kept is shown." if row.id in sealed else "This machine has not kept it."
        tip.warnings.append(f"{named(row)} is no longer on the server. No source can delete that alone. {rest} {TELL}")
    return [first.get(item.id, item) for item in items] + [row for row in gone if row.id in sealed]


def _say_unsigned(tip: OpenTip, known: Known) -> None:
    if known.signs:
        tip.warnings.append(
            "This report names no key of its source, although it came when this server already had such keys: it may "
            f"be forged. {TELL}"
        )
    else:
        tip.remarks.append(_BEFORE_SIGNATURES)


def _doubts(row: TipRow, known: Known, clock: LogClock) -> list[str]:
    """What the server says of a tip now that does not go with what was seen before."""
    doubts = []
    if not known.is_summary_of(row):
        doubts.append(
            "The server has put another summary in the place of the one that was fetched first, and nothing in the log "
            f"explains that. What you see was opened with the first one. {TELL}"
        )
    if known.absent and date.fromisoformat(row.day) < clock.earliest(date.fromisoformat(known.absent)):
        doubts.append(
            f"This report is dated {row.day}, but the server did not have it yet when you fetched on {known.absent}. "
            f"{TELL}"
        )
    if known.withdrawn:
        doubts.append(
            f"The source withdrew this report on {known.withdrawn}, by its signature, but the server has it again."
            f" {TELL}"
        )
    return doubts


def _not_sealed_to(reader: Reader, row: TipRow, known: Known) -> str:
    clock = reader.log.clock
    # A fetch on the same day proves nothing: what had come by then may have waited for the next gate.
    came = date.fromisoformat(max(row.day, known.absent))
    if clock.earliest(came) > clock.latest(reader.since):
        return f"This report was not sealed to you, although it came after you were enrolled. {TELL}"
    if known.absent:
        return (
            "This report was not sealed to you. It came on the day on which you were enrolled, perhaps just before, "
            "and showed later. If your colleagues read it and you can't, ask those who run the server why."
        )
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


def _open_items(tip: OpenTip, items: Sequence[ItemRow], sealed: Mapping[str, bytes], authors: Authors) -> list[Sent]:
    """Take in what reviewers wrote; returns what the source is said to have sent."""
    sent = []
    for item in items:
        if item.blob:
            continue
        data = sealed.get(item.id, b"")
        try:
            document = unseal(data, tip.identities)
            if item.kind in SOURCE_KINDS:
                sent.append(Sent(item, data, parse_source_item(document)))
            else:
                _take_written(tip, item, data, document, authors)
        except (AgeError, PayloadFormatError, PaddingError):
            tip.warnings.append(f"An item of {item.day} could not be opened.")
            tip.spoilt.append(item.id)
    return sent


def _take_sent(tip: OpenTip, sent: Sent) -> None:
    match sent.payload:
        case Report(answers=answers):
            tip.narrative = str(answers.get("narrative", ""))
            _merge(tip, answers)
        case Addition(answers=answers):
            _merge(tip, answers)
        case About() as about:
            tip.files[sent.row.id] = (sent.row.day, about)
        case Deletion(reply=reply):
            tip.deleted.add(reply)


def _replied(tip: OpenTip, authors: Authors) -> list[Replied]:
    """Everything that the log says was sealed to the source, with the words of what is there."""
    lines = {
        signed.item: Line(f"{signed.author.at:%Y-%m-%d}", signed.author.name, signed.payload.text)
        for signed in tip.written
        if isinstance(signed.payload, Reply)
    }
    added = authors.replies(tip.id)
    tip.replies = len(added)
    return [Replied(each.item, each.author.place, f"{each.author.at:%Y-%m-%d}", lines.get(each.item)) for each in added]


def _take_written(tip: OpenTip, item: ItemRow, sealed: bytes, document: bytes, authors: Authors) -> None:
    author = authors.of(item.id, sealed)
    if author is None:
        tip.warnings.append(f"A {item.kind} of {item.day} is not in the log as any reviewer's. It is not shown.")
        return
    tip.written.append(Signed(item.id, author, _written(item.kind, document)))


def _written(kind: str, document: bytes) -> Reply | Opened | Note | Status:
    if kind == "reply":
        return one_of(document, *_TO_SOURCE)
    return one_of(document, *_AMONG_REVIEWERS)


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
