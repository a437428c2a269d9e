"""What a source sent, checked: each item signed by its source, in its place, and none missing.

What the source's key did not sign as exactly this item is left out and said. What it did sign is always shown; numbers
and hashes then say what the server has left out, exchanged, or taken twice.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from crypto.note import Verifier
from intake.protocol.index import ItemRow
from intake.report.payloads import FromSource, Newer, Report
from intake.report.signed import NotTheSourcesError, SourceItem, Unsigned

TELL = "Tell your colleagues and your auditors, over another channel than this server."

_WORDS: Mapping[str, str] = {
    "report": "A report",
    "addition": "An addition to the report",
    "message": "A message",
    "about": "A file",
    "deletion": "A deletion",
}
_MOST_NAMED = 10
_NOT_SIGNED = "does not bear the source's signature"
_MISPLACED = "was signed by the source as something else than it is shown as"


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """An item that a source may have sent, opened."""

    row: ItemRow
    sealed: bytes
    content: SourceItem | Unsigned

    @property
    def payload(self) -> FromSource | Newer:
        """What the source sent."""
        return self.content.payload

    @property
    def number(self) -> int:
        """Its number among what the source sent; 0 if it is from before signatures."""
        return self.content.link.number if isinstance(self.content, SourceItem) else 0

    @property
    def heard(self) -> Sequence[str]:
        """The newest replies that the source could read by then, as far as that is said."""
        return self.content.link.heard if isinstance(self.content, SourceItem) else ()

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Grows from each of the source's items to the next, on every machine alike."""
        place = self.content.place if isinstance(self.content, Unsigned) else 0
        return self.number, self.row.day, place, self.row.id


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """What is shown as the source's, in its order, and what is to be said of the rest.

    `unsure`: what has this number or a lower one need not be the source's last word on anything.
    """

    sent: Sequence[Sent]
    doubts: Sequence[str]
    unsure: int


def check(items: Sequence[Sent], tip: str, signer: Verifier | None, first: Collection[str], unread: int = 0) -> Checked:
    """Check all that a tip's source is said to have sent.

    `signer`: the source's key, None in a tip from before signatures, where only what needs no key can be checked.
    `first`: ids of the items that were fetched earlier than any other. `unread`: how many of these are not among
    `items`, of which it is said already that they are gone or can't be opened: so many are not missing.
    """
    sent, doubts = [], []
    for item in sorted(items, key=lambda item: item.order):
        fault = _fault(item, tip, signer, first)
        if fault:
            doubts.append(f"{named(item.row)} {fault}. It is not shown. {TELL}")
        else:
            sent.append(item)
    seconds = _second_reports(sent, first)
    doubts += [
        f"A second report, of {item.row.day}, lies beside the first. It is not shown. {TELL}" for item in seconds
    ]
    out = {item.row.id for item in seconds}
    sent = [item for item in sent if item.row.id not in out]
    numbered = _numbered(sent)
    unsure = max(numbered, default=0) if doubts or unread or signer is None else _unsure(numbered)
    return Checked(sent, [*doubts, *_breaks(numbered, unread)], unsure)


def named(row: ItemRow) -> str:
    """An item in words."""
    return f"{_WORDS.get(row.kind, 'An item')} of {row.day}"


def _fault(item: Sent, tip: str, signer: Verifier | None, first: Collection[str]) -> str:
    """Why an item is not the source's, if so."""
    content = item.content
    if isinstance(content, Unsigned):
        # The server that served `first` lets sources send nothing unsigned any more, whatever the tip.
        if signer is not None or (first and item.row.id not in first):
            return _NOT_SIGNED
        return "" if content.payload.stored_as == item.row.kind else _MISPLACED
    try:
        if signer is not None:
            content.verify(signer)
    except NotTheSourcesError:
        return _NOT_SIGNED
    in_place = (content.link.tip, content.link.item, content.payload.stored_as) == (tip, item.row.id, item.row.kind)
    # Only the report itself: a message that begins anew is the source's all the same, after a server was set back.
    begins = item.number == 1 or not isinstance(content.payload, Report)
    return "" if in_place and begins else _MISPLACED


def _second_reports(sent: Sequence[Sent], first: Collection[str]) -> list[Sent]:
    reports = sorted(
        (item for item in sent if isinstance(item.payload, Report)), key=lambda item: item.row.id not in first
    )
    return reports[1:]


def _numbered(sent: Sequence[Sent]) -> Mapping[int, Sequence[Sent]]:
    numbered: dict[int, list[Sent]] = {}
    for item in sent:
        if item.number:
            numbered.setdefault(item.number, []).append(item)
    return numbered


def _unsure(numbered: Mapping[int, Sequence[Sent]]) -> int:
    """The number up to which something later may be missing, or can't be read."""
    last = max(numbered, default=0)
    if len(numbered) < sum(map(len, numbered.values())):
        # Of two in each other's place, and of all that follows on either, nobody knows which came later.
        return last
    unread = [number for number, (item,) in numbered.items() if isinstance(item.payload, Newer)]
    before = [number - 1 for number in numbered if number - 1 not in numbered or _breaks_off(numbered, number)]
    return max([*unread, *before], default=0)


def _breaks_off(numbered: Mapping[int, Sequence[Sent]], number: int) -> bool:
    """Whether something of a number followed on something else than what has the number before."""
    before = {sha256(item.sealed).hexdigest() for item in numbered.get(number - 1, ())}
    links = [item.content.link for item in numbered[number] if isinstance(item.content, SourceItem)]
    return bool(before) and not before.issuperset(link.previous for link in links)


def _breaks(numbered: Mapping[int, Sequence[Sent]], unread: int) -> Iterator[str]:
    """Where numbers and hashes don't go on."""
    missing = max(numbered, default=0) - len(numbered) - unread
    if missing > 0:
        yield f"Of what the source sent, so much is missing: {missing}. The server lost it or holds it back. {TELL}"
    for number, items in numbered.items():
        if len(items) > 1:
            words = ", ".join(named(item.row) for item in items[:_MOST_NAMED])
            words += ", …" if len(items) > _MOST_NAMED else ""
            yield (
                f"The server was set back to an earlier state while the source wrote, by its operator or by somebody "
                f"else. These came in each other's place, and all are shown: {words}."
            )
        before = {sha256(item.sealed).hexdigest() for item in numbered.get(number - 1, ())}
        for item in items:
            if before and isinstance(item.content, SourceItem) and item.content.link.previous not in before:
                yield f"{named(item.row)} followed on something else than what is shown before it. {TELL}"
