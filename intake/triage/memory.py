"""What the program remembers of tips from one fetch to the next, so that a server that changes its story is seen."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from crypto.age import Parts
from crypto.note import Verifier
from intake.protocol.index import ItemRow, TipRow, WithdrawalRow, sha256_hex
from intake.report.payloads import PayloadFormatError
from intake.report.signed import NotTheSourcesError, parse_signer, verify_withdrawal
from intake.triage.days import Index


class MemoryFileError(Exception):
    """What was kept of earlier fetches can't be read, in words for the reviewer."""


@dataclass(frozen=True, slots=True)
class Known:
    """A tip as it was first fetched: the SHA-256 of both parts of its summary, and the day of the last fetch without
    it, if any.

    `signs`: whether the server knew of sources' signatures at that fetch. `day`: of its arrival; `signer`: the key of
    its source, in hex; `items`: what its source sent, as first fetched; `withdrawn`: the day on which the source did,
    as its signature proves. All of these are empty as long as they aren't known.
    """

    payload: str
    header: str
    absent: str = ""
    signs: bool = False
    day: str = ""
    signer: str = ""
    items: tuple[ItemRow, ...] = ()
    withdrawn: str = ""

    def is_summary_of(self, row: TipRow) -> bool:
        """Whether the index still names the summary that was fetched first."""
        return (self.payload, self.header) == (row.payload, row.header)

    @property
    def verifier(self) -> Verifier | None:
        """The key of its source."""
        try:
            return parse_signer(self.signer) if self.signer else None
        except PayloadFormatError:
            return None

    def told(self, word: WithdrawalRow) -> "Known":
        """What is known after somebody said that it is withdrawn: nothing new unless its source did."""
        try:
            if self.verifier is None or self.withdrawn:
                return self
            verify_withdrawal(self.verifier, word.tip, word.signature)
        except NotTheSourcesError:
            return self
        return replace(self, withdrawn=word.day)

    def seen(self, tip: "Seen") -> "Known":
        """What is known once the tip was opened: of each item what was fetched first."""
        before = {row.id for row in self.items}
        new = tuple(row for row in tip.rows if row.id not in before)
        return replace(self, day=self.day or tip.day, signer=self.signer or tip.signer, items=(*self.items, *new))


class Seen(Protocol):
    """What a tip shows once it was opened."""

    @property
    def day(self) -> str:
        """Of its arrival."""

    @property
    def signer(self) -> str:
        """The key of its source, in hex."""

    @property
    def rows(self) -> Sequence[ItemRow]:
        """The items that are shown as its source's."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All tips ever fetched, by id. Of the last fetch: its day, and how many entries of the log its index came after.

    Days are those of the log, so that they and the days of tips are by one clock. `signs`: whether the server knew of
    sources' signatures.
    """

    tips: Mapping[str, Known] = field(default_factory=dict)
    day: str = ""
    place: int = 0
    signs: bool = False

    def known(self, row: TipRow) -> Known:
        """What is remembered of a tip, or what the index says of it now."""
        return self.tips.get(row.id, Known(row.payload, row.header))

    def after(self, index: Index, kept: Collection[str], day: date, place: int) -> "Memory":
        """What is known after one more fetch. `kept`: the tips of which the summary has arrived."""
        new = {
            row.id: Known(row.payload, row.header, self.day, self.signs)
            for row in index.tips
            if row.id in kept and row.id not in self.tips
        }
        told = {row.tip: self.tips[row.tip].told(row) for row in index.withdrawals if row.tip in self.tips}
        return Memory({**self.tips, **told, **new}, day.isoformat(), place, signs=True)

    def opened(self, seen: Mapping[str, Known]) -> "Memory":
        """What is known once these tips were opened, and each was `Known.seen`."""
        return replace(self, tips={**self.tips, **seen})

    def to_json(self) -> bytes:
        """The bytes of a file."""
        return json.dumps(asdict(self)).encode()


def parse_memory(data: bytes, kept: Callable[[str, str], Parts | None]) -> Memory:
    """Read what `to_json` wrote; `MemoryFileError` if it was damaged.

    `kept`: the summary of a tip with this digest, as programs kept it that knew no parts of it. Where that is no longer
    there, the tip is as if it had never been fetched.
    """
    try:
        values: Any = json.loads(data)
        tips = {name: _known(name, known, kept) for name, known in values.pop("tips").items()}
        return Memory({name: known for name, known in tips.items() if known is not None}, **values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MemoryFileError(
            "memory.json in this program's directory is damaged; put it back from a backup, or remove it to go on "
            "without what it remembered"
        ) from error


def first_known(summary: Parts) -> Known:
    """What is known of a tip by its first summary alone."""
    return Known(sha256_hex(summary.payload), sha256_hex(summary.header))


def _known(name: str, values: dict[str, Any], kept: Callable[[str, str], Parts | None]) -> Known | None:
    items = tuple(ItemRow(**row) for row in values.pop("items", ()))
    if "summary" not in values:
        return Known(**values, items=items)
    summary = kept(name, values.pop("summary"))
    return None if summary is None else replace(first_known(summary), **values, items=items)
