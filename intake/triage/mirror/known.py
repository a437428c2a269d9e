"""What is remembered of a tip from the first time that it was fetched on, so that nothing of it changes unseen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from crypto.note import Verifier
from intake.protocol.index import ItemRow, TipRow, WithdrawalRow
from intake.report.payloads import PayloadFormatError
from intake.report.signed import NotTheSourcesError, parse_signer, verify_withdrawal
from intake.triage.mirror.exchanged import Parts


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
class Known:
    """A tip as it was first fetched: the SHA-256 of both parts of its summary, and the day of the last fetch without
    it, if any. Where the log explained another summary, and that was kept instead, it is the summary of these.

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

    @property
    def parts(self) -> Parts:
        """The summary that was fetched first, or that is kept in its place since the log explained it."""
        return Parts(self.header, self.payload)

    @property
    def verifier(self) -> Verifier | None:
        """The key of its source."""
        try:
            return parse_signer(self.signer) if self.signer else None
        except PayloadFormatError:
            return None

    def seen(self, tip: Seen) -> "Known":
        """What is known once a tip was opened: of each item what was fetched first."""
        before = {row.id for row in self.items}
        new = tuple(row for row in tip.rows if row.id not in before)
        items = (*self.items, *new)
        return replace(self, day=self.day or tip.day, signer=self.signer or tip.signer, items=items)

    def since(self, before: "Known | None") -> set[ItemRow]:
        """The items that were not known before."""
        return set(self.items) - set(before.items if before else ())

    def told(self, word: WithdrawalRow) -> "Known":
        """What is known after somebody said that it is withdrawn: nothing new unless its source did."""
        try:
            if self.verifier is None or self.withdrawn:
                return self
            verify_withdrawal(self.verifier, word.tip, word.signature)
        except NotTheSourcesError:
            return self
        return replace(self, withdrawn=word.day)


def parts_of(row: TipRow) -> Parts:
    """The summary that the index names."""
    return Parts(row.header, row.payload)
