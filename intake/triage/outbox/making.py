"""A tip that a member makes: begun as the source site begins one, kept and sent whole, and shown before it has left.

With a report come its eight words, drawn here, so that whoever told it can be given them: they lie in a sealed item of
the report, which follows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256

from crypto.age import HybridRecipient, parse_recipient, rewrap, seal
from crypto.codename import drawn_for, generate
from intake.protocol.index import ItemRow, TipRow, sha256_hex
from intake.protocol.kinds import Kind
from intake.protocol.newtip import NewTip, parse_new_tip
from intake.report.beginning import Begun, begin, begin_dossier
from intake.report.payloads import TEAM, Entered, Report
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.added import Added, Author
from intake.triage.mirror.known import Known
from intake.triage.outbox.unsent import Unsent
from intake.triage.reading.given import Given
from intake.triage.reading.opening import open_tip
from intake.triage.reading.opentip import OpenTip

_YOU = "You"


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What somebody told a member otherwise than by the source site: the report, how it came, and more about that."""

    how: str
    remark: str
    report: Report


def sealed_parts(unsent: Unsent, told: Told | None, readers: Sequence[HybridRecipient]) -> list[Unsent]:
    """The tip with the bytes for the desk, and what follows it; a dossier of the team's where nobody told anything."""
    if told is None:
        return [replace(unsent, sealed=_new_tip(begin_dossier(TEAM, readers)).to_json())]
    report = told.report
    words = generate(drawn_for(report.language))
    begun = begin(words.derive(), report, bytes.fromhex(unsent.tip), bytes.fromhex(unsent.item), readers)
    entered = Entered(told.how, told.remark, words.language, words.words)
    follows = Unsent.typed(unsent.form, unsent.tip, entered)
    sealed = seal(entered.padded(), [parse_recipient(begun.recipient)])
    return [
        replace(unsent, sealed=_new_tip(begun).to_json()),
        replace(follows, order=unsent.order + 1, sealed=sealed),
    ]


def for_readers(unsent: Unsent, keys: OpeningKeys, readers: Sequence[HybridRecipient]) -> Unsent:
    """The same, sealed to the reviewers of now. What the log knows it by stays."""
    new = parse_new_tip(unsent.sealed)
    if new.readers == len(readers) or keys.current.recipient not in readers:
        return unsent
    return replace(unsent, sealed=replace(new, header=rewrap(new.header, keys.identities, readers)).to_json())


def shown(unsent: Unsent, following: Sequence[Unsent], keys: OpeningKeys) -> OpenTip:
    """The tip as it will be. `following`: what waits to be added to it."""
    new, day = parse_new_tip(unsent.sealed), datetime.now(UTC)
    sealed = {unsent.tip: new.header + new.payload, unsent.item: new.first}
    sealed |= {each.item: each.sealed for each in following if isinstance(each.payload, Entered)}
    you = Author(_YOU, day, 0)
    given = Given(
        row=TipRow(unsent.tip, _day(day), new.made.payload, sha256_hex(new.header), _digest(new.recipient)),
        items=tuple(_row(unsent, name, data, day) for name, data in sealed.items() if name != unsent.tip),
        known=Known(new.made.payload, sha256_hex(new.header)),
        kept={name: sha256(data).hexdigest() for name, data in sealed.items()},
        reviewers=(new.readers,),
        since=date.min,
        corrections=(),
        made=Added(you, "", bytes.fromhex(new.made.payload), unsent.tip, unsent.tip, to_source=False),
        added=tuple(
            Added(you, "", sha256(data).digest(), unsent.tip, name, to_source=False)
            for name, data in sealed.items()
            if name != unsent.tip
        ),
        missing=(),
    )
    return open_tip(given, sealed, keys.identities)


def _new_tip(begun: Begun) -> NewTip:
    return NewTip(
        recipient=begun.recipient,
        lookup=begun.lookup.hex(),
        header=begun.summary.header,
        payload=begun.summary.payload,
        chain=begun.first.chain,
        first=begun.first.sealed,
    )


def _row(unsent: Unsent, name: str, data: bytes, at: datetime) -> ItemRow:
    kind = Kind.REPORT if name == unsent.item else Kind.WORK
    return ItemRow(name, unsent.tip, kind, _day(at), len(data), blob=False)


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _digest(text: str) -> str:
    return sha256_hex(text.encode())
